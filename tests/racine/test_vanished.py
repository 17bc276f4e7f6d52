"""A run whose listing lost too much says so, asks, and tells what was decided."""

from __future__ import annotations

from typing import Any

from apps.discovery import services as discovery
from apps.discovery.models import AbsenceDoubt
from apps.discovery.types import DoubtState
from apps.racine import services
from apps.racine.models import Run, RunEvent
from apps.racine.types import RunState
from tests.discovery.factories import feed_job, make_table, make_unchanged
from tests.people import People

TABLES = [make_table(f"t{number:02}") for number in range(20)]


def test_run_ends_with_errors_and_asks_when_most_tables_vanished(
    run: Run,
    people: People,
    work_off: Any,
    sign_in: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        feed_job(run.source, list(TABLES), run=run)
    work_off()
    again = services.start_run(source=run.source, user=people.alice)
    with django_capture_on_commit_callbacks(execute=True):
        feed_job(run.source, [make_unchanged(table) for table in TABLES[:8]], run=again)
    work_off()
    again.refresh_from_db()
    assert again.state == RunState.COMPLETED_WITH_ERRORS
    assert again.summary["troubles"] == [
        "12 tables are no longer listed, too many at once: say whether they are gone."
    ]
    doubt = AbsenceDoubt.objects.get()
    page = sign_in(people.alice).get(f"/runs/{again.public_id}/").content.decode()
    assert f"/absences/{doubt.public_id}/" in page
    with django_capture_on_commit_callbacks(execute=True):
        discovery.decide_absence(doubt=doubt, user=people.alice, decision=DoubtState.KEPT)
    lines = RunEvent.objects.filter(run=again).values_list("message", flat=True)
    assert "12 tables no longer listed: kept, said alice." in lines
    page = sign_in(people.alice).get(f"/runs/{again.public_id}/").content.decode()
    assert f"/absences/{doubt.public_id}/" not in page
