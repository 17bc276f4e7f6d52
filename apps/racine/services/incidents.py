"""Opens, keeps and clears incidents as runs end, and says who is to be told."""

from __future__ import annotations

import datetime as dt
from enum import Enum, auto

from django.db.models import F, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from apps.discovery.selectors import list_failed_items, list_quarantined_batches
from apps.notifications import services as notifications
from apps.notifications.types import NoticeLevel
from apps.racine.error_codes import find_kind
from apps.racine.models import Incident, Run
from apps.racine.types import RunState, StageState

from .stakeholders import list_alarmed

ENDED_WELL = (RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS)


class News(Enum):
    """What the end of a run tells."""

    PLAIN = auto()
    # An incident has opened.
    INCIDENT = auto()
    # Nothing but incidents that are open already.
    KNOWN = auto()


def note_end(run: Run) -> News:
    """Bring incidents in step with a run that has ended.

    Call it in the transaction that ends the run.
    """
    if run.state == RunState.CANCELLED:
        return News.PLAIN
    now = timezone.now()
    codes = _list_codes(run)
    # Each of them is looked at, for each is to be counted.
    opened = [code for code in codes if _note(run, code, now)]
    if run.state in ENDED_WELL:
        _clear(run, codes, now)
    if opened:
        return News.INCIDENT
    return News.KNOWN if codes else News.PLAIN


def _list_codes(run: Run) -> set[str]:
    if run.state == RunState.FAILED:
        return {run.error_code}
    aside = run.stage_runs.filter(state=StageState.QUARANTINED).order_by()
    codes = set(aside.values_list("error_code", flat=True).distinct())
    failed = list_failed_items(run.job).order_by().values_list("code", flat=True)
    codes |= set(failed.distinct())
    if list_quarantined_batches(run.job).exists():
        codes.add("batch_invalid")
    codes |= set(run.summary.get("trouble_codes", []))
    return {code[:64] for code in codes if code}


def _note(run: Run, code: str, now: dt.datetime) -> bool:
    """Whether it is new."""
    still = Incident.objects.filter(source=run.source_id, code=code, cleared_at=None)
    if still.filter(last_run=run).update(last_seen_at=now):
        # The same run again: resumed or retried, and failed as before.
        return False
    if still.update(last_seen_at=now, runs=F("runs") + 1, last_run=run):
        return False
    Incident.objects.create(
        source_id=run.source_id, code=code, opened_at=now, last_seen_at=now, last_run=run
    )
    return True


def _clear(run: Run, codes: set[str], now: dt.datetime) -> None:
    over = Incident.objects.filter(source=run.source_id, cleared_at=None).exclude(code__in=codes)
    cleared = list(over.order_by("opened_at"))
    if not cleared or over.update(cleared_at=now) == 0:
        return
    told = " ".join(
        f"“{find_kind(each.code).sentence}” is over; it had gone on since "
        f"{each.opened_at:%Y-%m-%d %H:%M} UTC."
        for each in cleared
    )
    notifications.notify(
        users=list_alarmed(run.source, _list_troubled(run, cleared)),
        kind="incident_cleared",
        level=NoticeLevel.SUCCESS,
        title=f"Solved: discovery of {run.source.name}"[:200],
        body=told[:1_000],
        url=reverse("racine:run-detail", args=[run.public_id]),
        dedupe_key=f"cleared:{run.public_id}:{run.resumes}",
    )


def _list_troubled(run: Run, cleared: list[Incident]) -> QuerySet[Run]:
    """Runs of the source that met these incidents, whose people were told so."""
    runs = Run.objects.filter(source=run.source_id)
    opened_at = min(each.opened_at for each in cleared)
    # One at a time goes on, and only the newest is taken up again: it is the last that had begun.
    opener = Subquery(runs.filter(started_at__lte=opened_at).order_by("-pk").values("pk")[:1])
    last = max(each.last_run_id or 0 for each in cleared)
    # One that was cancelled met nothing, unless it was taken up again before.
    met = runs.filter(~Q(state=RunState.CANCELLED) | Q(pk=opener), pk__gte=opener, pk__lte=last)
    return met.select_related("source__owner", "started_by", "schedule__created_by")
