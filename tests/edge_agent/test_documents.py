"""JSON columns and arrays are opened into paths, and no key that is a value is told."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datawave_edge.connectors import Sample
from datawave_edge.egress import check
from datawave_edge.profile import open_paths
from datawave_edge.profile.documents import CELLS, DEPTH, PATHS, open_column
from datawave_edge.protocol import (
    ColumnSnapshot,
    ConnectionSpec,
    PathSnapshot,
    TableRecord,
    encode_records,
)
from tests.discovery.factories import make_column, make_table
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres, sqlite_spec
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_canary import CANARIES, WORDS

DOC = make_column("doc", "json")
TEXT = make_column("doc", "text")


def open_documents(
    make: Callable[[int], Any], count: int = 40, column: ColumnSnapshot = DOC
) -> dict[str, PathSnapshot]:
    """Paths of a column of documents, by path."""
    rows = [(json.dumps(make(n)),) for n in range(count)]
    return {each.path: each for each in open_paths([column], Sample(rows, count, exact=True))}


def make_order(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "customer": {"email": f"p{n}@mail.example", "vip": n % 2 == 0},
        "lines": [{"sku": f"A-{n}-{k}", "price": 9.5 + k} for k in range(3)],
        "tags": ["red", "blue"],
        "note": None if n % 4 else f"Call me {n}",
    }


def test_each_path_is_profiled_like_a_column_when_a_column_holds_documents() -> None:
    found = open_documents(make_order)
    assert list(found) == [
        "id", "customer.email", "customer.vip", "lines[].sku", "lines[].price", "tags[]", "note",
    ]  # fmt: skip
    kinds = {path: each.type for path, each in found.items()}
    assert kinds["id"] == "integer"
    assert kinds["customer.vip"] == "boolean"
    assert kinds["lines[].price"] == "float"
    mail = found["customer.email"].profile
    assert mail is not None
    assert mail.hits["email"] == 1.0
    assert (mail.rows, mail.distinct) == (40, 40)
    skus = found["lines[].sku"].profile
    assert skus is not None
    assert skus.rows == 120
    assert found["note"].rate == 0.25
    note = found["note"].profile
    assert note is not None
    assert (note.rows, note.nulls) == (40, 30)
    assert found["customer.email"].name == "doc.customer.email"


def test_gap_counts_as_null_when_some_documents_lack_a_key() -> None:
    found = open_documents(lambda n: {"id": n, **({"phone": f"+4917155{n:05}"} if n % 2 else {})})
    phone = found["phone"].profile
    assert phone is not None
    assert (phone.rows, phone.nulls) == (40, 20)
    assert phone.hits["phone"] == 1.0


def test_text_column_is_opened_when_it_holds_documents_alone() -> None:
    assert "customer.email" in open_documents(make_order, column=TEXT)
    rows = [json.dumps(make_order(n)) for n in range(40)]
    assert not open_column(TEXT, [*rows, *["hello {world}"] * 10])
    assert not open_column(TEXT, ["[see below]"] * 40)
    assert not open_column(make_column("n", "integer"), list(range(40)))


def test_nothing_is_told_when_documents_are_few() -> None:
    assert open_documents(make_order, 4) == {}
    assert "id" in open_documents(make_order, 5)


@pytest.mark.parametrize(
    "make_key",
    [
        lambda n: str(uuid.UUID(int=n * 7919)),
        lambda n: f"anna.{n}@mail.example",
        lambda n: str(7_000_000 + n),
        lambda n: f"2024-03-{n % 28 + 1:02}",
        lambda n: f"Customer {n}",
        lambda n: WORDS[n % 10],
        lambda n: ["Anna", "Bert", "Zoe", "Ivan"][n % 4],
        lambda n: "4539148803436467",
        lambda n: "+49 171 5550100",
        lambda n: "DE89370400440532013000",
        lambda n: "anna@mail.example",
        lambda n: "3fa85f64e1",
    ],
)
def test_keys_are_told_as_one_when_they_are_values(make_key: Callable[[int], str]) -> None:
    found = open_documents(lambda n: {"id": n, make_key(n): f"s{n}"})
    assert sorted(found) == ["*", "id"]
    nested = open_documents(lambda n: {"id": n, "by": {make_key(n): {"mail": f"{n}@a.example"}}})
    assert sorted(nested) == ["by.*.mail", "id"]
    mail = nested["by.*.mail"].profile
    assert mail is not None
    assert mail.hits["email"] == 1.0


def test_map_is_told_as_one_when_its_objects_share_no_key() -> None:
    found = open_documents(lambda n: {("alpha", "beta")[n % 2]: n})
    assert sorted(found) == ["*"]


def test_map_is_told_as_one_when_it_has_very_many_keys() -> None:
    found = open_documents(lambda n: {"id": n, "m": {f"k{a}x": a for a in "abcdefghij" * 30}})
    assert "m.kax" in found
    wide = open_documents(
        lambda n: {"id": n, "m": {f"k{a}{b}x": n for a in "abcdefghijklmno" for b in "abcdefghij"}}
    )
    assert sorted(wide) == ["id", "m.*"]


def test_planted_keys_stay_when_they_are_mixed_with_names() -> None:
    rows = [
        (json.dumps({"id": n, CANARIES[n % len(CANARIES)]: 1, "m": {WORDS[n % 10]: WORDS[0]}}),)
        for n in range(400)
    ]
    paths = open_paths([DOC], Sample(rows, 400, exact=True))
    table = make_table("t", [DOC])
    body = encode_records([check(TableRecord(table=_with_paths(table, paths)))])
    assert {each.path for each in paths} == {"id", "*", "m.*"}
    assert [each for each in CANARIES if each.encode() in body] == []


def _with_paths(table: Any, paths: Sequence[PathSnapshot]) -> Any:
    return type(table)(
        **{name: getattr(table, name) for name in table.__struct_fields__ if name != "paths"},
        paths=list(paths),
    )


def test_bounds_hold_when_documents_are_deep_wide_and_long() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"a": deep}
    found = open_documents(lambda n: {"deep": deep, "long": list(range(5_000))})
    assert all(path.count(".") < DEPTH for path in found)
    numbers = found["long[]"].profile
    assert numbers is not None
    assert numbers.rows <= CELLS
    wide = open_documents(lambda n: {f"name{a}{b}": n for a in "abcdefgh" for b in "abcdefghij"})
    assert len(wide) == PATHS


def test_what_is_whole_is_read_when_documents_were_cut() -> None:
    rows = [(json.dumps({**make_order(n), "text": "x" * 900})[:400],) for n in range(40)]
    found = {each.path for each in open_paths([TEXT], Sample(rows, 40, exact=True))}
    assert {"id", "customer.email", "lines[].sku", "tags[]"} <= found
    assert "text" not in found


@pytest.mark.parametrize(
    "text",
    ["{" * 100_000, '{"a":' * 5_000, "[NaN]", '{"a": 1e999}', "{}", "[]", "[[[]]]",
     '{"\\ud800": 1}',
     '{"a": ' + "9" * 5_000 + "}", '{"a": "\\udfff"}', "{,}", '{"' + "x" * 70_000],
)  # fmt: skip
def test_odd_documents_do_no_harm_when_a_column_holds_them(text: str) -> None:
    for column in (DOC, TEXT, make_column("doc", "array")):
        assert len(open_column(column, [text] * 30)) <= 1


KEYS = st.sampled_from(["id", "name", "a b", "x.y", "[]", "*", "", "email", "ключ"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(DOCUMENTS, min_size=5, max_size=30))
@settings(max_examples=150, deadline=None)
def test_every_path_fits_the_protocol_whatever_documents_hold(documents: list[Any]) -> None:
    rows = [(json.dumps(each),) for each in documents]
    paths = open_paths([DOC], Sample(rows, len(rows), exact=True))
    assert len({each.path for each in paths}) == len(paths)
    check(TableRecord(table=_with_paths(make_table("t", [DOC]), paths)))


def find_paths(fake: FakeServer, job: str, table: str) -> dict[str, PathSnapshot]:
    """Paths that arrived of a table, by name."""
    records = [each for each in fake.records(job) if isinstance(each, TableRecord)]
    found = next(each.table for each in records if each.table.name == table)
    return {each.name: each for each in found.paths}


def test_paths_arrive_when_sqlite_holds_documents(
    fake: FakeServer, discover: Discover, tmp_path: Path
) -> None:
    path = tmp_path / "docs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, doc JSON, raw TEXT)")
        connection.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [(n, json.dumps(make_order(n)), json.dumps({"city": "Bonn"})) for n in range(60)],
        )
    connection.close()
    discover(sqlite_spec(path), "j")
    assert {"doc.customer.email", "doc.lines[].sku", "raw.city"} <= set(
        find_paths(fake, "j", "orders")
    )


@pytest.mark.postgresql
def test_paths_and_elements_arrive_when_postgresql_holds_documents_and_arrays(
    fake: FakeServer, discover: Discover, postgres: ConnectionSpec
) -> None:
    run_postgres(
        postgres,
        """CREATE TABLE orders AS SELECT n AS id,
           jsonb_build_object('id', n, 'mail', 'p' || n || '@mail.example',
             'long', repeat('x', 3000), 'zeta', '2024-01-02') AS doc,
           ARRAY['p' || n || '@mail.example', 'say "hi", q' || n] AS mails,
           ARRAY[[n, n + 1], [n + 2, n + 3]] AS grid
           FROM generate_series(1, 80) n""",
    )
    discover(postgres, "j")
    found = find_paths(fake, "j", "orders")
    # Keys of jsonb are ordered by length, so the last ones lie beyond what other texts are read to.
    assert {"doc.mail", "doc.zeta", "mails[]", "grid[]"} <= set(found)
    mails = found["mails[]"].profile
    assert mails is not None
    assert 0.4 <= mails.hits["email"] <= 0.6
    assert mails.rows == 160


@pytest.mark.mysql
def test_paths_arrive_when_mysql_holds_documents(
    fake: FakeServer, discover: Discover, mysql: ConnectionSpec
) -> None:
    values = ", ".join(f"({n}, '{json.dumps(make_order(n))}')" for n in range(60))
    run_mysql(
        mysql,
        "CREATE TABLE orders (id INT PRIMARY KEY, doc JSON)",
        f"INSERT INTO orders VALUES {values}",
    )
    discover(mysql, "j")
    assert {"doc.customer.email", "doc.lines[].sku"} <= set(find_paths(fake, "j", "orders"))
