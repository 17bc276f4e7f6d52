"""The catalog stage: an entry for each table, drafted from what the table is made of."""

from __future__ import annotations

from apps.discovery.types import BatchContent, RunScope, StageOutcome

from . import services
from .entries import Draft, draft_table


class CatalogStage:
    """Drafts entries while the agent still streams; relates and publishes them at the end."""

    name = "catalog"
    title = "Catalog"
    description = "Describes, relates and indexes each table"
    icon = "books"
    order = 30

    def compute(self, batch: BatchContent) -> list[Draft]:
        """Draft the entries of the batch."""
        return [draft_table(table) for table in batch.tables]

    def store(self, batch: BatchContent, result: list[Draft]) -> StageOutcome:
        """Write the drafts."""
        services.store_drafts(source_id=batch.source_id, tables=batch.tables, drafts=result)
        return StageOutcome(counters={"entries": len(result)})

    def settle(self, run: RunScope) -> StageOutcome:
        """Relate, sum up and publish the entries of the source."""
        settled = services.settle_source(source_id=run.source_id)
        return StageOutcome(
            counters={"published": settled.entries, "relationships": settled.relationships}
        )
