"""Turns verdicts into labels; what people decided stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from .confirmed import Near
from .grouping import Placed, assign_groups
from .judge import Verdict
from .models import Label, PastVerdict
from .rules import wording
from .types import DECIDED_STATES, LabelState

# So sure must the judge be to contradict a person.
CONFLICT_FROM: Final = 0.8
# A verdict that is surer by less than this is the same verdict.
_NOTABLE: Final = 0.01
_COLUMN_FIELDS: Final = ("likeness", "group_id", "nearest")
_MACHINE_FIELDS: Final = (
    "machine_type", "machine_confidence", "unsure_of", "evidence", "model_version", "judged_at",
    *_COLUMN_FIELDS,
)  # fmt: skip
_LABEL_FIELDS: Final = (
    "semantic_type", "sensitivity", "personal", "confidence", "conflict", *_MACHINE_FIELDS,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class JudgedColumn:
    """A verdict with what places it: its field, and what its column is like."""

    dataset_id: int
    field_id: int
    verdict: Verdict
    block: str
    likeness: bytes
    nearest: Near = ()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one version of the judge says of some tables."""

    version: str
    columns: tuple[JudgedColumn, ...]
    # Datasets that were looked at, including those of which the verdicts still stand.
    dataset_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Saved:
    """What saving changed: fields whose label says something else, by their dataset."""

    moved: Mapping[int, int]
    contradicted: Mapping[int, int]


def save_verdicts(judged: Judged, *, now: dt.datetime, job_id: int | None = None) -> Saved:
    """Write one label for each column, in a constant number of queries."""
    columns = {each.field_id: each for each in judged.columns}
    # Locked, so that a decision made meanwhile is not overwritten.
    rows = Label.objects.select_for_update().filter(field__in=list(columns))
    held = {row.field_id: row for row in rows}
    groups = assign_groups(_place(judged.columns, held))
    made = {pk: _make_label(each, judged.version, groups[pk], now) for pk, each in columns.items()}
    _keep_past(made, held, job_id)
    decided = [row for row in held.values() if row.state in DECIDED_STATES]
    contradicted = _save_beside_decisions(decided, made)
    fresh = [row for pk, row in made.items() if pk not in {each.field_id for each in decided}]
    moved = [row.field_id for row in fresh if _moves(held.get(row.field_id), row)]
    _upsert(fresh)
    return Saved(_by_dataset(moved, columns), _by_dataset(contradicted, columns))


def _place(columns: Iterable[JudgedColumn], held: Mapping[int, Label]) -> dict[int, Placed]:
    return {
        each.field_id: Placed(
            each.block,
            each.likeness,
            held[each.field_id].group_id if each.field_id in held else None,
        )
        for each in columns
    }


def _by_dataset(field_ids: Collection[int], columns: Mapping[int, JudgedColumn]) -> dict[int, int]:
    return {pk: columns[pk].dataset_id for pk in field_ids}


def _make_label(column: JudgedColumn, version: str, group_id: int, now: dt.datetime) -> Label:
    verdict = column.verdict
    return Label(
        field_id=column.field_id,
        semantic_type=verdict.semantic_type,
        sensitivity=verdict.sensitivity,
        personal=verdict.personal,
        confidence=verdict.confidence,
        state=LabelState.SUGGESTED,
        machine_type=verdict.semantic_type,
        machine_confidence=verdict.confidence,
        unsure_of=verdict.unsure_of,
        evidence=_render(verdict),
        model_version=version,
        judged_at=now,
        likeness=column.likeness,
        group_id=group_id,
        nearest=[list(each) for each in column.nearest],
    )


def _render(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"for": each["supports"], "weight": each["weight"], "text": each["text"]}
        for each in map(asdict, verdict.evidence)
    ]


def _upsert(labels: Sequence[Label]) -> None:
    Label.objects.bulk_create(
        labels, update_conflicts=True, unique_fields=["field"], update_fields=list(_LABEL_FIELDS)
    )


def _moves(before: Label | None, after: Label) -> bool:
    """Whether the label tells those who depend on it something else."""
    told = ("semantic_type", "sensitivity", "personal")
    return before is None or any(getattr(before, n) != getattr(after, n) for n in told)


# History


def _keep_past(made: Mapping[int, Label], held: Mapping[int, Label], job_id: int | None) -> None:
    fresh = [row for pk, row in made.items() if _differs(held.get(pk), row)]
    PastVerdict.objects.bulk_create([_remember(row, job_id) for row in fresh])


def _differs(before: Label | None, after: Label) -> bool:
    if before is None or before.machine_type != after.machine_type:
        return True
    apart = abs(before.machine_confidence - after.machine_confidence)
    return apart >= _NOTABLE or before.model_version != after.model_version


def _remember(row: Label, job_id: int | None) -> PastVerdict:
    return PastVerdict(
        field_id=row.field_id,
        job_id=job_id,
        semantic_type=row.machine_type,
        sensitivity=row.sensitivity,
        personal=row.personal,
        confidence=row.machine_confidence,
        evidence=row.evidence,
        model_version=row.model_version,
        at=row.judged_at,
    )


# Beside what people decided


def _save_beside_decisions(labels: Sequence[Label], made: Mapping[int, Label]) -> list[int]:
    """Keep the machine's view of decided labels; the fields that are now contradicted."""
    contradicted = []
    for row in labels:
        was = row.conflict
        _take_view(row, made[row.field_id])
        if row.conflict and not was:
            contradicted.append(row.field_id)
    Label.objects.bulk_update(labels, [_plain(name) for name in ("conflict", *_MACHINE_FIELDS)])
    return contradicted


def _plain(name: str) -> str:
    return name.removesuffix("_id")


def _take_view(row: Label, view: Label) -> None:
    for name in _MACHINE_FIELDS:
        setattr(row, name, getattr(view, name))
    row.evidence = [*_tell_disagreement(row), *view.evidence]
    row.conflict = is_contradicted(row)


def disagrees(row: Label) -> bool:
    """Whether the machine, being sure, says otherwise than the person who decided."""
    if not row.machine_type or row.machine_confidence < CONFLICT_FROM:
        return False
    same = row.semantic_type == row.machine_type
    return row.state in DECIDED_STATES and same == (row.state == LabelState.REJECTED)


def is_contradicted(row: Label) -> bool:
    """Whether it disagrees, and the person could not know that when deciding."""
    known = row.answered_type == row.machine_type and row.answered_confidence >= CONFLICT_FROM
    return disagrees(row) and not known


def _tell_disagreement(row: Label) -> list[dict[str, Any]]:
    if not disagrees(row):
        return []
    title = wording.tell_title(row.machine_type)
    share = wording.tell_share(row.machine_confidence)
    text = f"A person decided otherwise, but the values now speak of: {title} ({share} sure)"
    return [{"for": False, "weight": row.machine_confidence, "text": text}]
