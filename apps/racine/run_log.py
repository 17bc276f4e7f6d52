"""The log of a run: by level, the newest lines of very many, and how many were left out."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from .models import Run, RunEvent
from .selectors import list_log
from .types import LogLevel

CAP = 50_000
# A level and what is worse.
WORSE: dict[str, tuple[str, ...]] = {
    LogLevel.INFO: tuple(LogLevel.values),
    LogLevel.WARNING: (LogLevel.WARNING, LogLevel.ERROR),
    LogLevel.ERROR: (LogLevel.ERROR,),
}


def list_from_level(run: Run, level: str) -> QuerySet[RunEvent]:
    """Lines of that level and worse, oldest first; all of them for an unknown level."""
    return list_log(run).filter(level__in=WORSE.get(level, WORSE[LogLevel.INFO]))


def render_log(run: Run, level: str = "", *, cap: int = CAP) -> Iterator[str]:
    """Line by line: time, level, source, message; first of all how many are left out."""
    lines = list_from_level(run, level)
    cut = max(0, lines.count() - cap)
    if cut:
        yield f"({cut} earlier lines are left out)\n"
        first = lines.values_list("pk", flat=True)[cut]
        lines = lines.filter(pk__gte=first)
    for event in lines.iterator(1_000):
        message = " ".join(event.message.split())
        yield f"{event.at.isoformat()} {event.level.upper():7} {event.source:14} {message}\n"
