"""How the findings of a source differ between two times."""

from __future__ import annotations

import datetime as dt

from apps.discovery.types import Difference, TimeSpan

from .models import Finding, FindingChange
from .types import FindingState


def compare_findings(span: TimeSpan) -> list[Difference]:
    """Findings that are new, or whose state is another at `until` than at `since`."""
    states = _load_states(span.source_id, span.since, span.until)
    own = Finding.objects.filter(source=span.source_id).select_related("dataset", "field")
    new = own.filter(first_seen_at__gt=span.since, first_seen_at__lte=span.until)
    moved = own.filter(pk__in=list(states), first_seen_at__lte=span.since)
    told = [_tell(row, "finding_new", "", row.title) for row in new.order_by("pk")]
    for row in moved.order_by("pk"):
        before, after = states[row.pk]
        if before != after:
            kind = "finding_fixed" if after == FindingState.FIXED else "finding_changed"
            told.append(_tell(row, kind, f"{row.title}: {before}", after))
    return told


def _load_states(
    source_id: int, since: dt.datetime, until: dt.datetime
) -> dict[int, tuple[str, str]]:
    """State before the first change in the time, and after the last."""
    changes = FindingChange.objects.filter(
        finding__source=source_id, at__gt=since, at__lte=until
    ).order_by("pk")
    states: dict[int, tuple[str, str]] = {}
    for pk, before, after in changes.values_list("finding", "state_before", "state_after"):
        states[pk] = (states[pk][0] if pk in states else before, after)
    return states


def _tell(row: Finding, kind: str, before: str, after: str) -> Difference:
    return Difference(
        kind=kind,
        dataset_id=row.dataset_id,
        dataset=row.dataset.fqn if row.dataset else "",
        column=row.field.name if row.field else "",
        before=before,
        after=after,
    )
