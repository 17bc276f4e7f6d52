"""Brings runs in step with what discovery announces, and enqueues what services announce."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import Task
from django.dispatch import receiver

from apps.discovery import signals as discovery

from . import metrics, services, signals, tasks

if TYPE_CHECKING:
    from apps.discovery.models import AbsenceDoubt, Batch, DiscoveryJob

    from .models import Run

logger = logging.getLogger(__name__)


@receiver(discovery.batch_accepted, dispatch_uid="racine.add_stage_runs")
def add_stage_runs(batch: Batch, **_: Any) -> None:
    """Each accepted batch goes to every stage."""
    metrics.BATCHES.labels("accepted").inc()
    services.add_stage_runs(batch=batch)


@receiver(discovery.batch_quarantined, dispatch_uid="racine.note_batch_quarantined")
def note_batch_quarantined(job: DiscoveryJob, batch: Batch, **_: Any) -> None:
    """The log says which batch was refused."""
    metrics.BATCHES.labels("quarantined").inc()
    services.note_batch_quarantined(job=job, seq=batch.seq)


@receiver(discovery.job_progressed, dispatch_uid="racine.follow_job")
def follow_job(job: DiscoveryJob, **_: Any) -> None:
    """Live pages see how far the agent is."""
    services.follow_job(job=job)


@receiver(discovery.job_logged, dispatch_uid="racine.log_job")
def log_job(job: DiscoveryJob, lines: list[tuple[str, str]], **_: Any) -> None:
    """The agent's lines go into the run's log."""
    services.log_job(job=job, lines=lines)


@receiver(discovery.job_closed, dispatch_uid="racine.close_reading")
def close_reading(job: DiscoveryJob, **_: Any) -> None:
    """All is read."""
    services.close_reading(job=job)


@receiver(discovery.job_failed, dispatch_uid="racine.fail_reading")
def fail_reading(job: DiscoveryJob, **_: Any) -> None:
    """The agent's part has failed."""
    services.fail_reading(job=job)


@receiver(discovery.job_cancelled, dispatch_uid="racine.stop_reading")
def stop_reading(job: DiscoveryJob, **_: Any) -> None:
    """The agent has stopped."""
    services.stop_reading(job=job)


@receiver(discovery.job_closed, dispatch_uid="racine.admit_after_close")
@receiver(discovery.job_failed, dispatch_uid="racine.admit_after_failure")
@receiver(discovery.job_cancelled, dispatch_uid="racine.admit_after_cancel")
def admit_runs(**_: Any) -> None:
    """An agent is free again."""
    services.admit_runs()


@receiver(discovery.absence_decided, dispatch_uid="racine.log_absence")
def log_absence(doubt: AbsenceDoubt, **_: Any) -> None:
    """The run's log tells what a person decided on tables that vanished."""
    services.note_absence_decided(job=doubt.job, doubt=doubt)


@receiver(signals.stages_ready, dispatch_uid="racine.enqueue_stages")
def enqueue_stages(stage_run_ids: list[int], **_: Any) -> None:
    """One task for each; the sweeper finds those that the broker loses."""
    for stage_run_id in stage_run_ids:
        if not _enqueue(tasks.run_stage, stage_run_id=stage_run_id):
            return


@receiver(signals.run_ready_to_settle, dispatch_uid="racine.enqueue_settling")
def enqueue_settling(run_id: int, **_: Any) -> None:
    """One task; the sweeper repeats it when the broker loses it."""
    _enqueue(tasks.settle_run, run_id=run_id)


@receiver(signals.undo_ready, dispatch_uid="racine.enqueue_undo")
def enqueue_undo(undo_id: int, **_: Any) -> None:
    """One task; the sweeper repeats it when the broker loses it."""
    _enqueue(tasks.work_on_undo, undo_id=undo_id)


def _enqueue(task: Task[Any, Any], **ids: int) -> bool:
    try:
        task.delay(**ids)
    except Exception as error:  # noqa: BLE001, RUF100  # brokers raise what they like
        logger.warning("The broker did not take %s: %s", task.name, type(error).__name__)
        return False
    return True


@receiver(signals.stage_ended, dispatch_uid="racine.measure_stage")
def measure_stage(stage: str, outcome: str, seconds: float, **_: Any) -> None:
    """Prometheus counts stages by outcome."""
    metrics.STAGE_SECONDS.labels(stage, outcome).observe(seconds)


@receiver(signals.run_finished, dispatch_uid="racine.measure_run")
def measure_run(run: Run, **_: Any) -> None:
    """Prometheus counts runs by outcome."""
    metrics.RUNS.labels(run.state).inc()
    if run.finished_at:
        metrics.RUN_SECONDS.observe(run.measure_until(run.finished_at))
