"""Jobs and batches as agents send them; datasets and fields as they last."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db import models

from apps.datasources.selectors import list_visible_sources
from datawave.common.models import PublicModel

from .types import (
    OPEN_JOB_STATES,
    BatchState,
    ChangeKind,
    DatasetState,
    DoubtState,
    FieldState,
    ItemOutcome,
    JobState,
)

if TYPE_CHECKING:
    from apps.rbac.models import User


RowT = TypeVar("RowT", bound=models.Model)


class DiscoveryJob(PublicModel):
    """The agent's part of a run: one stream of batches about one source."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="jobs"
    )
    agent = models.ForeignKey(
        "datasources.Agent", null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    # protocol.RunSettings as JSON
    settings = models.JSONField(default=dict)
    # A held job is not given to any agent yet; of those that wait, the highest goes first.
    held = models.BooleanField(default=False)
    priority = models.PositiveSmallIntegerField(default=5)
    attempts = models.PositiveIntegerField(default=0)
    # Rises with each lease and never falls, so a table sent again after a crash is no repeat.
    epoch = models.PositiveIntegerField(default=0)
    leased_at = models.DateTimeField(null=True)
    # Of a job that waits: it rests until then, for its last attempt failed.
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # When all that it brought was taken back.
    undone_at = models.DateTimeField(null=True)
    # When the rows went that only taking it back needs, and how many of each outcome there were.
    cleared_at = models.DateTimeField(null=True)
    cleared_counts = models.JSONField(default=dict)
    # Progress as the agent tells it.
    listed = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    current = models.CharField(max_length=500, blank=True)
    # What the close says: see protocol.JobClose.
    last_seq = models.IntegerField(null=True)
    seen = models.PositiveIntegerField(null=True)
    containers = models.JSONField(default=list)
    complete = models.BooleanField(default=False)
    load = models.JSONField(default=dict)
    # Hash of the manifest of what the agent can send; see datawave_edge.manifest.
    egress_schema = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_hint = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(state__in=[state.value for state in OPEN_JOB_STATES]),
                name="one_open_job_per_source",
            )
        ]

    def __str__(self) -> str:
        return f"job {self.pk} of {self.source}"


class Batch(models.Model):
    """The ledger: one row per numbered piece of a stream; repeats find it and change nothing."""

    job = models.ForeignKey(DiscoveryJob, on_delete=models.CASCADE, related_name="batches")
    seq = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    epoch = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=BatchState.choices)
    records = models.PositiveIntegerField(default=0)
    packed_bytes = models.PositiveIntegerField(default=0)
    body_bytes = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField(auto_now_add=True)
    # Why it was quarantined: ["record 3: columns[0].name is empty", ...]
    reasons = models.JSONField(default=list)

    class Meta:
        ordering = ["job_id", "seq"]
        verbose_name_plural = "batches"
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="one_batch_per_seq")]

    def __str__(self) -> str:
        return f"batch {self.seq} of job {self.job_id}"


class RefusedContent(models.Model):
    """What a refused batch says. Only what fits the protocol is ever kept."""

    batch = models.OneToOneField(
        Batch, primary_key=True, on_delete=models.CASCADE, related_name="content"
    )
    # [container, name] of each table in it.
    tables = models.JSONField(default=list)
    # All of it, for another try; None once that can help no more.
    packed = models.BinaryField(null=True)

    class Meta:
        verbose_name_plural = "refused contents"

    def __str__(self) -> str:
        return f"content of {self.batch}"


class SourceScopedQuerySet(models.QuerySet[RowT]):
    """Reads of rows that belong to a source, named by `source_path`."""

    source_path = "source"

    def visible_to(self, user: User) -> SourceScopedQuerySet[RowT]:
        """Rows of sources that the person may view."""
        return self.filter(**{f"{self.source_path}__in": list_visible_sources(user).values("pk")})


