"""What a run that goes on is held up by, in words, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from django.utils import timezone

from apps.datasources.types import AgentCondition
from apps.discovery.types import TAKEN_JOB_STATES, JobState
from datawave_edge.protocol import Interval

from .models import Run
from .timing import load_zone
from .types import RunState

if TYPE_CHECKING:
    from apps.datasources.models import DataSource

HELD, AGENT, BLACKOUT, CANCEL = "held", "agent", "blackout", "cancel"
# An agent that is there takes a run up at once, and nobody need be told that it has not yet.
WAITING_SHOWN_AFTER = dt.timedelta(seconds=10)
# Long enough to start an agent by hand; a failed run can be resumed at any later time.
GIVE_UP_AFTER = dt.timedelta(minutes=10)
# A run that is being cancelled ends within this time, whether or not its agent answers.
CANCEL_PATIENCE = dt.timedelta(seconds=90)
# An agent that reads gives a sign of life more often than this.
SILENT_AFTER = dt.timedelta(seconds=15)
# Of a pool, so many are told of one by one.
AGENTS_TOLD = 3
_WHY_NOT = {
    AgentCondition.ONLINE: "{} has not taken it up.",
    AgentCondition.DRAINING: "{} was told to take no new work; resume it on its page.",
    AgentCondition.OFFLINE: "{} is not connected; see that it runs on its host.",
    AgentCondition.NEVER_SEEN: "{} was never heard of; start it on its host.",
    AgentCondition.REVOKED: "{} was revoked; enrol it again, or give the source another agent.",
}


def find_holdup(run: Run) -> dict[str, Any] | None:
    """What kind it is, its words, and the time at which it is over; None when nothing is."""
    if run.state == RunState.CANCELLING:
        return _describe_cancel(run)
    if run.state == RunState.WAITING and run.held:
        return _describe(HELD, run.waits_for or "Waits for a free place.")
    if run.state == RunState.WAITING and run.job.state == JobState.QUEUED:
        return _describe_waiting(run)
    if run.state == RunState.RUNNING and run.job.state in TAKEN_JOB_STATES:
        return _describe_pause(run)
    return None


def _describe(kind: str, text: str, until: dt.datetime | None = None) -> dict[str, Any]:
    return {"kind": kind, "text": text, "until": until.isoformat() if until else None}


def _describe_waiting(run: Run) -> dict[str, Any] | None:
    since = run.waiting_since or run.started_at
    if since > timezone.now():
        text = f"The last attempt failed; it is tried again at {since:%H:%M:%S} UTC."
        return _describe(AGENT, text, since)
    if timezone.now() - since < WAITING_SHOWN_AFTER:
        return None
    end = since + GIVE_UP_AFTER
    why = " ".join(_tell_agents(run.source))
    text = f"{why} If no agent takes it up by {end:%H:%M:%S} UTC, the run fails and can be resumed."
    return _describe(AGENT, text, end)


def _tell_agents(source: DataSource) -> Iterator[str]:
    """Why none of the source's agents has taken it up, and what to do about each."""
    agents = [agent for agent in (source.agent, *source.more_agents.all()) if agent is not None]
    if not agents:
        yield "The server’s own agent has not taken it up."
    for agent in agents[:AGENTS_TOLD]:
        yield _WHY_NOT[agent.condition].format(agent.name)
    if len(agents) > AGENTS_TOLD:
        yield f"Nor has any of {len(agents) - AGENTS_TOLD} more."


def _describe_pause(run: Run) -> dict[str, Any] | None:
    """The agent pauses by the windows that its job tells it."""
    now = timezone.now()
    windows = msgspec.convert(run.job.settings.get("blackouts", []), list[Interval])
    if not any(each.begins <= now < each.ends for each in windows):
        return None
    found = find_blackout(run.source, now)
    if found is None:
        return None
    name, end = found
    patience = "until" if end else "and waits for"
    text = f"The agent leaves the source alone {patience} {name}. What it has read is worked on."
    return _describe(BLACKOUT, text, end)


def find_blackout(source: DataSource, at: dt.datetime) -> tuple[str, dt.datetime | None] | None:
    """What to wait for, in words, and until when, if a window may hold at that moment.

    Of a window whose time zone nobody knows it always may: work at a forbidden hour does more harm
    than work that waits for a person.
    """
    for blackout in source.blackouts.all():
        if blackout.problem:
            words = f"a person to see to the blackout window “{blackout.name}”"
            return f"{words}. {blackout.problem.removesuffix('.')}", None
        end = blackout.window.find_end(at)
        if end is not None:
            there = end.astimezone(load_zone(blackout.time_zone))
            words = f"the end of the blackout window “{blackout.name}”"
            return f"{words}, {there:%a %H:%M} ({blackout.time_zone})", end
    return None


def _describe_cancel(run: Run) -> dict[str, Any]:
    asked = run.cancel_requested_at or timezone.now()
    end = asked + CANCEL_PATIENCE
    text = f"{_tell_cancel(run, asked)} Cancelled by {end:%H:%M:%S} UTC at the latest."
    return _describe(CANCEL, text, end)


def _tell_cancel(run: Run, asked: dt.datetime) -> str:
    job = run.job
    if job.state not in TAKEN_JOB_STATES:
        return "The agent has stopped; the run is about to end."
    name = job.agent.name if job.agent else "The agent"
    silent = timezone.now() - (job.heartbeat_at or job.leased_at or asked)
    if silent > SILENT_AFTER:
        since = round(silent.total_seconds())
        return (
            f"{name} has not answered for {since} s. Its job is taken from it if it stays silent."
        )
    late = job.batches.filter(received_at__gt=asked).order_by("-seq").first()
    if late is not None:
        return f"{name} was still sending: batch {late.seq} came in and is kept. It stops after it."
    return f"{name} finishes the table that it reads, then it stops."
