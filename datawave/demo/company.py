"""Writes the demo company into one SQLite file, the same for the same seed."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .spec import Column, Draw, Table, Value
from .tables import CLICKSTREAM, TABLES, VIEWS


def _gather_truth() -> dict[tuple[str, str], str]:
    truth = {(t.name, c.name): c.truth for t in (*TABLES, CLICKSTREAM) for c in t.columns}
    truth |= {(v.name, name): kind for v in VIEWS for name, kind in v.truth.items()}
    return truth


# What every column truly holds, so that classification can be measured on the demo.
DEMO_TRUTH = _gather_truth()


@dataclass(frozen=True)
class DemoSummary:
    """What was written."""

    path: Path
    tables: int
    views: int
    columns: int
    rows: int


def build_demo(path: Path, *, seed: int = 7, large: bool = False) -> DemoSummary:
    """Write the demo database to `path`, readable by its owner alone, in place of an older one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    tables = (*TABLES, CLICKSTREAM) if large else TABLES
    try:
        _write(draft, tables, seed)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return _summarise(path, tables)


def _summarise(path: Path, tables: tuple[Table, ...]) -> DemoSummary:
    columns = sum(len(t.columns) for t in tables) + sum(len(v.truth) for v in VIEWS)
    rows = sum(t.rows for t in tables)
    return DemoSummary(path, len(tables), len(VIEWS), columns, rows)


def _write(path: Path, tables: tuple[Table, ...], seed: int) -> None:
    sizes = {t.name: t.rows for t in tables}
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # The file is a draft until it is renamed, so a crash may well spoil it.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        for table in tables:
            db.execute(_create_table(table))
            _insert(db, table, sizes, seed)
            _create_indexes(db, table)
        for view in VIEWS:
            db.execute(f"CREATE VIEW {_quote(view.name)} AS {view.query}")
        db.execute("COMMIT")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _create_table(table: Table) -> str:
    lines = [f"{_quote(c.name)} {c.declaration}" for c in table.columns]
    return f"CREATE TABLE {_quote(table.name)} ({', '.join((*lines, *table.constraints))})"


def _create_indexes(db: sqlite3.Connection, table: Table) -> None:
    for columns in table.indexes:
        name = "_".join(("ix", table.name, *columns))
        listed = ", ".join(map(_quote, columns))
        db.execute(f"CREATE INDEX {_quote(name)} ON {_quote(table.name)} ({listed})")


def _insert(db: sqlite3.Connection, table: Table, sizes: dict[str, int], seed: int) -> None:
    stored = [c for c in table.columns if c.make is not None]
    names = ", ".join(_quote(c.name) for c in stored)
    marks = ", ".join("?" * len(stored))
    # Table and column names are constants of this package and quoted; values are bound.
    sql = f"INSERT INTO {_quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608  # names of our own
    # A generator per table: a change to one table leaves the others as they were.
    draw = Draw(table.name, table.rows, random.Random(f"{seed}:{table.name}"), sizes)  # noqa: S311  # repeatable, not secret
    db.executemany(sql, _rows(stored, draw))


def _rows(columns: list[Column], draw: Draw) -> Iterable[tuple[Value, ...]]:
    return zip(*(c.make(draw) for c in columns if c.make is not None), strict=True)
