"""The stream of a job: opened, batch by batch, progress, closed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.datasources import services as datasources
from apps.discovery import signals
from apps.discovery.guards import change_jobs
from apps.discovery.ingest import (
    Intake,
    find_store_conflicts,
    load_held,
    store_records,
    without_outdated,
)
from apps.discovery.models import Batch, DiscoveryJob
from apps.discovery.pressure import find_pace
from apps.discovery.selectors import find_acked_seq, load_known_hashes
from apps.discovery.types import REFUSED_BATCH_STATES, TAKEN_JOB_STATES, BatchState, JobState
from apps.discovery.validation import find_faults, limit_reasons
from datawave.common import announcing
from datawave.common.errors import DataWaveError
from datawave_edge.protocol import (
    CAPABILITIES,
    MAX_PACKED_BYTES,
    WINDOW,
    Ack,
    BatchRejected,
    CloseAck,
    Directive,
    JobClose,
    JobProgress,
    Opened,
    Record,
    RunSettings,
    batch_sha256,
    decode_records,
    root_hash,
)

from .jobs import NO_LEASE, announce, hand_back, note_headway, quarantine_stream
from .lease import JobOver, renew_lease
from .refused import keep_refused
from .takeover import list_told

if TYPE_CHECKING:
    from apps.datasources.models import Agent

# Missing numbers that an agent is told at once.
MAX_MISSING = 1_000


class HashMismatch(DataWaveError):
    """The batch is not what its hash or its count of records says."""


class BatchConflict(DataWaveError):
    """Another batch with this number was taken in before."""

    status = 409


class WindowExceeded(DataWaveError):
    """This batch is too far ahead; send the missing ones first."""

    status = 425
    retry = True


class RootHashMismatch(DataWaveError):
    """The hash over the stream's batches is not that of the batches held here."""

    status = 409


@transaction.atomic
def open_stream(
    *, job: DiscoveryJob, agent: Agent, agent_time: dt.datetime, egress_schema: str = ""
) -> Opened:
    """Start or take up the stream: where to go on, and what is already held."""
    renew_lease(job, agent)
    mine = DiscoveryJob.objects.filter(pk=job.pk)
    change_jobs(mine, origins=TAKEN_JOB_STATES, to=JobState.STREAMING)
    mine.update(egress_schema=egress_schema)
    job.refresh_from_db()
    acked = find_acked_seq(job.pk)
    hashes = job.batches.filter(seq__lte=acked).order_by("seq")
    announce(signals.job_progressed, job)
    return Opened(
        resume_seq=acked + 1,
        window=find_pace().window,
        max_packed_bytes=MAX_PACKED_BYTES,
        server_time=timezone.now(),
        known=load_known_hashes(job.source_id),
        hashes=list(hashes.values_list("sha256", flat=True)),
        told=list_told(job.pk, acked),
        capabilities=list(CAPABILITIES),
    )


def accept_batch(
    *,
    job: DiscoveryJob,
    agent: Agent,
    seq: int,
    sha256: str,
    records: int,
    body: bytes,
    packed_bytes: int,
    newer: bool = False,
) -> Ack:
    """Take in one batch; the answer is given when it is committed. A repeat changes nothing.

    Records that do not fit the protocol or contradict what is held put the whole batch into
    quarantine, so that the agent goes on. Two different batches of one number end the stream: the
    agent, or a copy of it, has lost track. Raises HashMismatch, BatchConflict, WindowExceeded,
    LeaseLost, JobOver.
    """
    if batch_sha256(body) != sha256:
        raise HashMismatch("The body does not have the hash that the header says.")
    content, faults = _read_records(body, records, newer=newer)
    batch = Batch(
        seq=seq, sha256=sha256, records=records, packed_bytes=packed_bytes, body_bytes=len(body)
    )
    try:
        return _take_in(job, agent, batch, content, faults)
    except BatchConflict:
        # After the rollback: what was taken in before stays, nothing more comes.
        quarantine_stream(job=job, agent=agent, seq=seq)
        raise


def _take_in(
    job: DiscoveryJob, agent: Agent, batch: Batch, content: list[Record], faults: list[str]
) -> Ack:
    with transaction.atomic():
        renew_lease(job, agent)
        job.refresh_from_db()
        acked = find_acked_seq(job.pk)
        if batch.seq > acked + WINDOW:
            raise WindowExceeded
        if held := _find_held(job, batch):
            return _answer_repeat(held, acked)
        reasons = _store(job, batch, content, faults)
        if not reasons:
            note_headway(job)
        acked = find_acked_seq(job.pk) if batch.seq == acked + 1 else acked
    if reasons:
        return Ack(status="quarantined", acked_seq=acked, rejected=reasons)
    return Ack(status="accepted", acked_seq=acked)


