"""Prometheus figures of our own: runs, stages, batches, and how much waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apps.discovery.types import OPEN_JOB_STATES
from apps.notifications.selectors import list_due_deliveries

from .models import Run, StageRun
from .types import OPEN_STAGE_STATES

RUNS = Counter("datawave_runs", "Runs that ended, by state.", ["state"])
RUN_SECONDS = Histogram(
    "datawave_run_seconds",
    "From the press of the button to the end of a run.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400),
)
STAGE_SECONDS = Histogram(
    "datawave_stage_seconds",
    "One stage on one batch, by outcome.",
    ["stage", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600),
)
BATCHES = Counter("datawave_batches", "Batches that agents sent, by outcome.", ["outcome"])


class QueueCollector(Collector):
    """Counts what waits when it is asked, so that every process tells the same."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: describing must not look into the database while the process starts."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Runs and stage runs that are open, jobs without or with an agent, e-mails due."""
        try:
            yield from self._count()
        except DatabaseError:
            # Metrics of the process itself must be readable when the database is not.
            return

    def _count(self) -> list[GaugeMetricFamily]:
        stages = GaugeMetricFamily(
            "datawave_stage_runs_open", "Stage runs that are not over.", labels=["state"]
        )
        rows = StageRun.objects.order_by().values("state").filter(state__in=OPEN_STAGE_STATES)
        counted = {row["state"]: row["rows"] for row in rows.annotate(rows=Count("pk"))}
        for state in OPEN_STAGE_STATES:
            stages.add_metric([state.value], counted.get(state.value, 0))
        open_jobs = Run.objects.active().filter(job__state__in=OPEN_JOB_STATES).count()
        return [
            stages,
            GaugeMetricFamily(
                "datawave_runs_active", "Runs that are not over.", Run.objects.active().count()
            ),
            GaugeMetricFamily("datawave_jobs_open", "Jobs that agents work on.", open_jobs),
            GaugeMetricFamily(
                "datawave_deliveries_due", "E-mails to be sent.", list_due_deliveries().count()
            ),
        ]


def register_metrics() -> None:
    """Add the collector to the process's registry."""
    REGISTRY.register(QueueCollector())
