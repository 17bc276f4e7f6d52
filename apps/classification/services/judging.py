"""Judges tables, keeps their labels, and takes back what a run did to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from apps.classification.active import current_judge
from apps.classification.confirmed import find_nearest
from apps.classification.judge import Judge, Verdict, judge_all
from apps.classification.likeness import describe_column, name_block
from apps.classification.models import Label, PastVerdict
from apps.classification.selectors import count_labels, list_judged_datasets
from apps.classification.tables import read_table
from apps.classification.types import DECIDED_STATES
from apps.classification.verdicts import Judged, JudgedColumn, is_contradicted, save_verdicts
from apps.discovery.selectors import count_dataset_changes
from apps.discovery.types import BatchContent, BatchTable, RunScope, StageOutcome

from .signing import note_changes, tell_saved


def judge_batch(batch: BatchContent) -> Judged:
    """Verdicts for tables that changed or that another version of the judge has judged."""
    judge = current_judge()
    ids = [table.dataset_id for table in batch.tables if not table.changed]
    standing = list_judged_datasets(ids, judge.version)
    wanted = [table for table in batch.tables if table.dataset_id not in standing]
    judged = judge_tables(wanted, judge)
    return replace(judged, dataset_ids=tuple(table.dataset_id for table in batch.tables))


def judge_tables(tables: Iterable[BatchTable], judge: Judge) -> Judged:
    """What a judge says of some tables, with the decided columns that are near."""
    given = list(tables)
    verdicts = judge_all(judge, [read_table(table.snapshot) for table in given])
    columns = [each for pair in zip(given, verdicts, strict=True) for each in _place(*pair)]
    near = find_nearest([each.field_id for each in columns], [each.likeness for each in columns])
    return Judged(
        version=judge.version,
        columns=tuple(
            replace(each, nearest=found) for each, found in zip(columns, near, strict=True)
        ),
    )


def _place(table: BatchTable, verdicts: Iterable[Verdict]) -> list[JudgedColumn]:
    """Verdicts of one table by their fields."""
    snapshots = {column.name: column for column in table.snapshot.list_fields()}
    return [
        JudgedColumn(
            dataset_id=table.dataset_id,
            field_id=table.field_ids[verdict.column],
            verdict=verdict,
            block=name_block(snapshots[verdict.column]),
            likeness=describe_column(snapshots[verdict.column]),
        )
        for verdict in verdicts
        if verdict.column in table.field_ids
    ]


@transaction.atomic
def store_verdicts(*, batch: BatchContent, judged: Judged) -> StageOutcome:
    """Write the labels of a batch and count those that its tables now have."""
    if judged.version != current_judge().version:
        # Another model was activated meanwhile; what the old one thought must not come after it.
        judged = judge_batch(batch)
    tell_saved(save_verdicts(judged, now=timezone.now(), job_id=batch.job_id))
    return StageOutcome(counters=count_labels(table.dataset_id for table in batch.tables))


@transaction.atomic
def settle_run(*, run: RunScope) -> StageOutcome:
    """What was signed off and has another structure now is no longer what was signed."""
    note_changes(numbers=count_dataset_changes(run.job_id), reason="The structure changed.")
    return StageOutcome()


# Taking a run back


@transaction.atomic
def take_back_run(*, job_id: int) -> int:
    """Give labels the verdicts that stood before a run; returns how many changed.

    Verdicts that came after the run stand, and so does what people decided. A label that the run
    made is removed unless a person decided on it.
    """
    rows = PastVerdict.objects.filter(job=job_id).order_by()
    first = dict(rows.values_list("field").annotate(first=Min("pk")))
    labels = Label.objects.select_for_update().filter(field__in=list(first))
    newest = _load_newest(first)
    changed = [row for row in labels if newest.get(row.field_id) == job_id]
    before = _load_before({row.field_id: first[row.field_id] for row in changed})
    for row in changed:
        _restore(row, before.get(row.field_id))
    rows.filter(field__in=[row.field_id for row in changed]).delete()
    return len(changed)


def _load_newest(field_ids: Iterable[int]) -> dict[int, int | None]:
    """The job of the newest verdict of each field."""
    rows = PastVerdict.objects.filter(field__in=list(field_ids)).order_by("pk")
    return dict(rows.values_list("field", "job"))


def _load_before(first: dict[int, int]) -> dict[int, PastVerdict]:
    """The newest verdict of each field that is older than the given one."""
    rows = PastVerdict.objects.filter(field__in=list(first)).order_by("pk")
    return {row.field_id: row for row in rows if row.pk < first[row.field_id]}


def _restore(label: Label, past: PastVerdict | None) -> None:
    decided = label.state in DECIDED_STATES
    if past is None and not decided:
        label.delete()
        return
    label.machine_type = past.semantic_type if past else ""
    label.machine_confidence = past.confidence if past else 0.0
    label.evidence = past.evidence if past else []
    label.unsure_of = ""
    label.model_version = past.model_version if past else ""
    if past and not decided:
        label.semantic_type, label.confidence = past.semantic_type, past.confidence
        label.sensitivity, label.personal = past.sensitivity, past.personal
    label.conflict = is_contradicted(label)
    label.save()
