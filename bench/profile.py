"""Profiling on PostgreSQL beside its floors, in one run: `python -m bench.profile [--rows N]`.

Makes a database of its own, measures and drops it. Seconds are the best of three, for the counting
pass medians by turns with a scan by one process; client CPU is this process's own.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from bench._counting import compare_counting, cpu_of, measure_others
from datawave_edge.connectors import Connector, TableRef, TableShape, make_connector
from datawave_edge.governor import Governor
from datawave_edge.protocol import ConnectionSpec, Load, RunSettings
from datawave_edge.reading import TableReader

_AGAIN: Final = 3
_PEOPLE: Final = """
CREATE TABLE people AS SELECT g::bigint AS id,
  (ARRAY['Ada','Ben','Carla','Emil','Farah','Gus','Hana','Ivo'])[1 + (random() * 7)::int] || ' '
    || (ARRAY['Adler','Brandt','Costa','Duarte','Egan'])[1 + (random() * 4)::int] AS full_name,
  'user' || g || '@' || (ARRAY['example.com','mail.example'])[1 + (random())::int] AS email,
  '+1-555-' || lpad((random() * 9999999)::int::text, 7, '0') AS phone,
  lpad((1 + random() * 898)::int::text, 3, '0') || '-'
    || lpad((1 + random() * 98)::int::text, 2, '0') || '-'
    || lpad((1 + random() * 9998)::int::text, 4, '0') AS ssn,
  date '1940-01-01' + (random() * 24000)::int AS birth_date,
  round((20000 + random() * 180000)::numeric, 2) AS salary,
  (ARRAY['DE','US','FR','JP','BR'])[1 + (random() * 4)::int]::char(2) AS country,
  timestamptz '2015-01-01' + random() * interval '4000 days' AS signed_up,
  CASE WHEN random() < 0.4 THEN NULL ELSE 'Called about order ' || (random() * 1000000)::int
    || ' and asked for a refund.' END AS notes,
  random() AS score, random() < 0.8 AS active
FROM generate_series(1, {rows}) g
"""
_TEXTS: Final = ("full_name", "email", "phone", "ssn", "country", "notes")
_NUMBERS: Final = ("id", "salary", "score")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("TEST_POSTGRES_URL", ""))
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--others", type=int, default=1_000_000, help="rows on other engines")
    parser.add_argument("--mysql", default=os.environ.get("TEST_MYSQL_URL", ""))
    parser.add_argument("--tables", type=int, default=1_000)
    options = parser.parse_args()
    url = options.url or "postgresql://postgres@127.0.0.1:5432/postgres"
    with _database(url) as spec, _connected(spec) as (connector, session):
        _measure_large(connector, session, options.rows)
        _measure_small(connector, session, options.tables)
    if options.others:
        reader = _reader(counting_seconds=0)
        measure_others(
            options.others, options.mysql, lambda found, shape: reader.read(found, shape).columns
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak RSS of this process':<44} {peak:8.0f} MB")


@contextmanager
def _database(url: str) -> Iterator[ConnectionSpec]:
    name = f"bench_profile_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(url)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield ConnectionSpec(
                engine="postgresql", host=parts.hostname or "127.0.0.1", port=parts.port,
                database=name, username=parts.username or "postgres",
                password=parts.password or "",
            )  # fmt: skip
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def _connected(spec: ConnectionSpec) -> Iterator[tuple[Connector, psycopg.Connection[Any]]]:
    """The agent's connector, and a plain connection for the floors."""
    settings = RunSettings(statement_timeout_seconds=600, table_seconds=600)
    connector = make_connector(spec, spec.password, settings)
    connector.connect()
    with psycopg.connect(
        host=spec.host, port=spec.port, dbname=spec.database, user=spec.username,
        password=spec.password, autocommit=True,
    ) as session:  # fmt: skip
        yield connector, session
    connector.close()


def _measure_large(connector: Connector, session: psycopg.Connection[Any], rows: int) -> None:
    session.execute(_PEOPLE.format(rows=rows).encode())
    session.execute("ANALYZE people")
    print(f"{rows:,} rows x 12 columns")
    shape = _shapes(connector, ["people"])[0]
    floor = _time("1 % TABLESAMPLE with every aggregate", lambda: session.execute(_aggregates()))
    reader = _reader(counting_seconds=0)
    ours = _time("ours: sample, profile, features", lambda: reader.read(connector, shape), floor)
    assert ours is not None
    bare = _time(
        "one scan that only counts", lambda: session.execute("SELECT count(*) FROM people")
    )
    lengths = ", ".join(f"max(length({name}))" for name in _TEXTS)

    def look() -> None:
        session.execute(f"SELECT {lengths} FROM people".encode())

    _time("one scan that looks at each text", look)
    # The counting pass keeps to one process, where a scan may take several.
    session.execute("SET max_parallel_workers_per_gather = 0")
    alone = _time("the same by one process", look)
    print(f"{'':<44} {alone / bare:8.1f} x the scan that only counts")
    columns = reader.read(connector, shape).columns
    own, ours = session.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' ORDER BY pid <> pg_backend_pid()"
    ).fetchall()
    spent = (lambda: cpu_of(own[0]), lambda: cpu_of(ours[0]))
    compare_counting(connector, shape, columns, look, spent)


def _measure_small(connector: Connector, session: psycopg.Connection[Any], tables: int) -> None:
    names = [f"small_{number}" for number in range(tables)]
    for name in names:
        session.execute(
            f"CREATE TABLE {name} AS SELECT g AS id, 'Ada ' || g AS name, g || '@example.com'"
            " AS mail, now() AS at, g * 1.5 AS amount FROM generate_series(1, 5) g".encode()
        )
    print(f"{tables:,} tables of 5 rows x 5 columns")
    reader = _reader()

    def read_all() -> None:
        for shape in _shapes(connector, names):
            reader.read(connector, shape)

    _time("ours: describe, sample, profile, count", read_all, again=1)


def _shapes(connector: Connector, names: list[str]) -> list[TableShape]:
    found: list[TableShape] = []
    for start in range(0, len(names), 200):
        refs = [TableRef("public", name) for name in names[start : start + 200]]
        found += [
            each for each in connector.describe(refs).values() if isinstance(each, TableShape)
        ]
    return found


def _reader(**settings: Any) -> TableReader:
    chosen = RunSettings(**settings)
    governor = Governor(chosen, time.sleep, lambda message: None, Load())
    return TableReader(chosen, governor, lambda call: call(), lambda message, level="info": None)


def _aggregates() -> bytes:
    every = (*_TEXTS, *_NUMBERS, "birth_date", "signed_up", "active")
    parts = [f"count({name}), count(DISTINCT {name})" for name in every]
    parts += [f"min(length({name})), max(length({name})), avg(length({name}))" for name in _TEXTS]
    quartiles = "percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY"
    parts += [f"{quartiles} {name}::float)" for name in _NUMBERS]
    return f"SELECT {', '.join(parts)} FROM people TABLESAMPLE SYSTEM (1)".encode()


def _time(
    title: str, call: Callable[[], Any], floor: float | None = None, *, again: int = _AGAIN
) -> float:
    best = cpu = float("inf")
    for _ in range(again):
        began, worked = time.perf_counter(), time.process_time()
        call()
        best = min(best, time.perf_counter() - began)
        cpu = min(cpu, time.process_time() - worked)
    ratio = f"  {best / floor:5.1f} x" if floor else ""
    print(f"{title:<44} {best:8.2f} s  {cpu:6.2f} s client CPU{ratio}")
    return best


if __name__ == "__main__":
    main()
