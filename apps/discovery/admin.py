"""Admin pages of jobs, batches, datasets and fields: to look, not to change."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import (
    AbsenceDoubt,
    Batch,
    BatchItem,
    Dataset,
    DiscoveryJob,
    Field,
    RefusedContent,
    SchemaChange,
    TableSnapshot,
)


@admin.register(DiscoveryJob)
class DiscoveryJobAdmin(ReadOnlyAdmin):
    """Jobs."""

    list_display = ["id", "source", "agent", "state", "attempts", "done", "listed", "error_code",
                    "cleared_at"]  # fmt: skip
    list_filter = ["state", "cleared_at"]
    search_fields = ["source__name", "public_id"]
    list_select_related = ["source", "agent"]


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = ["job", "seq", "state", "records", "packed_bytes", "received_at"]
    list_filter = ["state"]
    search_fields = ["sha256", "job__source__name"]
    list_select_related = ["job__source"]


@admin.register(RefusedContent)
class RefusedContentAdmin(ReadOnlyAdmin):
    """Which refused batches can be tried again."""

    list_display = ["batch"]
    search_fields = ["batch__sha256"]
    list_select_related = ["batch"]


@admin.register(BatchItem)
class BatchItemAdmin(ReadOnlyAdmin):
    """What batches said of datasets."""

    list_display = ["batch", "container", "name", "outcome", "code"]
    list_filter = ["outcome"]
    search_fields = ["name"]
    list_select_related = ["batch"]


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    """Datasets."""

    list_display = ["fqn", "source", "kind", "state", "column_count", "row_count", "last_seen_at"]
    list_filter = ["state", "kind"]
    search_fields = ["name", "container", "source__name"]
    list_select_related = ["source"]


@admin.register(Field)
class FieldAdmin(ReadOnlyAdmin):
    """Fields."""

    list_display = ["name", "dataset", "native_type", "nullable", "key_position", "state"]
    list_filter = ["state", "type"]
    search_fields = ["name", "dataset__name"]
    list_select_related = ["dataset"]


@admin.register(TableSnapshot)
class TableSnapshotAdmin(ReadOnlyAdmin):
    """Versions of datasets."""

    list_display = ["dataset", "content_hash", "valid_from", "valid_to"]
    search_fields = ["dataset__name", "content_hash"]
    list_select_related = ["dataset"]


@admin.register(SchemaChange)
class SchemaChangeAdmin(ReadOnlyAdmin):
    """Drift."""

    list_display = ["at", "source", "dataset", "kind", "field_name", "before", "after"]
    list_filter = ["kind"]
    search_fields = ["dataset__name", "field_name"]
    list_select_related = ["source", "dataset"]


@admin.register(AbsenceDoubt)
class AbsenceDoubtAdmin(ReadOnlyAdmin):
    """Listings that lost too much at once."""

    list_display = ["created_at", "source", "tables", "of", "state", "decided_by", "decided_at"]
    list_filter = ["state"]
    search_fields = ["source__name"]
    list_select_related = ["source", "decided_by"]
