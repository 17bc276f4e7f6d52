"""The counting pass: one value in many rows is found where it lies, and only a count comes back."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors import (
    Connector,
    TableShape,
    make_connector,
)
from datawave_edge.connectors.rare import PATTERNS, CountsRare, RareCounts, RareTest
from datawave_edge.connectors.rare_cells import find_rare
from datawave_edge.protocol import (
    ColumnProfile,
    ConnectionSpec,
    RunSettings,
    TableRecord,
)
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres, sqlite_spec

# One of each, as people write them; then what only looks like one.
TRUE = {
    "api_key": ["key AKIA1234567890ABCDEF", "sk_live_4242424242424242", "ghp_" + "a1" * 18],
    "bcrypt": ["$2b$12$" + "k" * 53],
    "card_number": [
        "paid with 4111 1111 1111 1111 today", "5500005555555559", "378282246310005",
        "old 4222-2222-2222-2221, new 4111-1111-1111-1111",
    ],
    "email": ["write to anna.smith@mail.example.org!"],
    "iban": ["DE89370400440532013000", "to GB29 NWBK 6016 1331 9268 19.", "NO9386011117947"],
    "jwt": ["Bearer eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.sig"],
    "phone": ["call +49 171 5550123", "+15551234567"],
    "private_key": ["-----BEGIN RSA PRIVATE KEY-----"],
    "us_ssn": ["ssn 123-45-6789"],
}  # fmt: skip
FALSE = [
    "4111 1111 1111 1112", "order 4111111111111111234", "DE89370400440532013001",
    "gb29nwbk60161331926819", "000-12-3456", "666-12-3456", "123-00-4567", "1123-45-6789",
    "@home", "a@b", "$2b$12$short", "eyJ.eyJ", "AKIA123", "PRIVATE KEY-", "1+1 is 2", "+49",
    "9111 1111 1111 1111", "", "it's 100 % \\ fine; ? :x", "ß—日本語",
]  # fmt: skip
ALL = [(code, value) for code, values in TRUE.items() for value in values]
BIG = [4111111111111111, 1700000000000000, 42]


def test_python_finds_what_each_pattern_means_when_asked() -> None:
    for code, value in ALL:
        if value != "old 4222-2222-2222-2221, new 4111-1111-1111-1111":
            assert find_rare(value, PATTERNS) == [code], value
    for value in FALSE:
        assert find_rare(value, PATTERNS) == [], value


@given(st.text(max_size=80) | st.integers() | st.floats() | st.booleans())
def test_python_never_fails_when_cells_are_odd(cell: str | float) -> None:
    assert set(find_rare(cell, PATTERNS)) <= set(PATTERNS)


def rows_of_trial() -> list[tuple[str | None, int | None]]:
    texts: list[str | None] = [value for _, value in ALL] + FALSE + [None]
    numbers = [*BIG, *[None] * len(texts)][: len(texts)]
    return list(zip(texts, numbers, strict=True))


def count_all(connector: Connector, name: str, texts: int = 0) -> tuple[TableShape, RareCounts]:
    connector.connect()
    assert isinstance(connector, CountsRare)
    ref = next(each for each in connector.list_tables().tables if each.name == name)
    shape = connector.describe([ref])[ref]
    assert isinstance(shape, TableShape)
    tests = [RareTest(texts, code) for code in PATTERNS]
    tests.append(RareTest(1 - texts, "card_number"))
    return shape, connector.count_rare(shape, tests, 20.0)


def assert_counted(counts: RareCounts, *, firsts_only: bool = False) -> None:
    expected = {RareTest(0, code): len(values) for code, values in TRUE.items()}
    # Where SQL gives the first match alone, a false one hides the true one after it.
    expected[RareTest(0, "card_number")] -= firsts_only
    assert counts.found == {**expected, RareTest(1, "card_number"): 1}
    assert counts.share == 1.0


def make_sqlite(path: Path, rows: Sequence[tuple[object, ...]]) -> ConnectionSpec:
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE TABLE odd ("no:te % ""x""" TEXT, big BIGINT)')
        connection.executemany("INSERT INTO odd VALUES (?, ?)", rows)
    connection.close()
    return sqlite_spec(path)


def test_sqlite_counts_what_python_finds_when_names_are_hostile(tmp_path: Path) -> None:
    spec = make_sqlite(tmp_path / "a.db", rows_of_trial())
    connector = make_connector(spec, "", RunSettings())
    assert_counted(count_all(connector, "odd")[1])
    connector.close()


