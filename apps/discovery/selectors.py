"""Reads of jobs, batches, datasets and fields."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.datasources.selectors import served_by
from datawave.common.errors import NotThere
from datawave_edge.protocol import TableSnapshot as WireTable

from .models import (
    AbsenceDoubt,
    Batch,
    BatchItem,
    Dataset,
    DiscoveryJob,
    Field,
    SchemaChange,
    SourceScopedQuerySet,
    TableSnapshot,
)
from .types import (
    REFUSED_BATCH_STATES,
    Balance,
    BatchContent,
    BatchState,
    BatchTable,
    DatasetState,
    Difference,
    DoubtState,
    ItemOutcome,
    JobState,
)
from .undoing import plan_reversal

if TYPE_CHECKING:
    from apps.datasources.models import Agent
    from apps.rbac.models import User

# Datasets whose payloads are in memory at once while a whole source is read.
CHUNK = 200


# Batches and stages


def load_batch(batch_id: int, *, worked_on: QuerySet[Any] | None = None) -> BatchContent:
    """A batch as stages see it. Raises Batch.DoesNotExist.

    `worked_on` gives the ids of the batches that the stage has worked on. A table is unchanged for
    it only if one of them held the same version: a run that was stopped leaves versions behind
    that are stored here, and that the stage has never seen.
    """
    batch = Batch.objects.select_related("job").get(pk=batch_id)
    items = list(
        batch.items.filter(outcome__in=(ItemOutcome.STORED, ItemOutcome.UNCHANGED))
        .exclude(snapshot=None)
        .exclude(dataset=None)
        .select_related("snapshot", "dataset")
    )
    fields = _load_field_ids([item.dataset_id for item in items if item.dataset_id])
    unchanged = _list_unchanged(items, worked_on)
    return BatchContent(
        batch_id=batch.pk,
        job_id=batch.job_id,
        source_id=batch.job.source_id,
        tables=tuple(
            _make_table(
                item.dataset, item.snapshot, fields, changed=item.snapshot_id not in unchanged
            )
            for item in items
            if item.dataset and item.snapshot
        ),
    )


def _list_unchanged(items: list[BatchItem], worked_on: QuerySet[Any] | None) -> set[int | None]:
    """Ids of the snapshots of which the stage's results may still stand."""
    same = {item.snapshot_id for item in items if item.outcome == ItemOutcome.UNCHANGED}
    if worked_on is None or not same:
        return same
    seen = BatchItem.objects.filter(snapshot__in=same, batch__in=worked_on)
    return set(seen.values_list("snapshot_id", flat=True).distinct().order_by())


