"""What a job did to datasets and fields, and what they were before it: a plan to take it back.

All of it is read from what is kept anyway: versions of tables, drift, and the ledger's items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Max

from .models import BatchItem, Dataset, DiscoveryJob, Field, SchemaChange, TableSnapshot
from .types import ChangeKind, DatasetState, ItemOutcome

CHUNK = 500
# What a change of the job says of the state before it; a return is looked up further back.
STATE_BEFORE = {
    ChangeKind.TABLE_MISSING: DatasetState.ACTIVE,
    ChangeKind.TABLE_DROPPED: DatasetState.MISSING,
}
GONE = {
    ChangeKind.TABLE_MISSING: DatasetState.MISSING,
    ChangeKind.TABLE_DROPPED: DatasetState.DROPPED,
}


@dataclass(kw_only=True)
class Plan:
    """Ids of datasets by what is to become of them."""

    # First seen by the job.
    new: set[int] = field(default_factory=set)
    # To be described by the version before: dataset -> snapshot.
    older: dict[int, int] = field(default_factory=dict)
    # Known before, and never read before.
    unread: set[int] = field(default_factory=set)
    # Whose state was another.
    states: dict[int, DatasetState] = field(default_factory=dict)
    new_fields: set[int] = field(default_factory=set)
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, for people."""
        returning = sum(state == DatasetState.ACTIVE for state in self.states.values())
        return {
            "tables_new": len(self.new),
            "tables_older": len(self.older),
            "tables_back": returning,
            "tables_gone": len(self.states) - returning,
            "columns_new": len(self.new_fields),
            "changes": sum(self.changes.values()),
        }


def plan_reversal(job: DiscoveryJob) -> Plan:
    """Work out what taking the job back means, in a few queries per 500 tables."""
    plan = Plan()
    own = TableSnapshot.objects.filter(job=job).order_by()
    read = sorted(set(own.values_list("dataset", flat=True)))
    for ids in split(read):
        _plan_read(plan, job, ids)
    _plan_unreadable(plan, job)
    _plan_states(plan, job)
    changes = SchemaChange.objects.filter(job=job).order_by()
    plan.changes.update(changes.values_list("kind", flat=True))
    return plan


def split(ids: list[int]) -> Iterator[list[int]]:
    """Few enough at a time for every engine's limit of parameters."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _plan_read(plan: Plan, job: DiscoveryJob, ids: list[int]) -> None:
    older = TableSnapshot.objects.filter(dataset__in=ids).exclude(job=job).order_by()
    before = dict(older.values_list("dataset").annotate(newest=Max("pk")))
    plan.older.update(before)
    rest = Dataset.objects.filter(pk__in=[pk for pk in ids if pk not in before])
    for pk, seen in rest.values_list("pk", "first_seen_at"):
        (plan.new if seen >= job.created_at else plan.unread).add(pk)
    fields = Field.objects.filter(dataset__in=ids, first_seen_at__gte=job.created_at)
    plan.new_fields.update(fields.values_list("pk", flat=True))


def _plan_unreadable(plan: Plan, job: DiscoveryJob) -> None:
    """Tables that the job saw first and could never read have no version at all."""
    items = BatchItem.objects.filter(batch__job=job, outcome=ItemOutcome.FAILED)
    seen = Dataset.objects.filter(
        pk__in=items.exclude(dataset=None).values("dataset"),
        snapshot=None,
        first_seen_at__gte=job.created_at,
    )
    plan.new.update(seen.values_list("pk", flat=True))


def _plan_states(plan: Plan, job: DiscoveryJob) -> None:
    own = SchemaChange.objects.filter(
        job=job,
        kind__in=[ChangeKind.TABLE_MISSING, ChangeKind.TABLE_DROPPED, ChangeKind.TABLE_RETURNED],
    ).order_by("-pk")
    returned: list[int] = []
    # Newest first, so that the oldest has the last word.
    for pk, kind in own.values_list("dataset", "kind"):
        if kind in STATE_BEFORE:
            plan.states[pk] = STATE_BEFORE[ChangeKind(kind)]
        else:
            returned.append(pk)
    for ids in split(returned):
        plan.states |= _find_gone(job, ids)


def _find_gone(job: DiscoveryJob, ids: Iterable[int]) -> dict[int, DatasetState]:
    earlier = SchemaChange.objects.filter(dataset__in=ids, kind__in=list(GONE)).exclude(job=job)
    rows = earlier.order_by("pk").values_list("dataset", "kind")
    return {pk: GONE[ChangeKind(kind)] for pk, kind in rows}
