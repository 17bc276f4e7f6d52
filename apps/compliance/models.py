"""Packs that are switched on, findings, and how often each rule passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

from .types import FindingState, Severity

if TYPE_CHECKING:
    from apps.rbac.models import User


class PackSetting(models.Model):
    """Whether a shipped pack is used here; a pack without a row is on."""

    pack_id = models.CharField(max_length=64, unique=True)
    enabled = models.BooleanField(default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.pack_id}: {'on' if self.enabled else 'off'}"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Reads of findings."""

    def visible_to(self, user: User) -> FindingQuerySet:
        """Findings of sources that the person may view."""
        return self.filter(source__in=list_visible_sources(user).values("pk"))


class Finding(PublicModel):
    """A rule that an asset breaks: a field, a dataset, or the source itself."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="findings"
    )
    dataset = models.ForeignKey(
        "discovery.Dataset", null=True, on_delete=models.CASCADE, related_name="findings"
    )
    field = models.ForeignKey(
        "discovery.Field", null=True, on_delete=models.CASCADE, related_name="findings"
    )
    # Rule and the asset it is about, so that a repeated check finds the same row.
    key = models.CharField(max_length=200, unique=True)
    rule_id = models.CharField(max_length=64, db_index=True)
    pack_id = models.CharField(max_length=64, db_index=True)
    pack_version = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    citation = models.CharField(max_length=300)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    # decisive, indicator or declaration
    evidence_grade = models.CharField(max_length=12)
    state = models.CharField(
        max_length=16, choices=FindingState.choices, default=FindingState.OPEN, db_index=True
    )
    message = models.TextField()
    remediation = models.TextField()
    limits = models.TextField(blank=True)
    confidence = models.FloatField(default=1)
    # Facts that the verdict rests on: names, types and counts.
    facts = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    fixed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.title}"


class FindingChange(models.Model):
    """One change of a finding's state: by a person, or by a later check when there is no user."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state_before = models.CharField(max_length=16, choices=FindingState.choices)
    state_after = models.CharField(max_length=16, choices=FindingState.choices)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.state_before} -> {self.state_after}"


class RuleTally(models.Model):
    """How the last check of one rule came out over a source: four counts, unknown among them."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="rule_tallies"
    )
    pack_id = models.CharField(max_length=64)
    rule_id = models.CharField(max_length=64)
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    not_applicable = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "rule tallies"
        constraints = [
            models.UniqueConstraint(fields=["source", "rule_id"], name="one_tally_per_rule")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.source_id}"
