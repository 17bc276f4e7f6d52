"""Planted values in every place that can leak: none in anything the installation keeps or shows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec, compression
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.edge_agent.test_canary import CANARIES, EMAILS, NUMBERS, WORDS, statements
from tests.live import Client, LiveServer

from .crawl import read_lists, read_pages

# Every page is read, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(400)
PASSWORD = "Zqx-pass-of-source-5519"
HOST_SECRET = "Zqx-pass-in-host-7731"
PLANTED = [*CANARIES, "Zqxtrigger", "Zqxpolicy", "Zqxgenerated", PASSWORD, HOST_SECRET]
PACKED = (b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd")


def add_source(admin: Client, spec: ConnectionSpec, **more: Any) -> str:
    fields = {
        name: value
        for name in ("engine", "host", "port", "database", "username", "password")
        if (value := getattr(spec, name))
    }
    fields["name"] = f"{spec.engine} {uuid.uuid4().hex[:6]}"
    return str(admin.call("POST", "sources/", {**fields, **more})["id"])


def find_leaks(text: bytes) -> list[str]:
    """Planted values in a text, also when written without their blanks."""
    forms = ((word, word.encode()) for word in PLANTED)
    return [w for w, raw in forms if raw in text or raw.replace(b" ", b"") in text]


def read_rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every cell of every table, unpacked where it is packed."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table.decode()}"'):
            for cell in row:
                yield table.decode(), unpack(cell)
    connection.close()


def unpack(cell: Any) -> bytes:
    raw = cell if isinstance(cell, bytes) else str(cell).encode()
    return compression.unpack(raw) if raw.startswith(PACKED) else raw


def read_ledger(spool: Path) -> bytes:
    command = [sys.executable, "-m", "datawave_edge", "egress", "--bodies", "--spool", str(spool)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def check_nothing_leaked(server: LiveServer, admin: Client, browser: Client, source: str) -> None:
    home = server.home / "home"
    places: dict[str, bytes] = {
        "egress": read_ledger(home / "agent"),
        "log": server.log.read_bytes(),
    }
    for file in filter(Path.is_file, home.rglob("*")):
        places[str(file.relative_to(home))] = file.read_bytes()
    for database in (home / "datawave.sqlite3", home / "agent" / "outbox.sqlite3"):
        for table, cell in read_rows(database):
            name = f"{database.name}:{table}"
            places[name] = places.get(name, b"") + b"\n" + cell
    for name, text in read_lists(admin):
        places[f"api {name}"] = text.encode()
    for path, status, text in read_pages(browser, "/", f"/catalog/?source={source}", "/admin/"):
        assert status == 200, path
        places[path] = text.encode()
    leaks = {place: found for place, text in places.items() if (found := find_leaks(text))}
    assert leaks == {}
    # Names pass, and so prove that the places hold the run.
    told = {place for place, text in places.items() if b"people" in text}
    assert {"egress", "datawave.sqlite3:discovery_dataset", "api datasets"} <= told
    assert len([place for place in told if place.startswith("/catalog/")]) >= 2
    assert any(place.startswith("mail") for place in places)


def discover_and_check(
    server: LiveServer, admin: Client, browser: Client, source: str, *, tables: int
) -> None:
    admin.call("POST", f"sources/{source}/tests/")
    run = admin.discover(source)
    assert run["state"] in ("completed", "completed_with_errors"), run["error_message"]
    assert run["balance"]["seen"] >= tables
    check_nothing_leaked(server, admin, browser, source)


TYPED = f"""CREATE TABLE typed (a "TEXT '{WORDS[2]}'", b INT DEFAULT {NUMBERS[0]},
    c TEXT AS ('Zqxgenerated' || a))"""
TRIGGER = """CREATE TRIGGER watch AFTER DELETE ON people
    BEGIN SELECT RAISE(ABORT, 'Zqxtrigger'); END"""


def test_nothing_stays_when_sqlite_is_discovered(
    server: LiveServer, admin: Client, browser: Client, tmp_path: Path
) -> None:
    path = tmp_path / "company.db"
    with sqlite3.connect(path) as connection:
        for statement in (
            *statements(""),
            TYPED,
            f"CREATE INDEX some_notes ON people (note) WHERE note <> '{WORDS[3]}'",
            f"CREATE VIEW literal AS SELECT '{WORDS[6]}', {NUMBERS[0]}, '{EMAILS[0]}'",
            f"CREATE VIEW broken AS SELECT '{WORDS[4]}' FROM \"{WORDS[5]}\"",
            TRIGGER,
        ):
            connection.execute(statement)
    connection.close()
    source = add_source(admin, ConnectionSpec(engine="sqlite", database=str(path)))
    discover_and_check(server, admin, browser, source, tables=4)


POSTGRES = f"""
COMMENT ON TABLE people IS 'Ask {EMAILS[0]} or call +49 171 5550100';
COMMENT ON COLUMN people.note IS 'e.g. "{WORDS[6]}", card 4539 1488 0343 6467';
CREATE TYPE mood AS ENUM ('{WORDS[7]}', '{WORDS[8]}');
CREATE TABLE moods (m mood DEFAULT '{WORDS[7]}',
    g text GENERATED ALWAYS AS ('Zqxgenerated') STORED);