class Dataset(PublicModel):
    """The lasting identity of a table, view or file."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="datasets"
    )
    container = models.CharField(max_length=1_000, blank=True)
    name = models.CharField(max_length=1_000)
    kind = models.CharField(max_length=20)
    state = models.CharField(
        max_length=10, choices=DatasetState.choices, default=DatasetState.ACTIVE
    )
    content_hash = models.CharField(max_length=64, blank=True)
    snapshot = models.ForeignKey(
        "TableSnapshot", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    comment = models.TextField(blank=True)
    column_count = models.PositiveIntegerField(default=0)
    row_count = models.BigIntegerField(null=True)
    row_count_exact = models.BooleanField(default=False)
    size_bytes = models.BigIntegerField(null=True)
    last_job = models.ForeignKey(
        DiscoveryJob, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True)
    # Why the last run could not read it; empty when it could.
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    objects = SourceScopedQuerySet.as_manager()

    class Meta:
        ordering = ["container", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "container", "name"], name="one_dataset_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.fqn

    @property
    def fqn(self) -> str:
        """Container and name, as people write it."""
        return f"{self.container}.{self.name}" if self.container else self.name


class FieldQuerySet(SourceScopedQuerySet["Field"]):
    """Reads of fields."""

    source_path = "dataset__source"


class Field(PublicModel):
    """The lasting identity of a column, or of a path in the documents that a column holds."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="fields")
    name = models.CharField(max_length=1_000)
    ordinal = models.PositiveIntegerField()
    native_type = models.CharField(max_length=1_000)
    type = models.CharField(max_length=20)
    nullable = models.BooleanField(default=True)
    key_position = models.PositiveIntegerField(default=0)
    unique = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    # The column that it is a path of; empty for a column.
    path_of = models.CharField(max_length=1_000, blank=True, default="", db_default="")
    # Readings of the column in a row whose sample did not show the path; see apps.discovery.paths.
    unseen = models.PositiveSmallIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=10, choices=FieldState.choices, default=FieldState.ACTIVE)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    objects = FieldQuerySet.as_manager()

    class Meta:
        # A path has the ordinal of its column, whose name its own begins with.
        ordering = ["dataset_id", "ordinal", "name"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="one_field_per_name")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """What follows the column's name; empty for a column."""
        return self.name[len(self.path_of) :].lstrip(".") if self.path_of else ""


class TableSnapshot(models.Model):
    """One version of a dataset as an agent described it, with the time it was valid."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="snapshots")
    job = models.ForeignKey(DiscoveryJob, null=True, on_delete=models.SET_NULL, related_name="+")
    content_hash = models.CharField(max_length=64)
    # protocol.TableSnapshot as JSON
    payload = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.dataset} as of {self.valid_from:%Y-%m-%d %H:%M}"


class BatchItem(models.Model):
    """What one record of a batch said of one dataset."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.SET_NULL, related_name="+")
    snapshot = models.ForeignKey(
        TableSnapshot, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    container = models.CharField(max_length=1_000, blank=True)
    name = models.CharField(max_length=1_000)
    outcome = models.CharField(max_length=10, choices=ItemOutcome.choices)
    code = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.container}.{self.name}: {self.outcome}"


class SchemaChange(models.Model):
    """Drift: one difference between two runs."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="schema_changes"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="changes")
    job = models.ForeignKey(DiscoveryJob, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=24, choices=ChangeKind.choices)
    field_name = models.CharField(max_length=1_000, blank=True)
    before = models.CharField(max_length=1_000, blank=True)
    after = models.CharField(max_length=1_000, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = SourceScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.dataset} {self.field_name}"


class AbsenceDoubt(PublicModel):
    """A listing that lost too much at once to be believed: a person decides."""

    source = models.ForeignKey(
        "datasources.DataSource", on_delete=models.CASCADE, related_name="absence_doubts"
    )
    job = models.OneToOneField(DiscoveryJob, on_delete=models.CASCADE, related_name="doubt")
    datasets = models.ManyToManyField(Dataset, related_name="doubts")
    tables = models.PositiveIntegerField()
    # Of how many that were there.
    of = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=DoubtState.choices, default=DoubtState.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    objects = SourceScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.tables} tables of {self.source}"
