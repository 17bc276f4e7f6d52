"""Stage runs whose worker died or never ended: again, then alone, then set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from apps.racine.models import StageRun
from apps.racine.retries import ALONE_AFTER, LOSSES_ALLOWED
from apps.racine.transitions import change_stages
from apps.racine.types import LogLevel, StageState

from .fan_out import announce_ready
from .story import add_line


@dataclass(frozen=True)
class Loss:
    """How a worker was lost, in words that may be shown."""

    code: str
    message: str
    # Dangerous to its neighbours, so the next try is alone.
    alone: bool = False


SILENT = Loss("worker_lost", "The worker stopped each time that it worked on this.")
OVERRAN = Loss("stage_overran", "It did not end within the time that a stage may take.", alone=True)
MEMORY = Loss("stage_memory", "It needs more memory than a stage may have.", alone=True)


def note_lost_stage(*, work: StageRun, loss: Loss, where: Q | None = None) -> StageState | None:
    """Free it for the next try, or set it aside; None when it is no longer in these hands."""
    mine = Q(pk=work.pk, fence=work.fence) & (where or Q())
    losses = max(work.losses + 1, ALONE_AFTER) if loss.alone else work.losses + 1
    if losses >= LOSSES_ALLOWED:
        return _set_aside(work, mine, loss)
    return _free(work, mine, loss, losses)


def _free(work: StageRun, mine: Q, loss: Loss, losses: int) -> StageState | None:
    floor = Value(ALONE_AFTER if loss.alone else 0)
    values: dict[str, Any] = {"losses": Greatest(F("losses") + 1, floor), "lease_until": None}
    if not change_stages(mine, origins=[StageState.LEASED], to=StageState.READY, **values):
        return None
    if losses >= ALONE_AFTER:
        text = f"Batch {work.batch.seq} lost its worker: {loss.message} It is worked on alone now."
        add_line(work.run, text, source=work.stage, level=LogLevel.WARNING)
    announce_ready([work.pk])
    return StageState.READY


def _set_aside(work: StageRun, mine: Q, loss: Loss) -> StageState | None:
    lost = change_stages(
        mine,
        origins=[StageState.LEASED],
        to=StageState.QUARANTINED,
        losses=F("losses") + 1,
        lease_until=None,
        finished_at=timezone.now(),
        error_code=loss.code,
        error_message=loss.message,
    )
    if not lost:
        return None
    text = f"Batch {work.batch.seq} is set aside after {work.losses + 1} tries: {loss.message}"
    add_line(work.run, text, source=work.stage, level=LogLevel.ERROR)
    return StageState.QUARANTINED