INSERT INTO moods VALUES ('{WORDS[7]}');
CREATE TABLE parted (name text) PARTITION BY LIST (name);
CREATE TABLE part_one PARTITION OF parted FOR VALUES IN ('{WORDS[2]}');
INSERT INTO parted VALUES ('{WORDS[2]}');
CREATE INDEX some_notes ON people (note) WHERE note <> '{WORDS[3]}';
CREATE INDEX some_words ON people ((note || '{WORDS[3]}'));
CREATE VIEW failing AS SELECT CAST('{WORDS[4]}' || id AS int) AS n FROM people;
CREATE VIEW literal AS SELECT '{WORDS[6]}', '{EMAILS[0]}' || {NUMBERS[0]} AS mail;
CREATE MATERIALIZED VIEW kept AS SELECT '{WORDS[5]}'::text AS w, {NUMBERS[2]}::bigint AS n;
CREATE SEQUENCE numbers START WITH {NUMBERS[0]};
CREATE POLICY some_people ON people USING (note <> 'Zqxpolicy');
CREATE DOMAIN checked AS text CHECK (VALUE <> '{WORDS[0]}') DEFAULT '{WORDS[1]}';
CREATE TABLE guarded (c checked, CONSTRAINT odd CHECK (c <> '{WORDS[9]}'));
CREATE FUNCTION shout() RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'row {WORDS[5]} is bad'; END$$;
CREATE VIEW shouting AS SELECT shout() AS s"""


@pytest.mark.postgresql
def test_nothing_stays_when_postgresql_is_discovered(
    server: LiveServer, admin: Client, browser: Client, postgres: ConnectionSpec
) -> None:
    role = f"edge_{uuid.uuid4().hex[:8]}"
    run_postgres(
        postgres,
        *statements(""),
        POSTGRES,
        f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{PASSWORD}'",
    )
    try:
        spec = msgspec.structs.replace(postgres, username=role, password=PASSWORD)
        source = add_source(admin, spec)
        discover_and_check(server, admin, browser, source, tables=10)
    finally:
        run_postgres(postgres, f"DROP ROLE {role}")


@pytest.mark.mysql
def test_nothing_stays_when_mysql_is_discovered(
    server: LiveServer, admin: Client, browser: Client, mysql: ConnectionSpec
) -> None:
    user = f"edge_{uuid.uuid4().hex[:8]}"
    run_mysql(
        mysql,
        *statements(f" COMMENT 'Ask {EMAILS[0]} or call +49 171 5550100'"),
        f"CREATE TABLE moods (m ENUM('{WORDS[7]}', '{WORDS[8]}') COMMENT 'is \"{WORDS[6]}\"',"
        f" s SET('{WORDS[5]}'), g VARCHAR(40) AS ('Zqxgenerated') STORED,"
        f" CHECK (g <> '{WORDS[9]}'))",
        f"INSERT INTO moods (m, s) VALUES ('{WORDS[7]}', '{WORDS[5]}')",
        f"CREATE TABLE parted (name varchar(40)) PARTITION BY LIST COLUMNS (name)"
        f" (PARTITION one VALUES IN ('{WORDS[2]}'))",
        # Without an alias the literal itself is the column's name.
        f"CREATE VIEW literal AS SELECT '{WORDS[6]}', {NUMBERS[0]}, '{EMAILS[0]}'",
        "CREATE TRIGGER watch BEFORE DELETE ON people FOR EACH ROW"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Zqxtrigger'",
        f"CREATE FUNCTION shout() RETURNS INT DETERMINISTIC BEGIN"
        f" SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'row {WORDS[5]} is bad'; RETURN 1; END",
        "CREATE VIEW shouting AS SELECT shout() AS s",
        f"CREATE USER {user} IDENTIFIED BY '{PASSWORD}'",
        f"GRANT ALL ON {mysql.database}.* TO {user}",
    )
    try:
        spec = msgspec.structs.replace(mysql, username=user, password=PASSWORD)
        discover_and_check(server, admin, browser, add_source(admin, spec), tables=5)
    finally:
        run_mysql(mysql, f"DROP USER {user}")


def test_secret_is_not_told_when_it_is_typed_into_the_host(admin: Client) -> None:
    body = {"name": "odd host", "engine": "postgresql", "database": "x", "username": "u"}
    host = f"u:{HOST_SECRET}@nowhere.invalid"
    problem = admin.call("POST", "sources/", {**body, "host": host}, expect=422)
    assert problem["code"] == "source_invalid"
    assert HOST_SECRET not in str(problem)


def test_only_ciphertext_is_kept_when_password_is_wrong(server: LiveServer, admin: Client) -> None:
    body = {"name": "wrong", "engine": "postgresql", "host": "127.0.0.1", "port": 1,
            "database": "x", "username": "u", "password": PASSWORD}  # fmt: skip
    source = admin.call("POST", "sources/", body)
    assert source["has_password"] is True
    assert admin.discover(source["id"])["state"] == "failed"
    dump = b"\n".join(cell for _, cell in read_rows(server.home / "home" / "datawave.sqlite3"))
    assert PASSWORD.encode() not in dump
    assert admin.token.encode() not in dump
    assert PASSWORD not in server.read_log()
    assert PASSWORD.encode() not in read_ledger(server.home / "home" / "agent")
