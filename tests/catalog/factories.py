"""Runs the catalog stage over tables as a run would."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.catalog.models import CatalogEntry
from apps.catalog.stage import CatalogStage
from apps.classification.stage import ClassificationStage
from apps.datasources.models import DataSource
from apps.discovery.models import DiscoveryJob
from apps.discovery.selectors import load_batch
from apps.discovery.services import settle_absence
from apps.discovery.stages import Stage
from apps.discovery.types import RunScope, StageOutcome
from datawave_edge.protocol import Record, TableSnapshot
from tests.discovery.factories import feed_job


def run_stages(
    source: DataSource,
    tables: Sequence[TableSnapshot | Record],
    *stages: Stage,
    tables_per_batch: int = 8,
    settle: bool = True,
) -> dict[str, StageOutcome]:
    """One whole discovery through the stages; the outcome of settling each."""
    job, batches = feed_job(source, tables, tables_per_batch=tables_per_batch)
    for batch in batches:
        content = load_batch(batch.pk)
        for stage in stages:
            stage.store(content, stage.compute(content))
    return settle_stages(job, *stages) if settle else {}


def settle_stages(job: DiscoveryJob, *stages: Stage) -> dict[str, StageOutcome]:
    """Settle as racine does: absence first, then the stages in their order."""
    scope = RunScope(run_id=uuid.uuid4(), job_id=job.pk, source_id=job.source_id)
    settle_absence(run=scope)
    return {stage.name: stage.settle(scope) for stage in stages}


def catalogue(
    source: DataSource, tables: Sequence[TableSnapshot | Record], *, tables_per_batch: int = 8
) -> dict[str, StageOutcome]:
    """A discovery with classification and catalog."""
    stages = (ClassificationStage(), CatalogStage())
    return run_stages(source, tables, *stages, tables_per_batch=tables_per_batch)


def entry_of(name: str) -> CatalogEntry:
    """The entry of the table of that name."""
    return CatalogEntry.objects.select_related("dataset__source").get(dataset__name=name)
