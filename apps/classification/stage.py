"""The stage that says what columns mean."""

from __future__ import annotations

from apps.discovery.types import BatchContent, RunScope, StageOutcome

from . import services
from .judge import Verdict


class ClassificationStage:
    """Judges every table of a batch; a table is judged whole, so nothing is left to settle."""

    name = "classification"
    title = "Classification"
    description = "Says what each column means and how sensitive it is"
    icon = "fingerprint"
    order = 20

    def compute(self, batch: BatchContent) -> dict[int, Verdict]:
        """Judge without writing."""
        return services.judge_batch(batch)

    def store(self, batch: BatchContent, result: dict[int, Verdict]) -> StageOutcome:
        """Write the labels."""
        return services.store_verdicts(batch=batch, verdicts=result)

    def settle(self, run: RunScope) -> StageOutcome:
        """Nothing needs the whole source."""
        return StageOutcome()
