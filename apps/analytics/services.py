"""Takes down each run as the conductor reports it."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from apps.notifications import services as notifications

from .models import RunRecord
from .types import RunMeasure


@transaction.atomic
def record_run(*, measure: RunMeasure) -> RunRecord:
    """Keep the newest measurements of a run; told again, they replace the older ones."""
    values = asdict(measure)
    run_id, rested = values.pop("run_id"), values.pop("rested_seconds")
    if measure.finished_at is not None:
        took = measure.finished_at - measure.started_at
        values["duration_seconds"] = took.total_seconds() - rested
    record, _ = RunRecord.objects.update_or_create(run_id=run_id, defaults=values)
    # Without data: what the overview shows depends on who looks.
    notifications.publish_event(topic="overview", kind="changed", data={})
    return record
