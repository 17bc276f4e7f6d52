"""What another agent has told of a job is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from datawave_edge.connectors import TableRef, TableShape
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import FilteredRecord, TableRecord, encode_records
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.fake_server import FakeServer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tables that the database was asked about."""
    names: list[str] = []
    real = SqliteConnector.describe

    def describe(
        self: SqliteConnector, refs: Sequence[TableRef]
    ) -> dict[TableRef, TableShape | SourceFault]:
        names.extend(ref.name for ref in refs)
        return dict(real(self, refs))

    monkeypatch.setattr(SqliteConnector, "describe", describe)
    return names


def test_only_the_rest_is_read_when_another_agent_had_begun(
    discover: Discover, fake: FakeServer, shop: Path, asked: list[str]
) -> None:
    fake.batches["j"] = {0: encode_records([FilteredRecord(container="", name="before")])}
    fake.told = {"": ["customers", "empty_one", "gone since"]}
    records = discover(sqlite_spec(shop), "j")
    read = {each.table.name for each in records if isinstance(each, TableRecord)}
    assert read == set(asked) == {"orders", "big_orders"}
    close = fake.closes["j"]
    # The listing is whole, so nothing counts as gone that was only read by the other.
    assert (close.seen, close.last_seq, close.complete) == (4, 1, True)


def test_all_is_read_when_the_job_is_another(
    discover: Discover, fake: FakeServer, shop: Path, asked: list[str]
) -> None:
    discover(sqlite_spec(shop), "j")
    assert len(asked) == 4