def _read_records(body: bytes, count: int, *, newer: bool) -> tuple[list[Record], list[str]]:
    try:
        content = decode_records(body, newer=newer)
    except BatchRejected as rejected:
        return [], limit_reasons([f"{rejected.code}: {rejected}"])
    if len(content) != count:
        raise HashMismatch(f"The header says {count} records, the body has {len(content)}.")
    return content, find_faults(content)


def _find_held(job: DiscoveryJob, batch: Batch) -> Batch | None:
    held = job.batches.filter(seq=batch.seq).first()
    if held is not None and held.sha256 != batch.sha256:
        raise BatchConflict
    return held


def _answer_repeat(held: Batch, acked: int) -> Ack:
    if held.state in REFUSED_BATCH_STATES:
        # The agent may not have heard it, and sends other batches in its place.
        return Ack(status="quarantined", acked_seq=acked, rejected=held.reasons)
    return Ack(status="duplicate", acked_seq=acked)


def _store(job: DiscoveryJob, batch: Batch, content: list[Record], faults: list[str]) -> list[str]:
    """Write the batch into the ledger and, when nothing speaks against it, its records."""
    whole, content = content, without_outdated(job, batch.seq, content)
    held = {} if faults else load_held(job.source_id, content)
    reasons = faults or find_store_conflicts(job, content, held)
    batch.job, batch.epoch, batch.reasons = job, job.epoch, reasons
    batch.state = BatchState.QUARANTINED if reasons else BatchState.ACCEPTED
    batch.save(force_insert=True)
    if reasons:
        keep_refused(batch, whole)
    else:
        store_records(Intake(job=job, batch=batch, held=held), content)
    signal = signals.batch_quarantined if reasons else signals.batch_accepted
    announcing.announce(signal, Batch, job=job, batch=batch)
    return reasons


@transaction.atomic
def record_progress(*, job: DiscoveryJob, agent: Agent, progress: JobProgress) -> Directive:
    """Note how far the agent is; tells it whether to stop."""
    renew_lease(job, agent)
    DiscoveryJob.objects.filter(pk=job.pk).update(
        listed=min(progress.listed, 2**31 - 1),
        done=min(progress.done, 2**31 - 1),
        current=progress.current,
    )
    datasources.note_spool(agent=agent, spool_bytes=progress.spool_bytes)
    job.refresh_from_db()
    announce(signals.job_progressed, job)
    if progress.log:
        lines = [(line.level, line.message) for line in progress.log]
        announce(signals.job_logged, job, lines=lines)
    if progress.leaving and job.cancel_requested_at is None:
        hand_back(job)
    windows = msgspec.convert(job.settings, RunSettings).blackouts
    return Directive(cancel=job.cancel_requested_at is not None, blackouts=windows)


@transaction.atomic
def close_job(*, job: DiscoveryJob, agent: Agent, close: JobClose) -> CloseAck:
    """End the stream when every batch is here; else name those to send again.

    Raises RootHashMismatch, LeaseLost, JobOver.
    """
    try:
        renew_lease(job, agent)
    except JobOver:
        if _was_closed(job, agent, close):
            return CloseAck(status="closed")
        raise
    job.refresh_from_db()
    if missing := _list_missing_seqs(job.pk, close.last_seq):
        return CloseAck(status="missing", missing=missing)
    held = job.batches.order_by("seq").values_list("sha256", flat=True)
    if root_hash(list(held)) != close.root_hash:
        raise RootHashMismatch
    _close(job, close)
    return CloseAck(status="closed")


def _was_closed(job: DiscoveryJob, agent: Agent, close: JobClose) -> bool:
    """Whether this is the same close again, whose answer the agent did not hear."""
    return (
        job.state == JobState.CLOSED and job.agent_id == agent.pk and job.last_seq == close.last_seq
    )


def _close(job: DiscoveryJob, close: JobClose) -> None:
    cancelled = job.cancel_requested_at is not None
    change_jobs(
        DiscoveryJob.objects.filter(pk=job.pk),
        origins=TAKEN_JOB_STATES,
        to=JobState.CANCELLED if cancelled else JobState.CLOSED,
        finished_at=timezone.now(),
        last_seq=close.last_seq,
        seen=min(close.seen, 2**31 - 1),
        containers=msgspec.to_builtins(close.containers),
        complete=close.complete,
        load=msgspec.to_builtins(close.load),
        current="",
        **NO_LEASE,
    )
    job.refresh_from_db()
    datasources.note_facts(source=job.source, facts=close.facts)
    announce(signals.job_cancelled if cancelled else signals.job_closed, job)


def _list_missing_seqs(job_id: int, last_seq: int) -> list[int]:
    """Numbers up to the last one whose batches are not here; the first thousand of them."""
    held = set(Batch.objects.filter(job_id=job_id).values_list("seq", flat=True))
    missing: list[int] = []
    for seq in range(last_seq + 1):
        if seq not in held:
            missing.append(seq)
        if len(missing) == MAX_MISSING:
            break
    return missing
