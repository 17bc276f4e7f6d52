"""How a job ends that can't even begin, or whose end can't be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.outbox import Outbox
from datawave_edge.spool import SpoolUnwritable
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.fake_server import FakeServer


def test_job_fails_when_its_walk_can_not_even_begin(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ImportError

    monkeypatch.setattr("datawave_edge.discovery.Fingerprints", fail)
    assert discover(sqlite_spec(shop), "j") == []
    assert (fake.failures["j"].code, fake.failures["j"].retry) == ("internal", False)


@pytest.mark.parametrize("error", [SpoolUnwritable, ValueError])
def test_job_ends_when_its_end_can_not_be_kept(
    discover: Discover,
    fake: FakeServer,
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    def break_down(*args: object) -> None:
        raise ValueError

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(SqliteConnector, "list_tables", break_down)
    monkeypatch.setattr(Outbox, "end_job", fail)
    discover(sqlite_spec(shop), "j")
    assert fake.failures["j"].code == "internal"
