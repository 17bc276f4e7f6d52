"""PostgreSQL's pages are looked at as one text: no row that a pattern counts may be lost by it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg
import pytest

from datawave_edge.connectors import TableRef, TableShape, make_connector
from datawave_edge.connectors.postgresql import PostgresConnector
from datawave_edge.connectors.rare import PATTERNS, CountsRare, RareTest
from datawave_edge.connectors.rare_cells import count_cells
from datawave_edge.connectors.rare_pages import find_pages
from datawave_edge.connectors.rare_servers import POSTGRESQL
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_postgres
from tests.edge_agent.test_rare import FALSE, TRUE

pytestmark = pytest.mark.postgresql
CODES = list(PATTERNS)
VALUES = [value for values in TRUE.values() for value in values]
PLAIN = ["order is late", "x" * 40, "12 345", "a-b", ""]
Fill = Callable[[Sequence[Sequence[str | None]]], None]


@pytest.fixture
def fill(postgres: ConnectionSpec) -> Fill:
    """Makes a table of two texts and a number, `held`, and fills it."""

    def make(rows: Sequence[Sequence[str | None]]) -> None:
        # Names that the statement has a use for itself.
        run_postgres(postgres, "CREATE TABLE held (seen0 text, page text, ctid_ bigint)")
        add_rows(postgres, rows)

    return make


def add_rows(spec: ConnectionSpec, rows: Sequence[Sequence[str | None]]) -> None:
    with psycopg.connect(
        host=spec.host, port=spec.port, user=spec.username, password=spec.password,
        dbname=spec.database,
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        with cursor.copy("COPY held (seen0, page) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("UPDATE held SET ctid_ = 4111111111111111 WHERE page = 'numbered'")


def count(spec: ConnectionSpec, name: str = "held") -> dict[RareTest, int]:
    """What the database counts."""
    with closing(make_connector(spec, spec.password, RunSettings())) as connector:
        connector.connect()
        assert isinstance(connector, CountsRare)
        (ref,) = [each for each in connector.list_tables().tables if each.name == name]
        shape = connector.describe([ref])[ref]
        assert isinstance(shape, TableShape)
        tests = [RareTest(column, code) for column in (0, 1) for code in CODES]
        return connector.count_rare(shape, [*tests, RareTest(2, "card_number")], 60.0).found


def count_in_python(rows: Sequence[Sequence[str | None]]) -> dict[RareTest, int]:
    """The same rows, looked at one by one."""
    return {
        RareTest(column, code): found
        for column in (0, 1)
        for code, found in count_cells((row[column] for row in rows), CODES).items()
        if found
    }


def draw(choice: random.Random) -> str | None:
    kind = choice.random()
    if kind < 0.02:
        return choice.choice(VALUES)
    if kind < 0.04:
        return choice.choice(FALSE).replace("\\", "")
    if kind < 0.05:
        return " ".join(choice.choices(VALUES + PLAIN, k=3))
    return choice.choice([*PLAIN, None])


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_single_rows_when_values_lie_in_few_pages(
    postgres: ConnectionSpec, fill: Fill, seed: int
) -> None:
    choice = random.Random(seed)
    rows = [(draw(choice), draw(choice)) for _ in range(3_000)]
    rows += [(None, "order")] * 5_000 + [(VALUES[seed], None)]
    fill(rows)
    assert count(postgres) == count_in_python(rows)


@pytest.mark.parametrize("value", VALUES)
def test_one_value_is_found_when_it_is_alone_in_the_table(
    postgres: ConnectionSpec, fill: Fill, value: str
) -> None:
    rows = [("order is late", None)] * 4_000 + [("order", value)] + [(None, "late")] * 4_000
    fill(rows)
    assert count(postgres) == count_in_python(rows) != {}


def test_value_is_found_when_its_text_is_too_long_to_be_joined(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    long = "lorem ipsum " * 20_000
    rows = [("short", f"{long} 4111 1111 1111 1111"), (long, None), (f"{VALUES[0]} {long}", "")]
    fill(rows)
    assert count(postgres) == count_in_python(rows) != {}


def test_neighbours_make_no_value_together_when_their_texts_are_joined(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    fill([("4111 1111", None), ("1111 1111", None), ("anna@", "+49 171"), ("mail.example", "5550")])
    assert count(postgres) == {}


@pytest.mark.parametrize("value", VALUES)
def test_value_is_found_when_the_texts_of_its_column_are_short(
    postgres: ConnectionSpec, fill: Fill, value: str
) -> None:
    fill([("late", "a")] * 4_000 + [(value, None)])
    run_postgres(postgres, "ANALYZE held")
    assert count(postgres) == count_in_python([(value, None)]) != {}


def test_long_value_is_found_when_its_column_is_known_for_short_texts(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    fill([("late", "a")] * 4_000)
    run_postgres(
        postgres, "ANALYZE held", "ALTER TABLE held ALTER seen0 SET STORAGE EXTERNAL",
        f"INSERT INTO held VALUES ('{'lorem ipsum ' * 400}123-45-6789', NULL)",
    )  # fmt: skip
    assert count(postgres) == {RareTest(0, "us_ssn"): 1}


def test_values_are_found_when_a_collation_takes_unlike_texts_for_equal(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    rows = [("late", "order")] * 3_000 + [(value, None) for value in VALUES]
    fill(rows)
    run_postgres(
        postgres,
        "CREATE COLLATION loose"
        " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "ALTER TABLE held ALTER seen0 TYPE text COLLATE loose",
    )
    assert count(postgres) == count_in_python(rows)


def test_documents_are_counted_when_they_are_kept_as_values(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    fill([('{"a": 1}', None)] * 3_000 + [('{"card": "4111 1111 1111 1111"}', None)])
    run_postgres(postgres, "ALTER TABLE held ALTER seen0 TYPE jsonb USING seen0::jsonb")
    assert count(postgres) == {RareTest(0, "card_number"): 1}


def test_number_is_found_when_no_text_of_its_pages_is_odd(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    fill([("late", "order")] * 3_000 + [("late", "numbered")])
    assert count(postgres) == {RareTest(2, "card_number"): 1}


def test_rows_behind_the_known_size_are_counted_when_the_table_has_grown(
    postgres: ConnectionSpec, fill: Fill
) -> None:
    fill([("late", "order")] * 100)
    run_postgres(postgres, "ANALYZE held")
    grown = [("late", "order")] * 20_000 + [(VALUES[0], None)]
    add_rows(postgres, grown)
    assert count(postgres) == count_in_python(grown) != {}


@pytest.mark.parametrize(
    "table",
    [
        (
            "CREATE TABLE parts (LIKE held) PARTITION BY LIST (page);"
            " CREATE TABLE one PARTITION OF parts FOR VALUES IN ('a');"
            " CREATE TABLE two PARTITION OF parts DEFAULT"
        ),
        # A parent has rows of its own, and shows its children's.
        "CREATE TABLE parts (LIKE held); CREATE TABLE child () INHERITS (parts)",
    ],
    ids=["partitions", "children"],
)
def test_every_part_is_counted_when_a_table_has_parts(
    postgres: ConnectionSpec, fill: Fill, table: str
) -> None:
    fill([])
    into = "child" if "INHERITS" in table else "parts"
    run_postgres(
        postgres, *table.split(";"),
        f"INSERT INTO {into} SELECT 'late', 'a' FROM generate_series(1, 9000)",
        f"INSERT INTO {into} VALUES ('{VALUES[0]}', 'a'), ('{VALUES[0]}', 'b')",
        f"INSERT INTO parts VALUES ('{VALUES[0]}', 'c')", "ANALYZE",
    )  # fmt: skip
    assert count(postgres, "parts") == {RareTest(0, "api_key"): 3}


@pytest.mark.parametrize(
    ("heir", "paged"), [("", True), ("CREATE TABLE heir () INHERITS (held)", False)]
)
def test_table_is_read_by_its_pages_when_it_has_no_parts(
    postgres: ConnectionSpec, fill: Fill, heir: str, *, paged: bool
) -> None:
    fill([("late", "order")] * 3_000)
    run_postgres(postgres, *filter(None, [heir]), "ANALYZE held")
    with closing(PostgresConnector(postgres, postgres.password, RunSettings())) as connector:
        connector.connect()
        (shape,) = connector.describe([TableRef("public", "held")]).values()
        assert isinstance(shape, TableShape)
        assert (find_pages(connector._session, shape, POSTGRESQL) is not None) == paged


@pytest.fixture
def reader(postgres: ConnectionSpec, fill: Fill) -> ConnectionSpec:
    """A role that a policy lets see one row of three."""
    fill([])
    name = f"reader_{postgres.database}"[:60]
    run_postgres(
        postgres, f"CREATE ROLE {name} LOGIN PASSWORD 'reads'", f"GRANT SELECT ON held TO {name}",
        f"INSERT INTO held SELECT '{VALUES[0]}', 'hidden' FROM generate_series(1, 2)",
        f"INSERT INTO held VALUES ('{VALUES[0]}', 'open')",
        "ALTER TABLE held ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY opened ON held USING (page = 'open')",
    )  # fmt: skip
    return ConnectionSpec(
        engine="postgresql", host=postgres.host, port=postgres.port, database=postgres.database,
        username=name, password="reads", tls=postgres.tls,
    )  # fmt: skip


def test_only_visible_rows_are_counted_when_a_policy_hides_others(
    postgres: ConnectionSpec, reader: ConnectionSpec
) -> None:
    found = count(reader)
    run_postgres(postgres, f"DROP OWNED BY {reader.username}", f"DROP ROLE {reader.username}")
    assert found == {RareTest(0, "api_key"): 1}