def load_dataset_tables(source_id: int) -> Iterator[BatchTable]:
    """Every active dataset of a source with its current snapshot, a part at a time."""
    active = Dataset.objects.filter(source_id=source_id, state=DatasetState.ACTIVE)
    ids = list(active.exclude(snapshot=None).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        yield from _load_tables(ids[start : start + CHUNK])


def load_tables_after(dataset_id: int, limit: int) -> list[BatchTable]:
    """The next active datasets of all sources after one, by id, with their current snapshots."""
    active = _list_readable().filter(pk__gt=dataset_id).order_by("pk")
    return list(_load_tables(list(active.values_list("pk", flat=True)[:limit])))


def load_tables(dataset_ids: Iterable[int]) -> list[BatchTable]:
    """These datasets, as far as they are active, with their current snapshots."""
    active = _list_readable().filter(pk__in=list(dataset_ids))
    return list(_load_tables(list(active.values_list("pk", flat=True))))


def count_tables() -> int:
    """How many active datasets of all sources have a snapshot."""
    return _list_readable().count()


def _list_readable() -> QuerySet[Dataset]:
    return Dataset.objects.filter(state=DatasetState.ACTIVE).exclude(snapshot=None)


def load_dataset_table(dataset_id: int) -> BatchTable:
    """One dataset with its current snapshot. Raises NotThere when it has none."""
    for table in _load_tables([dataset_id]):
        return table
    raise NotThere


def find_structure(dataset: Dataset) -> WireTable | None:
    """What the last agent that could read the dataset said of it."""
    return msgspec.convert(dataset.snapshot.payload, WireTable) if dataset.snapshot else None


def list_named(
    dataset: Dataset, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Dataset]:
    """Datasets of the same source by container and name, as far as they are known."""
    rows = Dataset.objects.filter(source_id=dataset.source_id, name__in=[name for _, name in names])
    return {key: row for row in rows if (key := (row.container, row.name)) in names}


def get_source_id(dataset_id: int) -> int:
    """The source of a dataset. Raises NotThere."""
    found = Dataset.objects.filter(pk=dataset_id).values_list("source_id", flat=True).first()
    if found is None:
        raise NotThere
    return found


def _load_tables(ids: list[int]) -> Iterator[BatchTable]:
    rows = Dataset.objects.filter(pk__in=ids).exclude(snapshot=None).select_related("snapshot")
    fields = _load_field_ids(ids)
    for row in rows.order_by("pk"):
        if row.snapshot:
            yield _make_table(row, row.snapshot, fields, changed=False)


def _load_field_ids(dataset_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    ids: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Field.objects.filter(dataset__in=dataset_ids).values_list("dataset", "name", "pk")
    for dataset_id, name, field_id in rows:
        ids[dataset_id][name] = field_id
    return ids


def _make_table(
    dataset: Dataset,
    snapshot: TableSnapshot,
    fields: dict[int, dict[str, int]],
    *,
    changed: bool,
) -> BatchTable:
    table = msgspec.convert(snapshot.payload, WireTable)
    known = fields[dataset.pk]
    return BatchTable(
        dataset_id=dataset.pk,
        fqn=dataset.fqn,
        changed=changed,
        snapshot=table,
        field_ids={column.name: known[column.name] for column in table.list_fields()},
    )


# Jobs and their ledger


def find_job(*, agent: Agent, public_id: uuid.UUID | str) -> DiscoveryJob | None:
    """The job, when this agent has or had it and still serves its source."""
    jobs = DiscoveryJob.objects.select_related("source").filter(public_id=public_id)
    return jobs.filter(served_by(agent), agent=agent).first()


def find_acked_seq(job_id: int) -> int:
    """Highest number below which no batch is missing; -1 when there is none."""
    batches = Batch.objects.filter(job_id=job_id)
    figures = batches.aggregate(count=Count("pk"), last=Max("seq"))
    if figures["last"] is None or figures["count"] == figures["last"] + 1:
        return int(figures["count"]) - 1
    held = batches.order_by("seq").values_list("seq", flat=True)
    return next(place for place, seq in enumerate(held) if place != seq) - 1


def load_known_hashes(source_id: int) -> dict[str, dict[str, str]]:
    """Container -> name -> content hash of the versions that are held."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    rows = Dataset.objects.filter(source_id=source_id).exclude(snapshot=None)
    for container, name, digest in rows.values_list("container", "name", "content_hash"):
        known[container][name] = digest
    return dict(known)


def list_known_names(source_id: int) -> set[tuple[str, str]]:
    """Container and name of what the source holds, with what the last run's patterns left out."""
    datasets = Dataset.objects.filter(source_id=source_id).exclude(state=DatasetState.DROPPED)
    known = set(datasets.values_list("container", "name"))
    job = DiscoveryJob.objects.filter(source_id=source_id, state=JobState.CLOSED).first()
    if job is None:
        return known
    left_out = _list_last_words(job.pk).filter(outcome=ItemOutcome.FILTERED)
    return known | set(left_out.values_list("container", "name"))


def list_shown(job_id: int) -> set[tuple[str, str]]:
    """Container and name of everything that the job's accepted batches speak of."""
    items = BatchItem.objects.filter(batch__job_id=job_id)
    return set(items.values_list("container", "name"))


def load_balance(job_id: int) -> Balance:
    """What the agent saw against what became of it."""
    job = DiscoveryJob.objects.only("seen", "cleared_at", "cleared_counts").get(pk=job_id)
    counts = Counter(job.cleared_counts) if job.cleared_at else count_outcomes(job_id)
    return Balance(
        seen=job.seen or 0,
        stored=counts[ItemOutcome.STORED],
        unchanged=counts[ItemOutcome.UNCHANGED],
        filtered=counts[ItemOutcome.FILTERED],
        failed=counts[ItemOutcome.FAILED],
    )


def count_outcomes(job_id: int) -> Counter[str]:
    """How many datasets came out how, as the job's rows say it."""
    rows = _list_last_words(job_id).values_list("outcome").annotate(number=Count("pk"))
    return Counter(dict(rows))


def _list_last_words(job_id: int) -> QuerySet[BatchItem]:
    """Of each dataset what the job said last: a stream taken up again may say it twice."""
    rank = Window(
        RowNumber(),
        partition_by=[F("container"), F("name")],
        order_by=[F("batch__seq").desc(), F("pk").desc()],
    )
    items = BatchItem.objects.filter(batch__job_id=job_id).order_by()
    last = items.annotate(rank=rank).filter(rank=1).values("pk")
    return BatchItem.objects.filter(pk__in=last).order_by()


def list_good_readings() -> QuerySet[DiscoveryJob]:
    """Jobs that read their source to the end and did not lose every table on the way."""
    items = BatchItem.objects.filter(batch__job=OuterRef("pk"))
    read = items.filter(outcome__in=[ItemOutcome.STORED, ItemOutcome.UNCHANGED])
    failed = items.filter(outcome=ItemOutcome.FAILED)
    refused = Batch.objects.filter(job=OuterRef("pk"), state__in=REFUSED_BATCH_STATES)
    closed = DiscoveryJob.objects.filter(state=JobState.CLOSED, undone_at=None)
    # That a source is empty, or that patterns leave all of it out, is knowledge too.
    return closed.filter(Exists(read) | ~(Exists(failed) | Exists(refused)))


def list_quarantined_batches(job: DiscoveryJob) -> QuerySet[Batch]:
    """Batches that made no sense, with `tables`, and whether all they say is `kept`."""
    kept = Q(content__packed__isnull=False)
    batches = job.batches.filter(state=BatchState.QUARANTINED)
    return batches.annotate(tables=F("content__tables"), kept=kept)


def list_failed_items(job: DiscoveryJob) -> QuerySet[BatchItem]:
    """Datasets that the agent could not read."""
    return _list_last_words(job.pk).filter(outcome=ItemOutcome.FAILED).order_by("pk")


def list_unread_items(job: DiscoveryJob) -> QuerySet[BatchItem]:
    """Datasets that are stored without a profile, because their rows could not be read."""
    items = _list_last_words(job.pk).exclude(snapshot=None).select_related("snapshot")
    return items.filter(snapshot__payload__profile_error__gt="").order_by("pk")


# Datasets and fields


def list_visible_datasets(user: User) -> SourceScopedQuerySet[Dataset]:
    """Datasets of sources that the person may view."""
    return Dataset.objects.visible_to(user).select_related("source")


def get_dataset(*, user: User, public_id: uuid.UUID | str) -> Dataset:
    """The dataset. Raises NotThere."""
    if found := list_visible_datasets(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_visible_fields(user: User) -> SourceScopedQuerySet[Field]:
    """Fields of sources that the person may view."""
    return Field.objects.visible_to(user).select_related("dataset__source")


def list_visible_changes(user: User) -> SourceScopedQuerySet[SchemaChange]:
    """Schema changes of sources that the person may view."""
    return SchemaChange.objects.visible_to(user).select_related("source", "dataset")


def list_visible_doubts(user: User) -> SourceScopedQuerySet[AbsenceDoubt]:
    """Questions about tables that vanished at once, in sources that the person may view."""
    return AbsenceDoubt.objects.visible_to(user).select_related("source", "job", "decided_by")


def get_doubt(*, user: User, public_id: uuid.UUID | str) -> AbsenceDoubt:
    """One of them. Raises NotThere."""
    if found := list_visible_doubts(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def find_open_doubt(source_id: int) -> AbsenceDoubt | None:
    """What is asked about a source now."""
    return AbsenceDoubt.objects.filter(source_id=source_id, state=DoubtState.OPEN).first()


def count_changes(job_id: int) -> dict[str, int]:
    """How the schema changed with the job: number of changes by kind."""
    rows = SchemaChange.objects.filter(job=job_id).order_by().values_list("kind")
    return {str(kind): int(number) for kind, number in rows.annotate(number=Count("pk"))}


def count_dataset_changes(job_id: int) -> dict[int, int]:
    """How many differences the job found in each dataset that changed."""
    rows = SchemaChange.objects.filter(job=job_id).order_by().values_list("dataset")
    return {int(pk): int(number) for pk, number in rows.annotate(number=Count("pk"))}


def map_sources(dataset_ids: Iterable[int]) -> dict[int, int]:
    """The source of each of the datasets."""
    rows = Dataset.objects.filter(pk__in=list(dataset_ids))
    return {int(pk): int(source) for pk, source in rows.values_list("pk", "source")}


def count_reversal(job: DiscoveryJob) -> dict[str, int]:
    """How many tables, columns and differences go or change when the job is taken back."""
    return plan_reversal(job).counts


def list_new_fields(job: DiscoveryJob) -> set[int]:
    """Columns that the job saw first, those of new tables among them."""
    return plan_reversal(job).new_fields


def list_reversal_tables(job: DiscoveryJob, limit: int) -> list[tuple[Dataset, str]]:
    """The first tables that go or change when the job is taken back, and what becomes of each."""
    plan = plan_reversal(job)
    fates: dict[int, str] = dict.fromkeys(plan.unread, "goes back to never read")
    fates |= dict.fromkeys(plan.older, "goes back to its version before")
    fates |= {pk: f"is {state} again" for pk, state in plan.states.items()}
    fates |= dict.fromkeys(plan.new, "goes: this discovery saw it first")
    rows = Dataset.objects.filter(pk__in=sorted(fates)[:limit])
    return [(row, fates[row.pk]) for row in rows]


def load_tables_by_job(
    dataset_ids: list[int],
) -> Iterator[tuple[int | None, tuple[BatchTable, ...]]]:
    """These datasets as stages see them, all as changed, by the job that described them."""
    rows = Dataset.objects.filter(pk__in=dataset_ids).exclude(snapshot=None)
    jobs: dict[int | None, list[int]] = defaultdict(list)
    for pk, job_id in rows.values_list("pk", "snapshot__job"):
        jobs[job_id].append(pk)
    for described_by, ids in jobs.items():
        for start in range(0, len(ids), CHUNK):
            tables = _load_tables(ids[start : start + CHUNK])
            yield described_by, tuple(replace(table, changed=True) for table in tables)


def compare_structure(*, source_id: int, after_job: int, to_job: int) -> list[Difference]:
    """What drifted after one job and up to another, oldest first."""
    changes = SchemaChange.objects.filter(
        source=source_id, job__gt=after_job, job__lte=to_job
    ).select_related("dataset")
    return [
        Difference(
            kind=change.kind,
            dataset_id=change.dataset_id,
            dataset=change.dataset.fqn,
            column=change.field_name,
            before=change.before,
            after=change.after,
        )
        for change in changes.order_by("pk")
    ]
