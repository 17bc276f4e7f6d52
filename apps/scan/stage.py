"""The stage that measures what tables look like."""

from __future__ import annotations

from apps.discovery.types import BatchContent, RunScope, StageOutcome

from . import services
from .measures import TableMeasures


class ScanStage:
    """Row counts, completeness, quality and structural flags."""

    name = "scan"
    title = "Metadata scan"
    description = "Measures size, completeness and structure"
    icon = "table"
    order = 10

    def compute(self, batch: BatchContent) -> dict[int, TableMeasures]:
        """Measure without writing."""
        return services.measure_batch(batch)

    def store(self, batch: BatchContent, result: dict[int, TableMeasures]) -> StageOutcome:
        """Write the measures."""
        return services.store_measures(batch=batch, measures=result)

    def settle(self, run: RunScope) -> StageOutcome:
        """Flag tables without relationships."""
        return services.settle_source(source_id=run.source_id, job_id=run.job_id)