def test_duckdb_counts_what_python_finds_when_names_are_hostile(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute('CREATE TABLE odd ("no:te % ""x""" VARCHAR, big BIGINT)')
        connection.executemany("INSERT INTO odd VALUES (?, ?)", rows_of_trial())
    connector = make_connector(
        ConnectionSpec(engine="duckdb", database=str(path)), "", RunSettings()
    )
    assert_counted(count_all(connector, "odd")[1])
    connector.close()


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_files_count_what_python_finds_when_texts_are_odd(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(duckdb.connect()) as connection:
        connection.execute("CREATE TABLE odd (note VARCHAR, big BIGINT)")
        connection.executemany("INSERT INTO odd VALUES (?, ?)", rows_of_trial())
        connection.execute(f"COPY odd TO '{folder}/odd.{kind}'")
    connector = make_connector(
        ConnectionSpec(engine="files", database=str(folder)), "", RunSettings()
    )
    assert_counted(count_all(connector, f"odd.{kind}")[1])
    connector.close()


@pytest.mark.postgresql
def test_postgresql_counts_what_python_finds_when_names_are_hostile(
    postgres: ConnectionSpec,
) -> None:
    import psycopg

    address = f"host={postgres.host} port={postgres.port} dbname={postgres.database}"
    secret = f" user={postgres.username} password={postgres.password}"
    with psycopg.connect(address + secret, autocommit=True) as connection:
        connection.execute('CREATE TABLE odd ("no:te % ""x""" text, big bigint)')
        for row in rows_of_trial():
            connection.execute("INSERT INTO odd VALUES (%s, %s)", row)
    connector = make_connector(postgres, postgres.password, RunSettings())
    assert_counted(count_all(connector, "odd")[1])
    connector.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("kind", ["json", "jsonb", "xml", "varchar(90)", "citext_like"])
def test_postgresql_counts_when_texts_have_other_types(postgres: ConnectionSpec, kind: str) -> None:
    run_postgres(postgres, "CREATE DOMAIN citext_like AS text")
    value = "<a>4111111111111111</a>"
    literal = f"'\"{value}\"'" if kind.startswith("json") else f"'{value}'"
    run_postgres(postgres, f"CREATE TABLE odd (a {kind}, b numeric)",
                 f"INSERT INTO odd VALUES ({literal}, 4111111111111111.0)")  # fmt: skip
    connector = make_connector(postgres, postgres.password, RunSettings())
    found = count_all(connector, "odd")[1].found
    connector.close()
    assert found == {RareTest(0, "card_number"): 1, RareTest(1, "card_number"): 1}


@pytest.mark.mysql
@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_bin", "utf16_general_ci"])
def test_mysql_counts_what_python_finds_when_names_are_hostile(
    mysql: ConnectionSpec, collation: str
) -> None:
    import pymysql

    run_mysql(mysql, f'CREATE TABLE odd (`no:te % "x"` text COLLATE {collation}, big bigint)')
    with pymysql.connect(host=mysql.host, port=mysql.port or 3306, user=mysql.username,
                         password=mysql.password, database=mysql.database,
                         autocommit=True, charset="utf8mb4") as connection:  # fmt: skip
        connection.cursor().executemany("INSERT INTO odd VALUES (%s, %s)", rows_of_trial())
    connector = make_connector(mysql, mysql.password, RunSettings())
    assert_counted(count_all(connector, "odd")[1], firsts_only=True)
    connector.close()


# The whole walk: a needle in a table far larger than its sample.

NEEDLE = "Paid by phone with 4111 1111 1111 1111, thanks"


def needle_tables(rows: int) -> list[str]:
    return [
        "CREATE TABLE tickets (id INT PRIMARY KEY, note VARCHAR(200))",
        f"INSERT INTO tickets (id, note) SELECT i, 'order is late' FROM ({rows_sql(rows)}) q",
        f"UPDATE tickets SET note = '{NEEDLE}' WHERE id = {rows - 7}",
    ]


def rows_sql(rows: int) -> str:
    digits = " UNION ALL ".join(f"SELECT {d} AS d" for d in range(10))
    places = len(str(rows))
    value = " + ".join(f"t{p}.d * {10**p}" for p in range(places))
    tables = ", ".join(f"({digits}) t{p}" for p in range(places))
    return f"SELECT {value} + 1 AS i FROM {tables} WHERE {value} < {rows}"


@pytest.fixture
def make_needle(tmp_path: Path) -> Callable[[ConnectionSpec | None], ConnectionSpec]:
    def make(spec: ConnectionSpec | None) -> ConnectionSpec:
        if spec is None:
            with sqlite3.connect(tmp_path / "n.db") as connection:
                for statement in needle_tables(30_000):
                    connection.execute(statement)
            connection.close()
            return sqlite_spec(tmp_path / "n.db")
        run = run_postgres if spec.engine == "postgresql" else run_mysql
        run(spec, *needle_tables(30_000))
        if spec.engine == "postgresql":
            run(spec, "ANALYZE tickets")
        return spec

    return make


def assert_found(records: Sequence[object]) -> None:
    (record,) = records
    assert isinstance(record, TableRecord)
    note = record.table.columns[1].profile
    assert note is not None
    assert note.rows <= 2_000
    assert note.mentions.get("card_number", 0) == 0
    assert note.rare == {"card_number": 1}
    assert record.table.counting is not None
    assert (record.table.counting.state, record.table.counting.share) == ("whole", 1.0)


def test_one_card_is_found_when_sqlite_table_is_large(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec], discover: Discover
) -> None:
    assert_found(discover(make_needle(None)))


@pytest.mark.postgresql
def test_one_card_is_found_when_postgresql_table_is_large(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec],
    discover: Discover,
    postgres: ConnectionSpec,
) -> None:
    assert_found(discover(make_needle(postgres)))


