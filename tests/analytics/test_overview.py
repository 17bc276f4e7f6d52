"""The overview and the measurements it rests on."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.analytics import services
from apps.analytics.models import RunRecord
from apps.analytics.selectors import load_overview
from apps.analytics.types import RunMeasure
from apps.classification.models import Label
from apps.compliance.models import Finding
from apps.datasources.models import DataSource
from apps.discovery.models import Dataset, Field
from apps.notifications.models import Event
from apps.rbac.models import User
from tests.conftest import SignIn
from tests.factories import make_agent, make_source
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """What other tests' people saw is forgotten."""
    cache.clear()


def record(source: DataSource, seconds: float = 4, **fields: Any) -> RunRecord:
    started = fields.pop("started_at", timezone.now() - dt.timedelta(hours=1))
    values: dict[str, Any] = {
        "run_id": uuid.uuid4(),
        "number": RunRecord.objects.count() + 1,
        "source_id": source.pk,
        "state": "completed",
        "trigger": "person",
        "started_by_id": None,
        "started_at": started,
        "finished_at": started + dt.timedelta(seconds=seconds),
        "counts": {"tables": 2, "columns": 10, "labels": 4, "findings": 1},
        **fields,
    }
    return services.record_run(measure=RunMeasure(**values))


def make_table(source: DataSource, name: str = "customers", columns: int = 4) -> list[Field]:
    dataset = Dataset.objects.create(
        source=source, container="main", name=name, kind="table", column_count=columns
    )
    return [
        Field.objects.create(dataset=dataset, name=f"c{number}", ordinal=number)
        for number in range(columns)
    ]


def make_label(field: Field, **fields: Any) -> Label:
    values = {"semantic_type": "email", "sensitivity": "confidential", **fields}
    return Label.objects.create(field=field, judged_at=timezone.now(), **values)


def make_finding(source: DataSource, **fields: Any) -> Finding:
    values = {
        "key": uuid.uuid4().hex,
        "rule_id": "PCI-1",
        "pack_id": "pci-dss-4.0.1",
        "pack_version": "1",
        "title": "Card numbers in clear",
        "citation": "3.5.1",
        "severity": "critical",
        "evidence_grade": "decisive",
        "message": "cards.number holds card numbers.",
        "remediation": "",
        "last_seen_at": timezone.now(),
        **fields,
    }
    return Finding.objects.create(source=source, **values)


def fill(people: People) -> None:
    """One source with a table, two labels, a finding and a run."""
    first, second, *_ = make_table(people.source)
    make_label(first)
    make_label(second, state="confirmed", sensitivity="restricted")
    make_finding(people.source)
    record(people.source)


def steps(user: User) -> dict[str, bool]:
    return {step.key: step.done for step in load_overview(user).first_steps}


# Measurements


def test_run_is_measured_once_when_told_again(people: People) -> None:
    run_id = uuid.uuid4()
    record(people.source, run_id=run_id, state="running", finished_at=None, number=7)
    kept = record(people.source, run_id=run_id, seconds=9, number=7)
    assert RunRecord.objects.count() == 1
    assert (kept.state, kept.duration_seconds) == ("completed", 9)
    assert Event.objects.filter(topic="overview").count() == 2


def test_events_tell_no_figures_when_run_is_measured(people: People) -> None:
    record(people.source)
    assert Event.objects.get(topic="overview").data == {}


# Overview


def test_it_works(people: People) -> None:
    fill(people)
    seen = load_overview(people.bob)
    assert (seen.sources, seen.tables, seen.columns) == (1, 1, 4)
    assert (seen.classified, seen.suggestions) == (0.5, 1)
    assert {share.key: share.count for share in seen.sensitivities} == {
        "restricted": 1,
        "confidential": 1,
        "internal": 0,
        "public": 0,
    }
    assert (seen.open_findings, seen.median_seconds) == (1, 4)
    assert [run.source for run in seen.recent_runs] == ["crm"]
    assert [concern.title for concern in seen.concerns] == ["cards.number holds card numbers."]


def test_nothing_is_shown_when_stranger(people: People) -> None:
    fill(people)
    seen = load_overview(people.charlie)
    assert (seen.sources, seen.tables, seen.columns, seen.open_findings) == (0, 0, 0, 0)
    assert (seen.classified, seen.recent_runs, seen.concerns) == (None, (), ())
    assert not any(sum(part["data"]) for part in seen.runs_chart["datasets"])


def test_people_see_their_own_when_cached(people: People) -> None:
    fill(people)
    assert load_overview(people.bob).columns == 4
    assert load_overview(people.charlie).columns == 0


def test_figures_are_new_at_once_when_a_run_ends(people: People) -> None:
    assert load_overview(people.bob).recent_runs == ()
    record(people.source)
    assert len(load_overview(people.bob).recent_runs) == 1


