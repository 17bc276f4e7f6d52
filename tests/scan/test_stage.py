"""The stage: measures are stored once per job, isolated tables are found at the end."""

from __future__ import annotations

import uuid

from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.datasources.models import DataSource
from apps.discovery.models import Dataset, DiscoveryJob
from apps.discovery.panels import list_panels
from apps.discovery.selectors import load_batch
from apps.discovery.types import RunScope, StageOutcome
from apps.scan.models import DatasetMeasurement, FieldMeasurement
from apps.scan.panels import load_history, load_profile
from apps.scan.selectors import load_field_measurements, load_measurements
from apps.scan.stage import ScanStage
from apps.scan.types import Flag
from datawave_edge.protocol import ForeignKey, TableSnapshot
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_table, make_unchanged
from tests.people import People


def scan(source: DataSource, *tables: TableSnapshot) -> tuple[DiscoveryJob, StageOutcome]:
    """Send tables as an agent would and run the stage on their batch."""
    job, (batch,) = feed_job(source, tables)
    content = load_batch(batch.pk)
    stage = ScanStage()
    outcome = stage.store(content, stage.compute(content))
    # Storing again changes nothing, as a retry would.
    assert stage.store(content, stage.compute(content)) is not None
    return job, outcome


def settle(job: DiscoveryJob) -> StageOutcome:
    scope = RunScope(run_id=uuid.uuid4(), job_id=job.pk, source_id=job.source_id)
    return ScanStage().settle(scope)


def test_table_is_measured_when_a_batch_is_scanned(people: People) -> None:
    _, outcome = scan(people.source, make_table("orders", row_count=12, size_bytes=4096))
    row = DatasetMeasurement.objects.get()
    assert (row.row_count, row.size_bytes, row.column_count) == (12, 4096, 2)
    assert FieldMeasurement.objects.count() == 2
    assert outcome.counters["tables"] == 1
    assert outcome.counters["columns"] == 2


def test_history_grows_when_the_table_has_changed(people: People) -> None:
    scan(people.source, make_table("orders", row_count=12))
    scan(people.source, make_table("orders", row_count=20))
    dataset = Dataset.objects.get()
    assert load_measurements([dataset.pk])[dataset.pk].row_count == 20
    assert load_history(dataset, people.bob, RequestFactory().get("/"))["row_counts"] == [12, 20]
    assert FieldMeasurement.objects.count() == 2


def test_nothing_is_written_when_the_table_is_unchanged(people: People) -> None:
    table = make_table("orders")
    scan(people.source, table)
    _, outcome = scan(people.source, make_unchanged(table))
    assert DatasetMeasurement.objects.count() == 1
    assert outcome.counters["tables"] == 1


def test_queries_stay_the_same_when_a_batch_is_larger(people: People) -> None:
    def count(tables: int) -> int:
        listed = [make_table(f"t{tables}_{n}") for n in range(tables)]
        _, (batch,) = feed_job(people.source, listed)
        content = load_batch(batch.pk)
        with CaptureQueriesContext(connection) as queries:
            ScanStage().store(content, ScanStage().compute(content))
        return len(queries)

    assert count(1) == count(8)


def test_table_is_alone_no_more_when_a_new_one_refers_to_it(people: People) -> None:
    alone = make_table("alone")
    job, _ = scan(people.source, alone)
    settle(job)
    key = ForeignKey(
        columns=["id"], target_container="main", target_name="alone", target_columns=["id"]
    )
    job, _ = scan(people.source, make_unchanged(alone), make_table("new", foreign_keys=[key]))
    assert settle(job).counters["isolated"] == 0
    assert Flag.ISOLATED not in DatasetMeasurement.objects.get(dataset__name="alone").flags


def test_table_is_isolated_when_nothing_refers_to_it(people: People) -> None:
    key = ForeignKey(
        columns=["customer_id"], target_container="main", target_name="customers",
        target_columns=["id"],
    )  # fmt: skip
    orders = make_table("orders", ["id", "customer_id"], foreign_keys=[key])
    view = make_table("totals", ["n"], kind="view")
    job, _ = scan(people.source, orders, make_table("customers"), make_table("alone"), view)
    assert settle(job).counters["isolated"] == 1
    rows = DatasetMeasurement.objects.select_related("dataset")
    assert [row.dataset.name for row in rows if Flag.ISOLATED in row.flags] == ["alone"]
    settle(job)
    assert DatasetMeasurement.objects.get(dataset__name="alone").flags.count("isolated") == 1


def test_profile_is_shown_with_titles_when_opened(people: People) -> None:
    scan(people.source, make_table("orders", ["a"]))
    dataset = Dataset.objects.get()
    context = load_profile(dataset, people.bob, RequestFactory().get("/"))
    assert [column["field"].name for column in context["columns"]] == ["a"]
    assert {"value": "no_primary_key", "title": "No primary key"} in context["flags"]


def test_profile_comes_in_pages_when_a_table_is_very_wide(people: People) -> None:
    names = [f"c{number:03}" for number in range(130)]
    scan(people.source, make_table("wide", names))
    dataset = Dataset.objects.get()
    pages = [
        load_profile(dataset, people.bob, RequestFactory().get(f"/?page={at}")) for at in (1, 2)
    ]
    shown = [[column["field"].name for column in page["columns"]] for page in pages]
    assert shown == [names[:100], names[100:]]


def test_history_is_empty_for_a_stranger_when_asked(people: People) -> None:
    scan(people.source, make_table("orders"))
    dataset = Dataset.objects.get()
    assert list(load_history(dataset, people.charlie, RequestFactory().get("/"))["changes"]) == []


def test_measures_are_given_by_field_when_others_ask(people: People) -> None:
    scan(people.source, make_table("orders"))
    dataset = Dataset.objects.get()
    found = load_field_measurements([dataset.pk])
    assert {each.null_rate for each in found.values()} == {0.0}


def test_tabs_render_on_the_asset_page_when_opened(people: People, sign_in: SignIn) -> None:
    scan(people.source, make_table("orders"))
    assert {"profile", "history"} <= {panel.slug for panel in list_panels()}
    url = reverse("catalog:asset", args=[Dataset.objects.get().public_id])
    client = sign_in(people.bob)
    for slug in ("profile", "history"):
        assert client.get(f"{url}?tab={slug}").status_code in (200, 302)
    assert sign_in(people.charlie).get(url).status_code == 404


def test_changes_are_counted_when_the_schema_differs_from_the_last_run(people: People) -> None:
    first, _ = scan(people.source, make_table("orders", ["id", "note"]))
    second, _ = scan(people.source, make_table("orders", ["id", "total"]))
    counters = settle(second).counters
    assert counters["column_added"] == 1
    assert counters["column_removed"] == 1
    assert counters["changes"] == 2
    assert "column_added" not in settle(first).counters