@pytest.mark.mysql
def test_one_card_is_found_when_mysql_table_is_large(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec],
    discover: Discover,
    mysql: ConnectionSpec,
) -> None:
    assert_found(discover(make_needle(mysql)))


def test_nothing_is_counted_when_switched_off(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec], discover: Discover
) -> None:
    (record,) = discover(make_needle(None), counting_seconds=0)
    assert isinstance(record, TableRecord)
    assert record.table.counting is None


def test_small_table_is_counted_from_its_sample_when_it_was_read_whole(
    tmp_path: Path, discover: Discover
) -> None:
    spec = make_sqlite(tmp_path / "b.db", [(NEEDLE, 1)] + [("nothing", 2)] * 99)
    (record,) = discover(spec)
    assert isinstance(record, TableRecord)
    assert record.table.columns[0].profile is not None
    assert record.table.columns[0].profile.rare == {"card_number": 1}


def test_text_is_looked_through_to_its_end_when_the_sample_cuts_it(
    tmp_path: Path, discover: Discover
) -> None:
    spec = make_sqlite(tmp_path / "c.db", [("x" * 5_000 + " " + NEEDLE, 1)] + [("x", 2)] * 99)
    (record,) = discover(spec)
    assert isinstance(record, TableRecord)
    assert record.table.columns[0].profile is not None
    assert record.table.columns[0].profile.rare == {"card_number": 1}


def test_structure_still_arrives_when_counting_takes_too_long(
    tmp_path: Path, discover: Discover
) -> None:
    rows = [(f"{n} 4111 1111 1111 1112 " * 40, n) for n in range(20_000)]
    spec = make_sqlite(tmp_path / "slow.db", rows)
    (record,) = discover(spec, counting_table_seconds=1)
    assert isinstance(record, TableRecord)
    assert record.table.counting is not None
    assert record.table.counting.state == "timeout"
    assert record.table.columns[0].profile is not None
    assert record.table.columns[0].profile.rows > 0


def test_later_tables_are_not_counted_when_the_budget_of_the_run_is_spent(
    tmp_path: Path, discover: Discover
) -> None:
    rows = [(f"{n} 4111 1111 1111 1112 " * 40, n) for n in range(20_000)]
    spec = make_sqlite(tmp_path / "slow.db", rows)
    with sqlite3.connect(tmp_path / "slow.db") as connection:
        connection.execute("CREATE TABLE second AS SELECT * FROM odd LIMIT 5000")
    connection.close()
    records = discover(spec, counting_table_seconds=1, counting_seconds=1)
    states = [each.table.counting.state for each in records
              if isinstance(each, TableRecord) and each.table.counting]  # fmt: skip
    assert states == ["timeout", "budget"]


def test_known_pattern_is_not_counted_when_the_sample_is_full_of_it(
    tmp_path: Path, discover: Discover
) -> None:
    rows = [(f"anna.{n}@mail.example.org", n) for n in range(5_000)]
    (record,) = discover(make_sqlite(tmp_path / "d.db", rows))
    assert isinstance(record, TableRecord)
    profile = record.table.columns[0].profile
    assert isinstance(profile, ColumnProfile)
    assert profile.hits["email"] == 1.0
    assert profile.rare == {}


def count_in_time(connector: Connector, shape: TableShape, seconds: float) -> RareCounts:
    assert isinstance(connector, CountsRare)
    # Told as far larger than it is, so that a trial decides.
    large = dataclasses.replace(shape, size_bytes=10**12, row_count=10**9)
    return connector.count_rare(large, [RareTest(1, "email"), RareTest(1, "iban")], seconds)


def assert_share_is_counted(spec: ConnectionSpec) -> None:
    connector = make_connector(spec, spec.password, RunSettings())
    shape, _ = count_all(connector, "tickets", texts=1)
    whole = count_in_time(connector, shape, 60.0)
    assert (whole.share, whole.found[RareTest(1, "email")]) == (1.0, 30_000)
    part = count_in_time(connector, shape, 0.25)
    connector.close()
    assert 0 < part.share < 1
    assert 0 < part.found[RareTest(1, "email")] < 30_000


MAILED = "UPDATE tickets SET note = 'from anna@mail.example.org, DE1234567890123456'"


@pytest.mark.postgresql
def test_share_of_table_is_counted_when_postgresql_has_no_time_for_all(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec], postgres: ConnectionSpec
) -> None:
    make_needle(postgres)
    run_postgres(postgres, MAILED)
    assert_share_is_counted(postgres)


@pytest.mark.mysql
def test_share_of_table_is_counted_when_mysql_has_no_time_for_all(
    make_needle: Callable[[ConnectionSpec | None], ConnectionSpec], mysql: ConnectionSpec
) -> None:
    make_needle(mysql)
    run_mysql(mysql, MAILED)
    assert_share_is_counted(mysql)
