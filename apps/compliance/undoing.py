"""Takes back what a run did to findings: new ones go, and states become what they were."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from apps.discovery.types import UndoScope

from .findings import iter_chunks
from .models import Finding, FindingChange
from .types import FindingState


def count_findings(scope: UndoScope) -> dict[str, int]:
    """How many findings go, and how many get their former state back."""
    return {"findings_new": _list_new(scope).count(), "findings_back": len(_load_first(scope))}


def _list_new(scope: UndoScope) -> QuerySet[Finding]:
    """What a person has decided on stays, whatever found it."""
    return Finding.objects.filter(
        source=scope.source_id,
        first_seen_at__range=(scope.since, scope.until),
        decided_at=None,
    ).exclude(changes__user__isnull=False)


def _load_first(scope: UndoScope) -> dict[int, FindingChange]:
    """The run's first change of each finding that nobody has changed since."""
    changes = FindingChange.objects.filter(finding__source=scope.source_id)
    by_person = changes.filter(user__isnull=False, at__gte=scope.since)
    own = changes.filter(at__range=(scope.since, scope.until), user=None)
    own = own.exclude(finding__in=by_person.values("finding"))
    return {change.finding_id: change for change in own.order_by("-pk")}


def take_back_findings(scope: UndoScope) -> None:
    """Called before the rules are asked again; a second call changes nothing more."""
    first = _load_first(scope)
    for pk in _list_new(scope).values_list("pk", flat=True):
        first.pop(pk, None)
    new = list(_list_new(scope).values_list("pk", flat=True))
    for ids in iter_chunks(new):
        Finding.objects.filter(pk__in=ids).delete()
    rows = list(Finding.objects.filter(pk__in=list(first)).prefetch_related("changes"))
    changes = [_restore(row, first[row.pk]) for row in rows]
    changes = [change for change in changes if change.state_before != change.state_after]
    written = ["state", "fixed_at", "decided_by", "decided_at", "note"]
    Finding.objects.bulk_update(rows, written, batch_size=400)
    FindingChange.objects.bulk_create(changes, batch_size=400)


def _restore(row: Finding, change: FindingChange) -> FindingChange:
    now_state, row.state = row.state, change.state_before
    earlier = [each for each in row.changes.all() if each.pk < change.pk]
    row.fixed_at = None
    if row.state == FindingState.FIXED:
        # Newest first: the change that fixed it.
        row.fixed_at = next(
            (each.at for each in earlier if each.state_after == FindingState.FIXED), change.at
        )
    decided = next((each for each in earlier if each.user_id is not None), None)
    if decided is not None:
        row.decided_by_id, row.decided_at, row.note = decided.user_id, decided.at, decided.note
    return FindingChange(
        finding=row,
        state_before=now_state,
        state_after=row.state,
        note="The discovery that changed it was taken back.",
    )


def find_decided_fields(field_ids: Collection[int]) -> set[int]:
    """Of these columns, those whose findings, or whose tables' findings, a person decided on."""
    found: set[int] = set()
    for ids in iter_chunks(sorted(field_ids)):
        decided = Finding.objects.filter(decided_at__isnull=False)
        own = decided.filter(field__in=ids).values_list("field", flat=True)
        tables = decided.filter(dataset__fields__in=ids, field=None)
        found |= {pk for pk in own if pk} | set(tables.values_list("dataset__fields", flat=True))
    return found & set(field_ids)
