"""What an agent is given that takes a job up after another one, or without its own spool."""

from __future__ import annotations

from collections import defaultdict

from apps.discovery import signals
from apps.discovery.models import Batch, BatchItem, DiscoveryJob
from apps.discovery.selectors import find_acked_seq
from apps.discovery.types import BatchState, ItemOutcome
from datawave.common import announcing
from datawave_edge.protocol import batch_sha256

READ = (ItemOutcome.STORED, ItemOutcome.UNCHANGED)
NOTHING = b""


def fill_gaps(job: DiscoveryJob) -> None:
    """Let empty batches take the numbers that only the agent before had batches for.

    It sent several at once and was lost before all were here. Whoever follows would use their
    numbers, and those behind them, for other batches, which is a contradiction.
    """
    acked = find_acked_seq(job.pk)
    held = set(job.batches.filter(seq__gt=acked).values_list("seq", flat=True))
    for seq in sorted(set(range(acked + 1, max(held, default=acked))) - held):
        batch = Batch.objects.create(
            job=job,
            seq=seq,
            sha256=batch_sha256(NOTHING),
            epoch=job.epoch,
            state=BatchState.ACCEPTED,
        )
        announcing.announce(signals.batch_accepted, Batch, job=job, batch=batch)


def list_told(job_id: int, acked: int) -> dict[str, list[str]]:
    """Container -> names of the tables that batches up to that number have told whole.

    Those that could not be read are left out: another agent may have more luck.
    """
    items = BatchItem.objects.filter(batch__job=job_id, batch__seq__lte=acked, outcome__in=READ)
    told: dict[str, set[str]] = defaultdict(set)
    for container, name in items.order_by().values_list("container", "name").distinct():
        told[container].add(name)
    return {container: sorted(names) for container, names in told.items()}