def test_abstentions_and_rejections_do_not_count_when_shared(people: People) -> None:
    first, second, third, _ = make_table(people.source)
    make_label(first, semantic_type="")
    make_label(second, state="rejected")
    make_label(third)
    seen = load_overview(people.bob)
    assert (seen.classified, seen.suggestions) == (0.25, 1)


def test_dropped_tables_do_not_count_when_summed(people: People) -> None:
    make_table(people.source)
    Dataset.objects.update(state="dropped")
    assert load_overview(people.bob).columns == 0


def test_runs_are_counted_by_day_when_charted(people: People) -> None:
    now = timezone.now()
    for days, state in ((0, "completed"), (0, "failed"), (3, "completed_with_errors"), (40, "x")):
        record(people.source, started_at=now - dt.timedelta(days=days), state=state)
    chart = load_overview(people.bob).runs_chart
    sums = {part["label"]: part["data"] for part in chart["datasets"]}
    assert len(chart["labels"]) == 14
    assert (sums["Completed"][13], sums["Failed"][13], sums["With errors"][10]) == (1, 1, 1)
    assert sum(map(sum, sums.values())) == 3


def test_failure_needs_attention_when_it_is_the_newest(people: People) -> None:
    now = timezone.now()
    record(people.source, started_at=now - dt.timedelta(hours=3), state="failed")
    assert [concern.kind for concern in load_overview(people.bob).concerns] == ["run"]
    record(people.source, started_at=now - dt.timedelta(hours=2))
    assert load_overview(people.bob).concerns == ()


def test_steps_tick_themselves_when_done(people: People) -> None:
    assert steps(people.charlie) == dict.fromkeys(
        ("source", "agent", "run", "label", "finding"), False
    )
    cache.clear()
    assert steps(people.bob)["source"]
    make_agent("edge", embedded=True, last_seen_at=timezone.now())
    fill(people)
    assert steps(people.bob) == dict.fromkeys(("source", "agent", "run", "label"), True) | {
        "finding": False
    }
    Finding.objects.update(state="acknowledged")
    cache.clear()
    assert steps(people.bob)["finding"]
    assert load_overview(people.bob).started


@pytest.mark.parametrize("who", ["ada", "bob", "charlie"])
def test_few_queries_are_made_when_estate_is_large(who: str, people: People) -> None:
    fill(people)
    for number in range(20):
        source = make_source(f"more{number}")
        make_label(make_table(source)[0])
        make_finding(source)
        record(source)
    user = User.objects.get(username=who)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        load_overview(user)
    assert len(queries) <= 15, [query["sql"][:90] for query in queries]


# Doors


def test_page_shows_the_overview_when_signed_in(people: People, sign_in: SignIn) -> None:
    fill(people)
    page = sign_in(people.bob).get("/").content.decode()
    assert "cards.number holds card numbers." in page
    assert 'data-live-refresh="overview"' in page
    assert "cards.number" not in sign_in(people.charlie).get("/").content.decode()


def test_names_stay_text_when_hostile(people: People, sign_in: SignIn) -> None:
    name = "x'\"><script>alert(1)</script>%s{}{{7*7}}"
    people.source.name = name
    people.source.save()
    fill(people)
    page = sign_in(people.bob).get("/").content.decode()
    assert "<script>alert" not in page
    assert sign_in(people.bob).get("/api/v1/overview/").json()["recent_runs"][0]["source"] == name


def test_only_figures_come_when_htmx_refreshes(people: People, sign_in: SignIn) -> None:
    headers = {"HX-Request": "true", "HX-Target": "overview"}
    page = sign_in(people.bob).get("/", headers=headers).content.decode()
    assert page.lstrip().startswith('<div id="overview"')


def test_overview_is_given_when_asked_by_rest(people: People, sign_in: SignIn) -> None:
    fill(people)
    seen = sign_in(people.bob).get("/api/v1/overview/").json()
    assert (seen["columns"], seen["open_findings"], len(seen["kpis"])) == (4, 1, 4)
    assert sign_in(people.charlie).get("/api/v1/overview/").json()["columns"] == 0


def test_measurements_are_listed_when_asked_by_rest(people: People, sign_in: SignIn) -> None:
    kept = record(people.source)
    record(make_source("other"), state="failed")
    client = sign_in(people.bob)
    [row] = client.get("/api/v1/run-records/").json()["results"]
    assert (row["run_id"], row["source_name"]) == (str(kept.run_id), "crm")
    assert client.get("/api/v1/run-records/?state=failed").json()["count"] == 0
    assert client.get(f"/api/v1/run-records/{kept.run_id}/").status_code == 200
    stranger = sign_in(people.charlie)
    assert stranger.get(f"/api/v1/run-records/{kept.run_id}/").status_code == 404
    admin = sign_in(people.ada).get("/api/v1/run-records/?ordering=-number").json()
    assert [row["source_name"] for row in admin["results"]] == ["other", "crm"]


def test_admin_page_opens_when_administrator(people: People, sign_in: SignIn) -> None:
    record(people.source)
    assert sign_in(people.ada).get("/admin/analytics/runrecord/").status_code == 200
