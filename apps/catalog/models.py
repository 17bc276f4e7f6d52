"""Catalogue entries: what a dataset is for, who answers for it, and what it relates to."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

if TYPE_CHECKING:
    from apps.rbac.models import User


class EntryQuerySet(models.QuerySet["CatalogEntry"]):
    """Reads of entries."""

    def visible_to(self, user: User) -> EntryQuerySet:
        """Published entries of sources that the person may view."""
        sources = list_visible_sources(user).values("pk")
        return self.filter(dataset__source__in=sources, published_at__isnull=False)


class CatalogEntry(PublicModel):
    """The business context of one dataset."""

    dataset = models.OneToOneField(
        "discovery.Dataset", on_delete=models.CASCADE, related_name="entry"
    )
    # Drafted by rules until a person writes their own, which then sticks.
    description = models.TextField(blank=True)
    described_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Set once a person wrote the description, and kept when that person is gone.
    described_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL,
        related_name="owned_entries",
    )  # fmt: skip
    # Declared facts that rules read: retention_days, purpose, legal_basis, ...; see catalog/tags.py
    tags = models.JSONField(default=dict, blank=True)
    # Highest sensitivity of the dataset's labels, and how many hold personal data.
    sensitivity = models.CharField(max_length=16, blank=True, db_index=True)
    personal_fields = models.PositiveIntegerField(default=0)
    # Words for full-text search, by weight: the name; the columns; comments, types and the rest.
    search_name = models.TextField(blank=True)
    search_columns = models.TextField(blank=True)
    search_text = models.TextField(blank=True)
    # PostgreSQL only; SQLite keeps SearchRow instead.
    search_vector = SearchVectorField(null=True, editable=False)
    published_at = models.DateTimeField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["dataset__container", "dataset__name"]
        verbose_name_plural = "catalog entries"

    def __str__(self) -> str:
        return f"entry of dataset {self.dataset_id}"


class SearchRow(models.Model):
    """SQLite's full-text index of an entry, in a virtual table that a migration makes."""

    entry = models.OneToOneField(
        CatalogEntry, primary_key=True, db_column="rowid", db_constraint=False,
        on_delete=models.DO_NOTHING, related_name="indexed",
    )  # fmt: skip
    name = models.TextField()
    columns = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "catalog_search"

    def __str__(self) -> str:
        return f"index of {self.entry_id}"


class RelationshipQuerySet(models.QuerySet["Relationship"]):
    """Reads of relationships."""

    def visible_to(self, user: User) -> RelationshipQuerySet:
        """Relationships within sources that the person may view."""
        return self.filter(from_dataset__source__in=list_visible_sources(user).values("pk"))

    def touching(self, public_id: uuid.UUID) -> RelationshipQuerySet:
        """Those that start or end at a dataset."""
        starts = models.Q(from_dataset__public_id=public_id)
        return self.filter(starts | models.Q(to_dataset__public_id=public_id))


class Relationship(PublicModel):
    """A foreign key: fields of one dataset refer to those of another."""

    from_dataset = models.ForeignKey(
        "discovery.Dataset", on_delete=models.CASCADE, related_name="references_out"
    )
    to_dataset = models.ForeignKey(
        "discovery.Dataset", on_delete=models.CASCADE, related_name="references_in"
    )
    from_fields = models.JSONField()
    to_fields = models.JSONField()
    name = models.CharField(max_length=1_000, blank=True)

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_dataset_id} -> {self.to_dataset_id}"


class FieldSketch(models.Model):
    """How alike a column's values are to others': see datawave_edge.profile.sketches."""

    field = models.OneToOneField("discovery.Field", on_delete=models.CASCADE, related_name="sketch")
    # Hash of the salt; sketches under another can't be compared.
    key = models.CharField(max_length=16, blank=True, db_index=True)
    bins = models.CharField(max_length=128, blank=True)
    # Different values that it was made of, and whether these are all of the column.
    values = models.BigIntegerField(default=0)
    whole = models.BooleanField(default=False)
    is_number = models.BooleanField(default=False)
    # The column's meaning is sensitive: agents are told not to sketch it.
    withheld = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"sketch of field {self.field_id}"
