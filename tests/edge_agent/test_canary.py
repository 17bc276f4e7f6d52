"""Forty planted values in every place that can leak: none in any byte that goes out or stays."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datawave_edge.protocol import ConnectionSpec, TestWork
from datawave_edge.protocol.compression import unpack
from tests.edge_agent.conftest import StartAgent, make_work, run_mysql, run_postgres, sqlite_spec
from tests.edge_agent.fake_server import FakeServer

EMAILS = [f"canary.{n}.zqx@mail-zqx.example" for n in range(8)]
PHONES = [f"+49 171 55501{n:02}" for n in range(5)]
CARDS = ["4539 1488 0343 6467", "5500005555555559", "340000099900036"]
WORDS = [f"Zqxcanary{word}" for word in [*"ABCDEFG", "Theta", "Iota", "Kappa"]]
NUMBERS = ["872364519", "98127364.55", "5510293847"]
DATES = ["1971-03-17", "1983-11-29"]
SECRETS = ["pw-Zqx-7719", "sk_live_Zqx88172635419283", "$2b$12$Zqx" + "k" * 50]
IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819"]
PLACES = ["17 Zqxlane Street", "Zqxstadt", "10.77.66.55"]
# A key of JSON is data too.
KEYS = ["zqxkeyalpha", "Zqxkey Beta"]
CANARIES = EMAILS + PHONES + CARDS + WORDS + NUMBERS + DATES + SECRETS + IBANS + PLACES + KEYS


def test_there_are_enough_canaries_when_counted() -> None:
    assert len(set(CANARIES)) >= 41


PEOPLE = f"""CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80)
    DEFAULT '{EMAILS[7]}' CHECK (email <> '{WORDS[0]}'), phone VARCHAR(40), card VARCHAR(40),
    born DATE, amount NUMERIC(14,2), note TEXT, secret VARCHAR(80), iban VARCHAR(40),
    place VARCHAR(60), doc TEXT)"""


TWICE = "(SELECT 1 UNION SELECT 2) r"


# What people are called by, used as keys beside those that name things.
KEYED = (EMAILS[:7], PHONES, CARDS, WORDS, NUMBERS, DATES, SECRETS, IBANS)


def make_document(n: int) -> str:
    """A document with values as keys, at its top and in maps."""
    keys = {values[n % len(values)]: n for values in KEYED}
    by_name = {WORDS[n % 10]: {"mail": EMAILS[n % 7], "said": WORDS[0]}}
    return json.dumps({"id": n, "kind": "order", **keys, "by": by_name, "all": [keys]})


def statements(comment: str) -> list[str]:
    """Tables that hold the canaries in rows, defaults, checks, views and, where known, comments."""
    return [
        PEOPLE + comment,
        f"CREATE VIEW named AS SELECT * FROM people WHERE note <> '{WORDS[1]}'",
        *(
            f"INSERT INTO people VALUES ({n}, '{EMAILS[n % 7]}', '{PHONES[n % 5]}',"
            f" '{CARDS[n % 3]}', '{DATES[n % 2]}', {NUMBERS[n % 3]},"
            f" 'Met {WORDS[n % 10]} and wrote to {EMAILS[n % 7]} from {PLACES[2]}',"
            f" '{SECRETS[n % 3]}', '{IBANS[n % 2]}', '{PLACES[n % 2]}',"
            f' \'{{"{KEYS[n % 2]}": "{WORDS[n % 10]}"}}\')'
            for n in range(40)
        ),
        "CREATE TABLE documents (id INTEGER, doc TEXT)",
        *(f"INSERT INTO documents VALUES ({n}, '{make_document(n)}')" for n in range(40)),
        # More rows than a sample has, so that patterns are counted where the rows are.
        "CREATE TABLE many (note VARCHAR(400), doc VARCHAR(400))",
        f"INSERT INTO many SELECT p.note, p.doc FROM people p, people q, {TWICE}",
    ]


# What bodies begin with that are packed by gzip and by zstd.
PACKED = (b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd")


def assert_silent(fake: FakeServer, spool: Path, log: Path) -> None:
    said = b"\n".join(fake.heard)
    unpacked = b"\n".join(unpack(e) for e in fake.heard if e[:4] in PACKED)
    kept = b"".join(file.read_bytes() for file in spool.rglob("*") if file.is_file())
    noted = log.read_bytes()
    for canary in CANARIES:
        raw = canary.encode()
        compact = raw.replace(b" ", b"")
        for place in (said, unpacked, kept, noted):
            assert raw not in place, canary
            assert compact not in place, canary
    assert b'"email"' in unpacked
    # Names of documents pass, and so prove that these were opened.
    assert b'"by.*.mail"' in unpacked


def discover_all(fake: FakeServer, start_agent: StartAgent, spec: ConnectionSpec) -> None:
    fake.work += [TestWork(test="t", source=spec), make_work(spec, "j")]
    start_agent()
    fake.wait_over("j")
    assert "j" in fake.closes
    assert len(fake.records("j")) >= 2


def test_nothing_leaks_from_sqlite_when_discovered(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    path = tmp_path / f"{WORDS[9]}.db"
    with sqlite3.connect(path) as connection:
        for statement in statements(""):
            connection.execute(statement)
        connection.execute(
            f"CREATE TABLE typed (a \"TEXT '{WORDS[2]}'\", b INT DEFAULT {NUMBERS[0]})"
        )
        connection.execute(f"CREATE INDEX some_notes ON people (note) WHERE note <> '{WORDS[3]}'")
        # Without an alias the text of an expression is the column's name.
        connection.execute(
            f"CREATE VIEW literal AS SELECT '{WORDS[6]}', {NUMBERS[0]}, '{EMAILS[0]}'"
        )
        connection.execute(f"CREATE VIEW broken AS SELECT '{WORDS[4]}' FROM \"{WORDS[5]}\"")
    discover_all(fake, start_agent, sqlite_spec(path))
    assert_silent(fake, tmp_path / "agent", tmp_path / "agent.log")


@pytest.mark.postgresql
def test_nothing_leaks_from_postgresql_when_discovered(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path, postgres: ConnectionSpec
) -> None:
    run_postgres(
        postgres,
        *statements(""),
        f"COMMENT ON TABLE people IS 'Ask {EMAILS[0]} or call {PHONES[0]}'",
        f"COMMENT ON COLUMN people.note IS 'e.g. \"{WORDS[6]}\", card {CARDS[0]}'",
        f"CREATE TYPE mood AS ENUM ('{WORDS[7]}', '{WORDS[8]}')",
        "CREATE TABLE moods (m mood)",
        f"INSERT INTO moods VALUES ('{WORDS[7]}')",
        "CREATE TABLE parted (name text) PARTITION BY LIST (name)",
        f"CREATE TABLE part_one PARTITION OF parted FOR VALUES IN ('{WORDS[2]}')",
        f"CREATE INDEX some_notes ON people (note) WHERE note <> '{WORDS[3]}'",
        f"CREATE VIEW failing AS SELECT CAST('{WORDS[4]}' || id AS int) AS n FROM people",
        "CREATE DOMAIN checked AS text CHECK (VALUE <> 'Zqxcanaryalpha')",
        f"CREATE FUNCTION shout() RETURNS int LANGUAGE plpgsql AS"
        f" $$BEGIN RAISE EXCEPTION 'row {WORDS[5]} is bad'; END$$",
        "CREATE VIEW shouting AS SELECT shout() AS s",
        f"CREATE TABLE docs AS SELECT '{{\"{KEYS[0]}\": 1}}'::jsonb AS d",
        f"CREATE SEQUENCE counter START WITH {NUMBERS[0]} OWNED BY people.id",
        f"CREATE TABLE made (g text GENERATED ALWAYS AS ('{WORDS[9]}') STORED)",
    )
    discover_all(fake, start_agent, postgres)
    assert_silent(fake, tmp_path / "agent", tmp_path / "agent.log")


@pytest.mark.mysql
def test_nothing_leaks_from_mysql_when_discovered(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path, mysql: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        *statements(f" COMMENT 'Ask {EMAILS[0]} or call {PHONES[0]}'"),
        f"CREATE TABLE moods (m ENUM('{WORDS[7]}', '{WORDS[8]}') COMMENT 'is \"{WORDS[6]}\"',"
        f" s SET('{WORDS[5]}'))",
        f"INSERT INTO moods VALUES ('{WORDS[7]}', '{WORDS[5]}')",
        f"CREATE TABLE parted (name varchar(40)) PARTITION BY LIST COLUMNS (name)"
        f" (PARTITION one VALUES IN ('{WORDS[2]}'))",
    )
    discover_all(fake, start_agent, mysql)
    assert_silent(fake, tmp_path / "agent", tmp_path / "agent.log")


def test_crash_dump_holds_nothing_when_the_agent_is_killed_amid_rows(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    path = tmp_path / "crash.db"
    with sqlite3.connect(path) as connection:
        for statement in statements(""):
            connection.execute(statement)
        connection.execute(
            "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            f" SELECT sum(i) AS s, '{WORDS[6]}' AS w FROM n"
        )
    connection.close()
    fake.work.append(make_work(sqlite_spec(path), "j", statement_timeout_seconds=300))
    agent = start_agent(PYTHONFAULTHANDLER="1")
    wait_for(lambda: any(each.current == "slow" for each in fake.progress))
    limits = Path(f"/proc/{agent.pid}/limits").read_text(encoding="utf-8")
    assert re.search(r"Max core file size\s+0\s+0\s", limits)
    agent.send_signal(signal.SIGABRT)
    assert agent.wait(timeout=20) == -signal.SIGABRT
    log = tmp_path / "agent.log"
    assert b"Fatal Python error: Aborted" in log.read_bytes()
    files = [file for file in tmp_path.rglob("*") if file != path and file.is_file()]
    kept = b"".join(file.read_bytes() for file in files)
    assert [word for word in CANARIES if word.encode() in kept] == []


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
