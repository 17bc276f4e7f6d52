"""What `manage.py discover` takes its target for."""

from __future__ import annotations

from pathlib import Path

import pytest

from datawave.common.errors import InputInvalid
from datawave.launch.target import parse_target


@pytest.mark.parametrize(
    ("name", "engine"),
    [("shop.db", "sqlite"), ("shop.duckdb", "duckdb"), ("SHOP.DDB", "duckdb"), ("data", "files")],
)
def test_engine_is_told_by_the_place_when_the_target_is_a_path(
    tmp_path: Path, name: str, engine: str
) -> None:
    (tmp_path / "data").mkdir()
    target = parse_target(str(tmp_path / name))
    assert (target.engine, target.database, target.name) == (engine, str(tmp_path / name), name)


@pytest.mark.parametrize("text", ["duckdb://x", "http://x/y", "postgresql://h/x?options=-c"])
def test_target_is_refused_when_it_is_a_url_of_something_else(text: str) -> None:
    with pytest.raises(InputInvalid):
        parse_target(text)
