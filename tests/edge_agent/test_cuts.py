"""A connection that is cut at any point: connected anew, nothing missing, nothing gone.

CUTS says at how many points of a run, by default five; the figure in docs is of 20.
"""

from __future__ import annotations

import os
import random
from typing import Final

import msgspec
import pytest

from datawave_edge import discovery, steady
from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres
from tests.edge_agent.cuts import cutting
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_servers import tables_of

CUTS: Final = int(os.environ.get("CUTS", "5"))
TABLES: Final = 24


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "RECONNECT_SECONDS", 0.01)


def make_tables(run: object, spec: ConnectionSpec) -> set[str]:
    names = {f"t{n:02}" for n in range(TABLES)}
    for name in names:
        run(spec, f"CREATE TABLE {name} (id int PRIMARY KEY, note varchar(40))")
        run(spec, f"INSERT INTO {name} VALUES (1, 'one'), (2, 'two'), (3, NULL)")
    return names


def check_cuts(
    discover: Discover, fake: FakeServer, spec: ConnectionSpec, names: set[str], **settings: int
) -> None:
    with cutting(spec.host, spec.port or 0) as proxy:
        whole = tables_of(
            discover(msgspec.structs.replace(spec, port=proxy.port), "whole", **settings)
        )
        total = proxy.passed
    assert set(whole) == names
    # The last bytes are the server's farewell, which not every run waits for.
    points = random.Random(7).sample(range(1, total * 9 // 10), CUTS)  # spread, not secrecy
    for job, cuts in {**{f"cut-{point}": [point] for point in points}, "three": points[:3]}.items():
        with cutting(spec.host, spec.port or 0, *cuts) as proxy:
            told = tables_of(
                discover(msgspec.structs.replace(spec, port=proxy.port), job, **settings)
            )
        # What is lost with one cut may have held the place of the last.
        assert proxy.cut >= max(1, len(cuts) - 1), job
        assert told == whole, job
        assert job not in fake.failures
        assert fake.closes[job].seen == len(names)
        assert fake.closes[job].containers == fake.closes["whole"].containers


@pytest.mark.postgresql
def test_nothing_is_missing_when_postgresql_is_cut_off_at_any_point(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    check_cuts(discover, fake, postgres, make_tables(run_postgres, postgres))


@pytest.mark.postgresql
def test_nothing_is_missing_when_it_is_cut_off_while_reading_ahead(
    discover: Discover,
    fake: FakeServer,
    postgres: ConnectionSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discovery, "DESCRIBE_CHUNK", 4)
    names = make_tables(run_postgres, postgres)
    check_cuts(discover, fake, postgres, names, sample_rows=0)


@pytest.mark.mysql
def test_nothing_is_missing_when_mysql_is_cut_off_at_any_point(
    discover: Discover, fake: FakeServer, mysql: ConnectionSpec
) -> None:
    check_cuts(discover, fake, mysql, make_tables(run_mysql, mysql))


@pytest.mark.postgresql
def test_run_fails_to_be_tried_again_when_every_connection_is_cut(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    make_tables(run_postgres, postgres)
    # The first answers pass, and from then on none does.
    with cutting(postgres.host, postgres.port or 0, *range(4_000, 4_000_000, 100)) as proxy:
        discover(msgspec.structs.replace(postgres, port=proxy.port), "j")
    failure = fake.failures["j"]
    assert failure.retry
    assert "j" not in fake.closes
