"""Facts about jobs and batches, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries job as DiscoveryJob; wakes agents that wait for work.
job_opened = Signal()
# Carries job, batch.
batch_accepted = Signal()
batch_quarantined = Signal()
# Carries job.
job_progressed = Signal()
job_closed = Signal()
job_failed = Signal()
job_cancelled = Signal()
# Carries doubt as AbsenceDoubt, when a person has decided on it.
absence_decided = Signal()
# Carries job, lines as list[(level, message)].
job_logged = Signal()
