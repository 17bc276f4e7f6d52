"""Which shops there are: one an engine, and of files one a format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from datawave_edge.connectors.capabilities import DECLARED
from tests.edge_agent.made_dialects import ALLOWED

from .adapters import (
    Adapter,
    Mysql,
    Postgres,
    Sqlite,
)
from .dialect_adapters import Dolphin, Elephant
from .file_adapters import DuckdbFile, Files, JsonFiles, ParquetFiles


def make_sqlite(request: pytest.FixtureRequest) -> Adapter:
    path: Path = request.getfixturevalue("tmp_path")
    return Sqlite(path / "shop.db")


def make_postgres(request: pytest.FixtureRequest) -> Adapter:
    return Postgres(request.getfixturevalue("postgres"))


def make_mysql(request: pytest.FixtureRequest) -> Adapter:
    return Mysql(request.getfixturevalue("mysql"))


def make_through(chosen: type[Elephant | Dolphin]) -> Callable[[pytest.FixtureRequest], Adapter]:
    def make(request: pytest.FixtureRequest) -> Adapter:
        patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        patch.setenv("DATAWAVE_DIALECTS", ALLOWED)
        server = "postgres" if issubclass(chosen, Elephant) else "mysql"
        return chosen(request.getfixturevalue(server))

    return make


def make_duckdb(request: pytest.FixtureRequest) -> Adapter:
    path: Path = request.getfixturevalue("tmp_path")
    return DuckdbFile(path / "shop.duckdb")


def make_files(kind: str) -> Callable[[pytest.FixtureRequest], Adapter]:
    def make(request: pytest.FixtureRequest) -> Adapter:
        path: Path = request.getfixturevalue("tmp_path")
        chosen = {"parquet": ParquetFiles, "json": JsonFiles}.get(kind, Files)
        return chosen(path / "shop", kind)

    return make


# Engine, and where one has several shops the kind of the shop.
ENGINES = {
    "sqlite": make_sqlite,
    "postgresql": make_postgres,
    "mysql": make_mysql,
    "duckdb": make_duckdb,
    "files-csv": make_files("csv"),
    "files-parquet": make_files("parquet"),
    "files-json": make_files("json"),
    "sqlalchemy-postgresql": make_through(Elephant),
    "sqlalchemy-mysql": make_through(Dolphin),
}
MARKS = {
    "postgresql": pytest.mark.postgresql,
    "mysql": pytest.mark.mysql,
    "sqlalchemy-postgresql": pytest.mark.postgresql,
    "sqlalchemy-mysql": pytest.mark.mysql,
}
SHOPS = {name: pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES}
# A view is the one dataset that can be slow by itself.
WITH_VIEWS = [SHOPS[name] for name in ENGINES if "views" in DECLARED[name.partition("-")[0]].can]
