"""What to do when the only process that works on runs has just started."""

from __future__ import annotations

from django.utils import timezone

from apps.racine.models import Run, StageRun, Undo
from apps.racine.types import RunState, StageState, UndoState


def end_old_leases() -> None:
    """Nobody else can hold a lease: end those of the process before, for the sweeper to free.

    Only for embedded mode, where this saves a restarted installation the wait of a lease.
    """
    now = timezone.now()
    StageRun.objects.filter(state=StageState.LEASED).update(lease_until=now)
    Run.objects.filter(state=RunState.SETTLING, lease_until__gt=now).update(lease_until=now)
    Undo.objects.filter(state=UndoState.OPEN, lease_until__gt=now).update(lease_until=now)
