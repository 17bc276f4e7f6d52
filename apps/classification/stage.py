"""The stage that says what columns mean."""

from __future__ import annotations

from apps.discovery.types import BatchContent, RunScope, StageOutcome

from . import services
from .verdicts import Judged


class ClassificationStage:
    """Judges every table of a batch; a table is judged whole."""

    name = "classification"
    title = "Classification"
    description = "Says what each column means and how sensitive it is"
    icon = "fingerprint"
    order = 20

    def compute(self, batch: BatchContent) -> Judged:
        """Judge without writing."""
        return services.judge_batch(batch)

    def store(self, batch: BatchContent, result: Judged) -> StageOutcome:
        """Write the labels."""
        return services.store_verdicts(batch=batch, judged=result)

    def settle(self, run: RunScope) -> StageOutcome:
        """Sign-offs learn of changes in the structure."""
        return services.settle_run(run=run)
