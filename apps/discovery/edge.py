"""Doors for agents: work, streams, connection tests."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.datasources import services as datasources
from apps.datasources.selectors import build_connection
from apps.datasources.types import Engine
from datawave.common.errors import DataWaveError, NotThere
from datawave.common.rates import require_rate
from datawave_edge import __version__
from datawave_edge.protocol import (
    PROTOCOL_VERSION,
    Ack,
    BatchRejected,
    CloseAck,
    Directive,
    DiscoveryWork,
    Heartbeat,
    HeartbeatReply,
    JobClose,
    JobFailure,
    JobProgress,
    NoWork,
    Opened,
    OpenStream,
    RunSettings,
    TestResult,
    TestStep,
    TestWork,
    Work,
    WorkRequest,
    knows_engine,
    unpack_body,
)

from . import doorbell, services
from .edge_http import (
    DatabaseBusy,
    edge_door,
    identify,
    is_from_newer,
    paced,
    read_body,
    read_message,
    refuse,
    render,
    require_capabilities,
    version_of,
)
from .models import DiscoveryJob
from .selectors import find_job
from .stages import find_sketching, list_recognisers

if TYPE_CHECKING:
    from apps.datasources.models import Agent

# How long work that another process opened may go unnoticed.
LOOK_SECONDS = 2.0


@edge_door("POST", calls=6, seconds=60)
def heartbeat(request: HttpRequest, agent: Agent) -> HeartbeatReply:
    """Note how the agent is, keep its leases, and tell it which jobs to stop."""
    datasources.note_heartbeat(agent=agent, heartbeat=read_message(request, Heartbeat))
    stopped = services.renew_agent_leases(agent=agent)
    return HeartbeatReply(
        server_time=timezone.now(),
        cancel=[str(job.public_id) for job in stopped],
        drain=agent.draining,
        refresh=agent.refresh_wanted,
        rotate=datasources.is_rotation_due(agent),
        upgrade=__version__ if agent.is_outdated else "",
    )


@dataclass(frozen=True)
class _Asker:
    """An agent that asks for work, and the version of the protocol that it speaks."""

    agent: Agent
    asked: WorkRequest
    version: str

    def find_outdated(self, engine: str) -> JobFailure | None:
        """Why this agent could not even read work about such a source; None when it can."""
        if knows_engine(self.version, engine):
            return None
        name = Engine(engine).label
        return JobFailure(
            code="agent_outdated",
            message=f"The agent is too old for {name}: it speaks protocol {self.version}.",
            hint=f"Update the agent to one that speaks protocol {PROTOCOL_VERSION}.",
        )


def _refused_test(outdated: JobFailure) -> TestStep:
    return TestStep(
        name="agent",
        title="Ask the agent",
        ok=False,
        code=outdated.code,
        message=outdated.message,
        hint=outdated.hint,
    )


@csrf_exempt
@require_http_methods(["POST"])
async def work(request: HttpRequest) -> HttpResponse:
    """Long poll: answers as soon as there is something to do, else with no work after the wait."""
    try:
        asker = await sync_to_async(_begin_work)(request)
        return render(await _wait_for_work(asker))
    except (DataWaveError, BatchRejected) as error:
        return refuse(error)
    except DatabaseError:
        return refuse(DatabaseBusy())


def _begin_work(request: HttpRequest) -> _Asker:
    agent = identify(request)
    require_rate(f"edge:work:{agent.public_id}", calls=40, seconds=2)
    return _Asker(agent, read_message(request, WorkRequest), version_of(request))


async def _wait_for_work(asker: _Asker) -> Work:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + asker.asked.wait
    with doorbell.listen() as bell:
        while True:
            bell.clear()
            found = await sync_to_async(_look_for_work)(asker)
            left = deadline - loop.time()
            if found is not None or left <= 0 or doorbell.is_closing():
                return found or NoWork()
            # No query and no connection while nothing happens.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), min(LOOK_SECONDS, left))


def _look_for_work(asker: _Asker) -> Work | None:
    try:
        return _find_work(asker)
    finally:
        # Hundreds of waiting agents must not hold a server's connections; a file has no such limit.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close()


def _find_work(asker: _Asker) -> Work | None:
    agent = asker.agent
    datasources.require_let_in(agent)
    # A person waits for a test, so it goes first.
    if test := datasources.lease_test(agent=agent):
        if outdated := asker.find_outdated(test.source.engine):
            refused = _refused_test(outdated)
            datasources.finish_test(agent=agent, public_id=test.public_id, steps=[refused])
            return None
        source = build_connection(test.source, agent=agent)
        return TestWork(test=str(test.public_id), source=source)
    if asker.asked.tests_only or agent.draining:
        return None
    if job := services.lease_job(agent=agent):
        if outdated := asker.find_outdated(job.source.engine):
            services.fail_job(job=job, agent=agent, failure=outdated)
            return None
        return DiscoveryWork(
            job=str(job.public_id),
            source=build_connection(job.source, agent=agent),
            settings=msgspec.convert(job.settings, RunSettings),
            lease_seconds=settings.JOB_LEASE_SECONDS,
            recognisers=list_recognisers(),
            sketching=find_sketching(job.source_id),
        )
    return None


@edge_door("POST")
def open_job(request: HttpRequest, agent: Agent, public_id: uuid.UUID) -> Opened:
    """Start or take up a stream."""
    message = read_message(request, OpenStream)
    require_capabilities(message.needs)
    job = _get_job(agent, public_id)
    return services.open_stream(
        job=job, agent=agent, agent_time=message.agent_time, egress_schema=message.egress_schema
    )


@paced
@edge_door("PUT")
def put_batch(request: HttpRequest, agent: Agent, public_id: uuid.UUID, seq: int) -> Ack:
    """Take in one batch."""
    raw = read_body(request)
    body = unpack_body(raw, request.headers.get("Content-Encoding", ""))
    return services.accept_batch(
        job=_get_job(agent, public_id),
        agent=agent,
        seq=seq,
        sha256=request.headers.get("DataWave-Batch-Sha256", ""),
        records=_read_count(request),
        body=body,
        packed_bytes=len(raw),
        newer=is_from_newer(request),
    )


@edge_door("POST")
def post_progress(request: HttpRequest, agent: Agent, public_id: uuid.UUID) -> Directive:
    """A sign of life with figures and log lines."""
    progress = read_message(request, JobProgress)
    return services.record_progress(job=_get_job(agent, public_id), agent=agent, progress=progress)


@edge_door("POST")
def close_job(request: HttpRequest, agent: Agent, public_id: uuid.UUID) -> CloseAck:
    """End a stream."""
    close = read_message(request, JobClose)
    return services.close_job(job=_get_job(agent, public_id), agent=agent, close=close)


@edge_door("POST")
def fail_job(request: HttpRequest, agent: Agent, public_id: uuid.UUID) -> None:
    """Give a job up."""
    failure = read_message(request, JobFailure)
    services.fail_job(job=_get_job(agent, public_id), agent=agent, failure=failure)


@edge_door("POST")
def finish_test(request: HttpRequest, agent: Agent, public_id: uuid.UUID) -> None:
    """Answer a connection test."""
    result = read_message(request, TestResult)
    datasources.finish_test(agent=agent, public_id=public_id, steps=result.steps)


def _get_job(agent: Agent, public_id: uuid.UUID) -> DiscoveryJob:
    if job := find_job(agent=agent, public_id=public_id):
        return job
    raise NotThere


def _read_count(request: HttpRequest) -> int:
    text = request.headers.get("DataWave-Batch-Records", "")
    if text.isascii() and text.isdigit() and len(text) < 8:  # noqa: PLR2004  # far above the limit
        return int(text)
    raise services.HashMismatch("The header DataWave-Batch-Records must be a number.")
