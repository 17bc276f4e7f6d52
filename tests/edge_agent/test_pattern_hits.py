"""The connection test says what each pattern hits, before anything was discovered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from datawave_edge.probe import run_test
from tests.edge_agent.conftest import sqlite_spec


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Four tables, one of them for the time being."""
    path = tmp_path / "estate.db"
    with closing(sqlite3.connect(path)) as lite:
        for name in ("orders", "order_lines", "staff", "tmp_orders"):
            lite.execute(f"CREATE TABLE {name} (id INTEGER)")
    return path


def tell(path: Path, include: list[str], exclude: list[str]) -> str:
    """What the step says that lists the tables."""
    spec = msgspec.structs.replace(sqlite_spec(path), include=include, exclude=exclude)
    result = run_test(spec)
    return next(step.message for step in result.steps if step.name == "list")


def test_each_pattern_is_counted_when_there_are_some(estate: Path) -> None:
    assert tell(estate, ["*order*"], ["tmp_*"]) == (
        "2 of 4 tables and views are chosen. Patterns hit: *order* 3, without tmp_* 1."
    )


def test_a_pattern_that_hits_nothing_comes_first_when_others_do(estate: Path) -> None:
    assert tell(estate, ["order*", "oders"], []) == (
        "2 of 4 tables and views are chosen. Patterns hit: oders 0, order* 2."
    )


def test_nothing_is_said_of_patterns_when_there_are_none(estate: Path) -> None:
    assert tell(estate, [], []) == "4 of 4 tables and views are chosen."


def test_message_fits_when_patterns_are_long_and_many(estate: Path) -> None:
    told = tell(estate, [f"{number}{'x' * 300}" for number in range(40)], [])
    assert told.endswith(" and 35 more.")
    assert len(told) <= 500
