"""Reading ahead: the connection is used by one at a time, and nobody uses it once it is closed."""

from __future__ import annotations

import threading

import pytest

from datawave_edge import discovery
from datawave_edge.connectors import TableRef
from datawave_edge.connectors.postgresql import PostgresConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, FailedRecord, TableRecord
from tests.edge_agent.conftest import Discover, run_postgres
from tests.edge_agent.fake_server import FakeServer

pytestmark = pytest.mark.postgresql
NAMES = [f"t{number:02}" for number in range(30)]


@pytest.fixture
def many(postgres: ConnectionSpec, monkeypatch: pytest.MonkeyPatch) -> ConnectionSpec:
    monkeypatch.setattr(discovery, "DESCRIBE_CHUNK", 3)
    run_postgres(postgres, *(f"CREATE TABLE {name} (id int)" for name in NAMES))
    return postgres


class Watched(PostgresConnector):
    """Notes who uses the connection, and when."""

    using = 0
    at_once = 0
    after_close = 0
    threads: set[str] = set()

    def describe_later(self, refs: object) -> object:
        cls = type(self)
        cls.using += 1
        cls.at_once = max(cls.at_once, cls.using)
        cls.after_close += self._session.driver_connection is None
        cls.threads.add(threading.current_thread().name)
        try:
            return super().describe_later(refs)
        finally:
            cls.using -= 1

    def close(self) -> None:
        assert not type(self).using
        super().close()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    fresh = type("Fresh", (Watched,), {"threads": set()})
    monkeypatch.setattr("datawave_edge.connectors.postgresql.PostgresConnector", fresh)
    return fresh


def test_tables_come_in_order_when_they_are_read_ahead(
    discover: Discover, many: ConnectionSpec, watched: type[Watched]
) -> None:
    records = discover(many, sample_rows=0)
    assert [each.table.name for each in records if isinstance(each, TableRecord)] == NAMES
    assert watched.at_once == 1
    assert len(watched.threads) == 1
    assert not watched.threads & {"MainThread"}


def test_nothing_is_read_ahead_when_rows_are_sampled(
    discover: Discover, many: ConnectionSpec, watched: type[Watched]
) -> None:
    assert len(discover(many)) == len(NAMES)
    assert watched.threads == {"MainThread"}


def test_other_tables_are_told_when_one_spoils_a_bulk_read_ahead(
    discover: Discover, many: ConnectionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PostgresConnector.describe_later

    def spoil(self: PostgresConnector, refs: list[TableRef]) -> object:
        if TableRef("public", "t07") in refs:
            raise SourceFault("source_busy")
        return real(self, refs)

    monkeypatch.setattr(PostgresConnector, "describe_later", spoil)
    records = discover(many, sample_rows=0)
    failed = [(each.name, each.code) for each in records if isinstance(each, FailedRecord)]
    assert failed == [("t07", "source_busy")]
    assert len(records) == len(NAMES)


def test_connection_is_left_alone_when_the_run_is_cancelled_meanwhile(
    discover: Discover,
    fake: FakeServer,
    many: ConnectionSpec,
    watched: type[Watched],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.cancel = True
    real = watched.describe_later

    def wait_for_news(self: Watched, refs: object) -> object:
        fake.wait_for(lambda: bool(fake.progress))
        return real(self, refs)

    monkeypatch.setattr(watched, "describe_later", wait_for_news)
    discover(many, "j", sample_rows=0)
    assert fake.failures["j"].code == "cancelled"
    assert not watched.after_close
    assert not [each for each in threading.enumerate() if each.name.startswith("asker")]
