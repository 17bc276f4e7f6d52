"""What taking a run back would do, and whether it can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.discovery.selectors import count_reversal, list_new_fields, list_reversal_tables
from apps.discovery.stages import list_reversals
from apps.discovery.types import UndoScope

from .models import Run, Undo
from .types import UndoState

if TYPE_CHECKING:
    from apps.datasources.models import DataSource

SHOWN_TABLES = 100
TOO_OLD = (
    "This discovery is too old to be taken back: what was known before it is no longer kept. To"
    " bring what is known up to date, start a new discovery."
)


def find_undo(run: Run) -> Undo | None:
    """How far taking it back is; None when nobody asked for it."""
    return Undo.objects.select_related("requested_by").filter(run=run).first()


def is_undoing(source: DataSource) -> bool:
    """Whether a run of the source is being taken back right now."""
    return Undo.objects.filter(run__source=source, state=UndoState.OPEN).exists()


def explain_not_undoable(run: Run) -> str:
    """Why the run can't be taken back; empty when it can."""
    if run.undone_at is not None:
        return "This discovery is taken back already."
    if run.job.cleared_at is not None:
        return TOO_OLD
    if Run.objects.active().filter(source=run.source_id).exists():
        return "A discovery of this source goes on. Take this one back when it has ended."
    newer = Run.objects.filter(source=run.source_id, pk__gt=run.pk, undone_at=None)
    newest = newer.order_by("-pk").first()
    if newest is not None:
        return f"Only the newest discovery can be taken back. Take back #{newest.pk} first."
    return ""


def build_scope(run: Run) -> UndoScope:
    """The run as reversals see it."""
    return UndoScope(
        run_id=run.public_id,
        job_id=run.job_id,
        source_id=run.source_id,
        since=run.started_at,
        until=run.finished_at or timezone.now(),
    )


def find_kept_fields(run: Run) -> set[int]:
    """Columns that the run saw first and that people worked on since."""
    fields, kept = list_new_fields(run.job), set[int]()
    for reversal in list_reversals():
        if reversal.find_worked_on is not None:
            kept |= reversal.find_worked_on(fields)
    return kept


def count_undo(run: Run) -> dict[str, int]:
    """How much goes, comes back, or is kept."""
    counts = count_reversal(run.job)
    for reversal in list_reversals():
        counts |= reversal.count(build_scope(run))
    return {**counts, "columns_kept": len(find_kept_fields(run))}


def preview_undo(run: Run) -> dict[str, Any]:
    """What the page shows before the button is pressed."""
    if run.job.cleared_at is not None:
        # Nothing is left to count from.
        return {"counts": {}, "tables": [], "more": 0, "obstacle": explain_not_undoable(run)}
    tables = list_reversal_tables(run.job, SHOWN_TABLES)
    counts = count_undo(run)
    named = ("tables_new", "tables_older", "tables_back", "tables_gone")
    return {
        "counts": counts,
        "tables": [
            {"name": dataset.fqn, "id": str(dataset.public_id), "becomes": fate}
            for dataset, fate in tables
        ],
        "more": max(0, sum(counts[name] for name in named) - len(tables)),
        "obstacle": explain_not_undoable(run),
    }
