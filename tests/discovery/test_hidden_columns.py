"""A column that the account may not see any more is no column that was removed."""

from __future__ import annotations

from typing import Any

from apps.datasources.models import DataSource
from apps.discovery import selectors
from apps.discovery.models import Dataset, Field, SchemaChange

from .factories import feed_job, make_column, make_path, make_table

SSN = make_column("ssn", hits={"ssn": 1.0}, ordinal=2)
WHOLE: list[Any] = [make_column("id", "integer", key_position=1, ordinal=1), SSN, "city"]
PART = make_table("t", ["id", make_column("city", ordinal=3)], columns_hidden=True)


def states() -> dict[str, str]:
    return dict(Field.objects.values_list("name", "state"))


def test_hidden_column_stays_as_it_was_when_its_grant_is_lost(source: DataSource) -> None:
    feed_job(source, [make_table("t", WHOLE)])
    feed_job(source, [PART])
    assert set(states().values()) == {"active"}
    assert not SchemaChange.objects.filter(kind="column_removed").exists()
    (table,) = selectors.load_dataset_tables(source.pk)
    assert [each.name for each in table.snapshot.columns] == ["id", "ssn", "city"]
    assert table.snapshot.columns[1] == SSN
    assert (table.snapshot.columns_hidden, Dataset.objects.get().column_count) == (True, 3)


def test_paths_of_a_hidden_column_stay_when_its_grant_is_lost(source: DataSource) -> None:
    column = make_column("doc", "json", ordinal=2)
    table = make_table("t", ["id", column], paths=[make_path("doc", "mail")])
    feed_job(source, [table])
    for _ in range(4):
        feed_job(source, [make_table("t", ["id"], columns_hidden=True)])
    assert states() == {"id": "active", "doc": "active", "doc.mail": "active"}


def test_column_is_removed_when_the_whole_table_is_seen_without_it(source: DataSource) -> None:
    feed_job(source, [make_table("t", WHOLE)])
    feed_job(source, [PART])
    feed_job(source, [make_table("t", ["id", make_column("city", ordinal=3)])])
    assert states() == {"id": "active", "ssn": "removed", "city": "active"}
    gone = SchemaChange.objects.filter(kind="column_removed")
    assert [change.field_name for change in gone] == ["ssn"]


def test_new_table_is_stored_as_it_is_seen_when_some_columns_were_never_seen(
    source: DataSource,
) -> None:
    feed_job(source, [PART])
    assert states() == {"id": "active", "city": "active"}
