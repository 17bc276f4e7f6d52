"""Paths of documents are fields of their dataset, and one sample without them is no drop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from apps.datasources.models import DataSource
from apps.discovery.models import Batch, Dataset, Field, SchemaChange
from apps.discovery.paths import READINGS
from apps.discovery.selectors import load_dataset_table
from apps.discovery.services import take_back_job
from apps.discovery.types import BatchState, FieldState
from datawave_edge.protocol import ColumnSnapshot, TableSnapshot
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .factories import (
    feed_job,
    make_column,
    make_path,
    make_profile,
    make_table,
    open_stream,
    send_batch,
)

MAIL = {"email": 1.0}


@pytest.fixture
def source(db: None) -> DataSource:
    return make_source("crm")


def make_events(
    *paths: str, rows: int = 100, columns: Sequence[str | ColumnSnapshot] = ()
) -> TableSnapshot:
    """A table whose documents show these paths, read from so many rows."""
    doc = make_column("doc", "json", profile=make_profile(rows=rows))
    return make_table(
        "events",
        [make_column("id", "integer", key_position=1), doc, *columns],
        paths=[make_path("doc", path, hits=MAIL) for path in paths],
    )


def read(source: DataSource, *tables: TableSnapshot) -> Any:
    """One discovery of these tables; a different row count makes each a new version."""
    job, _ = feed_job(source, tables)
    return job


def list_active() -> list[str]:
    return [str(each) for each in Field.objects.filter(state=FieldState.ACTIVE)]


def list_changes() -> list[tuple[str, str]]:
    return list(SchemaChange.objects.order_by("pk").values_list("kind", "field_name"))


def test_paths_are_fields_beneath_their_column_when_documents_were_opened(
    source: DataSource,
) -> None:
    read(source, make_events("mail", "lines[].sku", columns=["zone"]))
    assert list_active() == ["id", "doc", "doc.lines[].sku", "doc.mail", "zone"]
    mail = Field.objects.get(name="doc.mail")
    assert (mail.path_of, mail.path, mail.ordinal, mail.type) == ("doc", "mail", 2, "text")
    assert Dataset.objects.get().column_count == 3
    table = load_dataset_table(mail.dataset_id)
    assert table.field_ids["doc.mail"] == mail.pk


def test_nothing_is_told_as_drift_when_a_column_is_opened_first(source: DataSource) -> None:
    read(source, make_events())
    read(source, make_events("mail"))
    assert list_changes() == []
    read(source, make_events("mail", "phone"))
    assert list_changes() == [("path_added", "doc.phone")]


def test_path_stays_with_its_profile_when_a_sample_does_not_show_it(source: DataSource) -> None:
    read(source, make_events("mail", "phone"))
    before = Field.objects.get(name="doc.phone")
    read(source, make_events("mail"))
    assert "doc.phone" in list_active()
    assert list_changes() == []
    table = load_dataset_table(before.dataset_id).snapshot
    phone = next(each for each in table.paths if each.name == "doc.phone")
    assert phone.profile is not None
    assert phone.profile.hits == MAIL


def test_path_goes_when_enough_readings_in_a_row_do_not_show_it(source: DataSource) -> None:
    read(source, make_events("mail", "phone"))
    for rows in range(READINGS - 1):
        read(source, make_events("mail", rows=50 + rows))
    assert "doc.phone" in list_active()
    read(source, make_events("mail", "phone"))
    for rows in range(READINGS):
        assert "doc.phone" in list_active()
        read(source, make_events("mail", rows=70 + rows))
    assert "doc.phone" not in list_active()
    assert list_changes()[-1] == ("path_removed", "doc.phone")
    read(source, make_events("mail", "phone", rows=99))
    assert "doc.phone" in list_active()
    assert list_changes()[-1] == ("path_added", "doc.phone")


def test_readings_without_values_count_for_nothing(source: DataSource) -> None:
    read(source, make_events("mail"))
    blank = msgspec.structs.replace(make_column("doc", "json"), profile=None)
    unread = make_table("events", [make_column("id", key_position=1), blank])
    for number in range(READINGS + 1):
        read(source, make_events(rows=number % 4))
        read(source, unread)
    assert "doc.mail" in list_active()


def test_paths_go_at_once_when_their_column_does(source: DataSource) -> None:
    read(source, make_events("mail"))
    read(source, make_table("events", [make_column("id", "integer", key_position=1), "other"]))
    assert list_active() == ["id", "other"]
    assert ("column_removed", "doc") in list_changes()
    assert "path_removed" not in [kind for kind, _ in list_changes()]


def test_paths_are_as_before_when_the_run_is_taken_back(source: DataSource) -> None:
    read(source, make_events("mail"))
    job = read(source, make_events("mail", "phone"))
    take_back_job(job_id=job.pk)
    assert list_active() == ["id", "doc", "doc.mail"]
    assert not Field.objects.filter(name="doc.phone").exists()


@pytest.mark.parametrize(
    ("columns", "paths", "reason"),
    [
        (["a"], ["x"], "path_unknown"),
        (["doc"], ["x", "x"], "duplicate_column"),
        (["doc", "doc.x"], ["x"], "duplicate_column"),
        (["doc"], ["é" * 999], "name_too_long"),
    ],
)
def test_batch_is_set_aside_when_its_paths_make_no_sense(
    source: DataSource, columns: list[str], paths: list[str], reason: str
) -> None:
    job, agent = open_stream(source)
    table = make_table("t", columns, paths=[make_path("doc", path) for path in paths])
    ack = send_batch(job, agent, 0, [table])
    assert ack.status == "quarantined"
    assert reason in ack.rejected[0]
    assert Batch.objects.get().state == BatchState.QUARANTINED


def test_paths_are_told_by_the_api_when_one_may_see_the_source(
    people: People, sign_in: SignIn
) -> None:
    read(people.source, make_events("mail"))
    for person in (people.alice, people.bob):
        rows = sign_in(person).get("/api/v1/fields/?path_of=doc").json()["results"]
        assert [(row["name"], row["path_of"]) for row in rows] == [("doc.mail", "doc")]
    assert sign_in(people.charlie).get("/api/v1/fields/?path_of=doc").json()["results"] == []
