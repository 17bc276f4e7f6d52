"""Catalogue entries: what a dataset is for, who answers for it, and what it relates to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
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
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL,
        related_name="owned_entries",
    )  # fmt: skip
    # Declared facts that rules read: retention_days, purpose, legal_basis, ...; see catalog/tags.py
    tags = models.JSONField(default=dict, blank=True)
    # Highest sensitivity of the dataset's labels, and how many hold personal data.
    sensitivity = models.CharField(max_length=16, blank=True, db_index=True)
    personal_fields = models.PositiveIntegerField(default=0)
    # Names, comments, types and description, for full-text search.
    search_text = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["dataset__container", "dataset__name"]
        verbose_name_plural = "catalog entries"

    def __str__(self) -> str:
        return f"entry of dataset {self.dataset_id}"


class Relationship(models.Model):
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

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_dataset_id} -> {self.to_dataset_id}"
