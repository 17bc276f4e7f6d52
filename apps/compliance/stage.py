"""The compliance stage: asks the rules of the packs in use, and keeps the findings."""

from __future__ import annotations

from apps.discovery.types import BatchContent, RunScope, StageOutcome

from . import services
from .checks import Outcomes


class ComplianceStage:
    """Rules on structure are asked per batch; those that need labels once all are decided."""

    name = "compliance"
    title = "Compliance check"
    description = "Asks the rules of the packs in use"
    icon = "shield-check"
    order = 40

    def compute(self, batch: BatchContent) -> Outcomes:
        """Ask the rules that need structure alone."""
        return services.check_structure(source_id=batch.source_id, tables=batch.tables)

    def store(self, batch: BatchContent, result: Outcomes) -> StageOutcome:
        """Write what they found."""
        found = services.store_structure(source_id=batch.source_id, outcomes=result)
        return StageOutcome(counters={"findings": found})

    def settle(self, run: RunScope) -> StageOutcome:
        """Ask every rule over the whole source."""
        found = services.check_whole_source(source_id=run.source_id)
        return StageOutcome(counters={"findings": found})
