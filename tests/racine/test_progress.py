"""Progress that is true: what is expected, what is left, the log by level, and few queries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.racine import services
from apps.racine.models import Run, RunEvent
from apps.racine.run_log import render_log
from apps.racine.selectors import LOG_LINES, load_live
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_table, open_stream
from tests.factories import make_agent, make_source
from tests.people import People

from .conftest import WorkOff
from .test_rest import client_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]


def live(run: Run) -> dict[str, Any]:
    return load_live(Run.objects.select_related("job__agent").get(pk=run.pk))


def test_expected_is_about_as_before_until_the_agent_has_listed(
    run: Run, people: People, work_off: WorkOff
) -> None:
    assert live(run)["expected"] is None
    feed_job(run.source, [make_table("a"), make_table("b")], run=run)
    work_off()
    second = services.start_run(source=people.source, user=people.alice)
    assert live(second)["expected"] == {"tables": 2, "about": True}
    job, _ = open_stream(second.source, job=second.job)
    job.listed = 7
    job.save()
    assert live(second)["expected"] == {"tables": 7, "about": False}


def test_nothing_is_guessed_when_it_is_late_or_waits(
    run: Run, people: People, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    second = services.start_run(source=people.source, user=people.alice)
    assert live(second)["eta_seconds"] is None
    open_stream(second.source, job=second.job)
    long_ago = timezone.now() - dt.timedelta(hours=1)
    Run.objects.filter(pk=second.pk).update(reading_since=long_ago)
    assert live(second)["eta_seconds"] is None


def test_rest_is_not_learnt_from_when_an_earlier_run_was_resumed(
    run: Run, people: People, work_off: WorkOff
) -> None:
    services.cancel_run(run=run, user=people.alice)
    services.resume_run(run=run, user=people.alice)
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    friday = timezone.now() - dt.timedelta(hours=60)
    Run.objects.filter(pk=run.pk).update(reading_since=friday)
    second = services.start_run(source=people.source, user=people.alice)
    open_stream(second.source, job=second.job)
    assert live(second)["eta_seconds"] is None


def test_nothing_is_guessed_when_the_run_itself_was_taken_up_again(
    run: Run, people: People, work_off: WorkOff
) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    Run.objects.update(finished_at=timezone.now() + dt.timedelta(hours=1))
    second = services.start_run(source=people.source, user=people.alice)
    feed_job(second.source, [make_table("a")], run=second)
    assert live(second)["eta_seconds"] > 3000
    work_off()
    services.rerun_stage(run=second, stage="fake", user=people.alice)
    assert live(second)["eta_seconds"] is None


def add_lines(run: Run, count: int, level: str = "info") -> None:
    RunEvent.objects.bulk_create(
        RunEvent(run=run, source="agent", level=level, message=f"{level} {number}")
        for number in range(count)
    )


def test_page_says_how_many_lines_are_left_out(run: Run, people: People, sign_in: SignIn) -> None:
    own = RunEvent.objects.filter(run=run).count()
    assert live(run)["log_cut"] == 0
    add_lines(run, LOG_LINES + 5)
    assert live(run)["log_cut"] == own + 5
    page = sign_in(people.bob).get(reverse("racine:run-detail", args=[run.public_id]))
    assert f"{own + 5} earlier lines are not shown here" in page.content.decode()


def test_file_says_how_many_lines_are_left_out(run: Run) -> None:
    RunEvent.objects.filter(run=run).delete()
    add_lines(run, 10)
    lines = list(render_log(run, cap=4))
    assert lines[0] == "(6 earlier lines are left out)\n"
    assert [line.split()[-1] for line in lines[1:]] == ["6", "7", "8", "9"]
    assert len(list(render_log(run, cap=10))) == 10


@pytest.mark.parametrize(
    ("level", "kept"),
    [("", 3), ("info", 3), ("warning", 2), ("error", 1), ("nonsense", 3)],
)
def test_log_is_narrowed_when_a_level_is_given(
    run: Run, people: People, sign_in: SignIn, level: str, kept: int
) -> None:
    RunEvent.objects.filter(run=run).delete()
    for each in ("info", "warning", "error"):
        add_lines(run, 1, each)
    url = reverse("racine:run-log", args=[run.public_id])
    text = sign_in(people.bob).get(url, {"level": level})
    assert len(text.content.decode().splitlines()) == kept
    api = client_of(people.bob).get(f"/api/v1/runs/{run.public_id}/log/", {"level": level})
    assert api.json()["count"] == kept
    assert client_of(people.charlie).get(f"/api/v1/runs/{run.public_id}/log/").status_code == 404


def test_queries_stay_few_when_batches_are_many(
    run: Run, people: People, sign_in: SignIn, work_off: WorkOff
) -> None:
    ada = sign_in(people.ada)

    def count(shown: Run) -> int:
        url = reverse("racine:run-detail", args=[shown.public_id])
        with CaptureQueriesContext(connection) as queries:
            assert ada.get(url).status_code == 200
        return len(queries)

    feed_job(run.source, [make_table("t")], run=run, close=False)
    count(run)
    few = count(run)
    source = make_source("other", agent=make_agent("edge"))
    many = services.start_run(source=source, user=people.ada)
    tables = [make_table(f"t{number}") for number in range(120)]
    feed_job(source, tables, run=many, tables_per_batch=2, close=False)
    assert many.stage_runs.count() == 60
    assert count(many) <= few + 2
