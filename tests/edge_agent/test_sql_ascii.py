"""A PostgreSQL database that promises no encoding: every table arrives, each under its own name."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec
import psycopg
import pytest

from datawave_edge.connectors.postgresql_bytes import read_value, restore, spell
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, TableRecord, TableSnapshot
from tests.edge_agent.bouncers import Bouncer, serve_bouncer
from tests.edge_agent.conftest import Discover, spec_of
from tests.edge_agent.pooler import serve_pooler

pytestmark = pytest.mark.postgresql
# Latin-1, UTF-8 and what looks like our own spelling of the first.
NAMES = {b"caf\xe9": "caf‹e9›", "grün 李".encode(): "grün 李", "caf‹e9›".encode():
         "caf‹e2›‹80›‹b9›e9›", b"plain": "plain", b"\xff\xfe\x80": "‹ff›‹fe›‹80›"}  # fmt: skip


def serve_transactions(spec: ConnectionSpec) -> AbstractContextManager[Bouncer]:
    return serve_bouncer(spec, pool_mode="transaction")


@pytest.fixture
def unencoded(postgres_url: str) -> Iterator[ConnectionSpec]:
    """A database of encoding SQL_ASCII with tables and columns of those names."""
    name = f"edge_{uuid.uuid4().hex[:12]}"
    spec = spec_of(postgres_url, "postgresql", name)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        made = f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C'"
        admin.execute(f"{made} LC_CTYPE 'C'".encode())
        fill(spec)
        yield spec
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def fill(spec: ConnectionSpec) -> None:
    with psycopg.connect(
        host=spec.host, port=spec.port, user=spec.username, password=spec.password,
        dbname=spec.database, autocommit=True, client_encoding="sql_ascii",
    ) as connection:  # fmt: skip
        for each in NAMES:
            connection.execute(b'CREATE TABLE "%s" (id int PRIMARY KEY, "%s" text)' % (each, each))
            connection.execute(b"COMMENT ON TABLE \"%s\" IS 'Caf\xe9 and th\xc3\xa9'" % each)
            rows = b"SELECT n, 'Andr\xe9' FROM generate_series(1, 40) n"
            connection.execute(b'INSERT INTO "%s" %s' % (each, rows))


def tables_of(records: list[object]) -> dict[str, TableSnapshot]:
    return {each.table.name: each.table for each in records if isinstance(each, TableRecord)}


@pytest.mark.parametrize("pooler", [None, serve_pooler, serve_transactions])
def test_every_table_arrives_when_no_encoding_is_promised(
    unencoded: ConnectionSpec, discover: Discover, pooler: Callable[..., Any] | None
) -> None:
    with pooler(unencoded) if pooler else nullcontext() as between:
        port = between.port if between else unencoded.port
        spec = msgspec.structs.replace(unencoded, host="127.0.0.1", port=port)
        tables = tables_of(list(discover(spec)))
    assert set(tables) == set(NAMES.values())
    for name, table in tables.items():
        assert [each.name for each in table.columns] == ["id", name]
        assert (table.profile_error, table.row_count, table.row_count_exact) == ("", 40, True)
        assert table.comment == "Caf‹e9› and thé"
        profile = table.columns[1].profile
        assert profile is not None
        assert (profile.rows, profile.nulls, profile.max_length) == (40, 0, 5)
        assert profile.letter_rate == 1


def test_every_step_passes_when_no_encoding_is_promised(unencoded: ConnectionSpec) -> None:
    steps = run_test(unencoded).steps
    assert [each.name for each in steps if not each.ok] == []


@pytest.mark.parametrize("name", [*NAMES, "‹".encode(), b"\xe2\x80", bytes(range(1, 256))])
def test_name_is_restored_to_its_bytes_when_it_was_spelt(name: bytes) -> None:
    spelt = spell(name.decode("latin-1"))
    spelt.encode()
    assert restore(spelt).encode("latin-1") == name


def test_value_is_read_as_latin_1_when_it_is_no_utf_8() -> None:
    assert read_value(b"Andr\xe9".decode("latin-1")) == "André"
    assert read_value("André".encode().decode("latin-1")) == "André"
