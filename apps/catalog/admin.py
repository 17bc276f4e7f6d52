"""Admin pages of the catalogue; what machines wrote can only be read."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import CatalogEntry, Relationship


@admin.register(CatalogEntry)
class CatalogEntryAdmin(ReadOnlyAdmin):
    """Entries; people edit them on the asset page, where it is audited."""

    list_display = ["dataset", "sensitivity", "personal_fields", "owner", "published_at"]
    list_filter = ["sensitivity", "dataset__source"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["dataset__name", "dataset__container"]
    exclude = ["search_name", "search_columns", "search_text", "search_vector"]


@admin.register(Relationship)
class RelationshipAdmin(ReadOnlyAdmin):
    """Foreign keys."""

    list_display = ["from_dataset", "from_fields", "to_dataset", "to_fields"]
    list_select_related = ["from_dataset", "to_dataset"]
    search_fields = ["from_dataset__name", "to_dataset__name"]
