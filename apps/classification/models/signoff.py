"""Sign-offs: who attested the labels of a table or of a source, when, and what that covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

if TYPE_CHECKING:
    from apps.rbac.models import User


class AttestationQuerySet(models.QuerySet["Attestation"]):
    """Reads of attestations."""

    def visible_to(self, user: User) -> AttestationQuerySet:
        """Those of sources that the person may view."""
        return self.filter(source__in=list_visible_sources(user).values("pk"))


class Attestation(PublicModel):
    """A person's word that the labels are right; it goes stale when something changes after it."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="attestations"
    )
    # Null where the whole source was signed off.
    dataset = models.ForeignKey(
        "discovery.Dataset", null=True, on_delete=models.CASCADE, related_name="attestations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Kept when the account goes: an attestation without a name is worth nothing.
    user_name = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)
    # What it covered.
    tables = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    suggested = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    personal = models.PositiveIntegerField(default=0)
    # When the first change came after it, how many did, and what the first was.
    stale_at = models.DateTimeField(null=True)
    changes_since = models.PositiveIntegerField(default=0)
    stale_reason = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = AttestationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "dataset"])]

    def __str__(self) -> str:
        return f"{self.dataset or self.source} signed off by {self.user_name}"

    @property
    def stands(self) -> bool:
        """Whether it was not withdrawn and nothing has changed after it."""
        return self.withdrawn_at is None and self.stale_at is None
