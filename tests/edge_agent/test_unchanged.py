"""Tables that nobody changed are told by their hash, and no change is ever taken for none."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datawave_edge import unchanged
from datawave_edge.connectors import TableRef, TellsApart, postgresql_queries
from datawave_edge.discovery import run_discovery
from datawave_edge.faults import SourceFault
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import ConnectionSpec, Record, TableRecord, UnchangedRecord
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.edge_agent.conftest import Discover, make_work, run_postgres
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_servers import open_connector
from tests.edge_agent.weird import RELATIONS, make_statements

pytestmark = pytest.mark.postgresql

LIBRARY = (
    "CREATE SCHEMA lib",
    "CREATE TYPE lib.genre AS ENUM ('a', 'b')",
    "CREATE DOMAIN lib.isbn AS varchar(13)",
    "CREATE FUNCTION lib.good (int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0'",
    "CREATE TABLE lib.authors (id int PRIMARY KEY, name text, UNIQUE (id, name))",
    (
        "CREATE TABLE lib.books (id serial PRIMARY KEY, isbn lib.isbn, genre lib.genre,"
        " author int REFERENCES lib.authors (id), CHECK (author > 0 AND lib.good(id)))"
    ),
    (
        "CREATE TABLE lib.pens (held int, by text,"
        " FOREIGN KEY (by, held) REFERENCES lib.authors (name, id))"
    ),
    "CREATE TABLE lib.pairs (a text, b varchar)",
    "CREATE TABLE lib.loans (day date, book int) PARTITION BY RANGE (day)",
    "CREATE VIEW lib.seen AS SELECT name FROM lib.authors",
    "CREATE TABLE lib.quiet (id int)",
)  # fmt: skip
# What is done -> the relations whose description it changes.
CHANGES = {
    "ALTER TABLE lib.authors ADD born date": {"authors"},
    "ALTER TABLE lib.authors RENAME name TO names": {"authors", "pens", "seen"},
    "ALTER TABLE lib.authors RENAME id TO number": {"authors", "books", "pens"},
    "ALTER TABLE lib.authors ALTER id TYPE bigint": {"authors"},
    "ALTER TABLE lib.authors ALTER name SET NOT NULL": {"authors"},
    "ALTER TABLE lib.authors ALTER name SET DEFAULT 'x'": {"authors"},
    "ALTER TABLE lib.authors ALTER id ADD GENERATED ALWAYS AS IDENTITY": {"authors"},
    "ALTER TABLE lib.quiet ENABLE ROW LEVEL SECURITY": {"quiet"},
    "ALTER TABLE lib.quiet ADD CHECK (id < 9)": {"quiet"},
    "ALTER TABLE lib.quiet ADD UNIQUE (id)": {"quiet"},
    "CREATE INDEX ON lib.quiet (id) WHERE id > 1": {"quiet"},
    "ALTER TABLE lib.books RENAME author TO writer": {"books"},
    "ALTER FUNCTION lib.good (int) RENAME TO fine": {"books"},
    "COMMENT ON TABLE lib.quiet IS 'Not loud'": {"quiet"},
    "COMMENT ON COLUMN lib.quiet.id IS 'Its number'": {"quiet"},
    "CREATE TABLE lib.loans_24 PARTITION OF lib.loans DEFAULT": {"loans", "loans_24"},
    "CREATE TABLE lib.heir () INHERITS (lib.quiet)": {"heir"},
    "CREATE OR REPLACE VIEW lib.seen AS SELECT upper(name) AS name FROM lib.authors": {"seen"},
    "ALTER SEQUENCE lib.books_id_seq RENAME TO numbers": {"books"},
    "ALTER TYPE lib.genre ADD VALUE 'c'": {"books"},
    "ALTER TYPE lib.genre RENAME TO kind": {"books"},
    "ALTER DOMAIN lib.isbn SET NOT NULL": {"books"},
    "GRANT SELECT ON lib.quiet TO PUBLIC": {"quiet"},
    "GRANT UPDATE (id) ON lib.quiet TO PUBLIC": {"quiet"},
    "INSERT INTO lib.quiet SELECT generate_series(1, 999); ANALYZE lib.quiet": {"quiet"},
    "ALTER TABLE lib.quiet RENAME TO silent": {"silent"},
    # In a plain sum each type would still come once.
    "ALTER TABLE lib.pairs ALTER a TYPE varchar, ALTER b TYPE text": {"pairs"},
}
# Of what everybody may read, the server's sign-ins are counted, and tests beside make some.
STEADY = sorted(CHANGES.keys() - {"GRANT SELECT ON lib.quiet TO PUBLIC"})


@pytest.fixture
def library(postgres: ConnectionSpec) -> ConnectionSpec:
    run_postgres(postgres, *LIBRARY)
    return postgres


def learn(fake: FakeServer, records: list[Record]) -> None:
    """Let the server know what it was sent, as a real one would."""
    for table in (each.table for each in records if isinstance(each, TableRecord)):
        fake.known.setdefault(table.container, {})[table.name] = table.content_hash


def whole(records: list[Record]) -> set[str]:
    return {each.table.name for each in records if isinstance(each, TableRecord)}


def hashes(records: list[Record]) -> set[str]:
    return {each.name for each in records if isinstance(each, UnchangedRecord)}


def test_hashes_alone_are_sent_when_nothing_has_changed(
    discover: Discover, fake: FakeServer, library: ConnectionSpec, reads: list[TableRef]
) -> None:
    first = discover(library, sample_rows=0)
    learn(fake, first)
    assert len(reads) == 7
    again = discover(library, "again", sample_rows=0)
    assert len(reads) == 7
    named = {"authors", "books", "loans", "pairs", "pens", "quiet", "seen"}
    assert hashes(again) == whole(first) == named
    assert fake.closes["again"].seen == 7
    assert fake.progress[-1].done == fake.progress[-1].listed == 7


@pytest.mark.parametrize("change", CHANGES)
def test_changed_tables_alone_are_read_when_one_has_changed(
    discover: Discover,
    fake: FakeServer,
    library: ConnectionSpec,
    reads: list[TableRef],
    change: str,
) -> None:
    learn(fake, discover(library, sample_rows=0))
    reads.clear()
    run_postgres(library, *change.split("; "))
    assert whole(discover(library, sample_rows=0)) == CHANGES[change]
    assert {ref.name for ref in reads} == CHANGES[change]


def test_questions_are_as_many_as_ever_when_tables_are(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    names = [f"t{number}" for number in range(450)]
    run_postgres(postgres, *(f"CREATE TABLE {name} (id int PRIMARY KEY)" for name in names))
    learn(fake, discover(postgres, "first", sample_rows=0))
    assert hashes(discover(postgres, "again", sample_rows=0)) == set(names)
    # Ten for each 200 tables that are read, and a few for the session; then none for a table.
    assert fake.closes["first"].load.queries <= 45
    assert fake.closes["again"].load.queries <= 15


def test_tables_are_told_when_their_fingerprints_cannot_be_kept(
    discover: Discover,
    fake: FakeServer,
    library: ConnectionSpec,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unchanged.Fingerprints, "_load", lambda self: {})
    with outbox.file.writing() as connection:
        connection.execute("DROP TABLE fingerprints")
    assert len(whole(discover(library, "j", sample_rows=0))) == 7
    assert fake.closes["j"].seen == 7


def test_table_is_read_again_when_another_took_its_place(
    discover: Discover, fake: FakeServer, library: ConnectionSpec, reads: list[TableRef]
) -> None:
    learn(fake, discover(library, sample_rows=0))
    reads.clear()
    run_postgres(library, "DROP TABLE lib.quiet", "CREATE TABLE lib.quiet (id int)")
    assert "quiet" in hashes(discover(library, sample_rows=0))
    assert {ref.name for ref in reads} == {"quiet"}


def test_table_is_read_again_when_a_role_came_to_reach_it(
    discover: Discover, fake: FakeServer, library: ConnectionSpec
) -> None:
    group, member = (f"edge_{uuid.uuid4().hex[:8]}" for _ in range(2))
    run_postgres(library, f"CREATE ROLE {group}", f"GRANT SELECT ON lib.quiet TO {group}")
    learn(fake, discover(library, sample_rows=0))
    try:
        run_postgres(library, f"CREATE ROLE {member} LOGIN IN ROLE {group}")
        assert whole(discover(library, sample_rows=0)) == {"quiet"}
    finally:
        run_postgres(library, f"DROP OWNED BY {group}", f"DROP ROLE {group}, {member}")


def test_table_is_read_again_when_the_server_lacks_what_was_sent(
    discover: Discover, fake: FakeServer, library: ConnectionSpec
) -> None:
    learn(fake, discover(library, sample_rows=0))
    del fake.known["lib"]["quiet"]
    fake.known["lib"]["books"] = "0" * 64
    assert whole(discover(library, sample_rows=0)) == {"quiet", "books"}


def test_tables_are_read_again_when_the_release_or_the_role_is_another(
    discover: Discover,
    fake: FakeServer,
    library: ConnectionSpec,
    reads: list[TableRef],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learn(fake, discover(library, sample_rows=0))
    monkeypatch.setattr(unchanged, "__version__", "99.0")
    reads.clear()
    assert len(hashes(discover(library, sample_rows=0))) == len(reads) == 7


def test_tables_are_profiled_again_when_rows_are_sampled(
    discover: Discover, fake: FakeServer, library: ConnectionSpec, reads: list[TableRef]
) -> None:
    learn(fake, discover(library))
    reads.clear()
    discover(library)
    assert len(reads) == 7


def test_tables_are_read_when_their_fingerprints_cannot_be_had(
    discover: Discover,
    fake: FakeServer,
    library: ConnectionSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from datawave_edge.connectors.postgresql import PostgresConnector

    def refuse(*_: object) -> None:
        raise SourceFault("query_timeout")

    learn(fake, discover(library, sample_rows=0))
    monkeypatch.setattr(PostgresConnector, "fingerprint", refuse)
    assert len(hashes(discover(library, sample_rows=0))) == 7


@pytest.mark.parametrize("first_with_hashes", [140_000, 999_999], ids=["records", "texts"])
def test_fingerprints_are_those_of_the_description_when_a_database_is_odd(
    postgres: ConnectionSpec, monkeypatch: pytest.MonkeyPatch, first_with_hashes: int
) -> None:
    monkeypatch.setattr(postgresql_queries, "_HASHES_RECORDS", first_with_hashes)
    run_postgres(postgres, *make_statements())
    connector = open_connector(postgres)
    assert isinstance(connector, TellsApart)
    refs = connector.list_tables().tables
    told = {ref: shape.fingerprint for ref, shape in connector.describe(refs).items()}
    assert connector.fingerprint(refs) == told
    assert len(set(told.values())) == len(RELATIONS)
    assert connector.fingerprint([TableRef("odd", "gone")]) == {}
    connector.close()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(STEADY), min_size=1, max_size=5))
def test_rescans_say_what_a_first_scan_says_when_changes_come_in_any_order(
    fake: FakeServer,
    scan: Callable[[ConnectionSpec, str], list[Record]],
    fresh_database: Callable[[], ConnectionSpec],
    steps: list[str],
) -> None:
    spec = fresh_database()
    fake.known.clear()
    learn(fake, scan(spec, "steady"))
    for step in steps:
        try_postgres(spec, step)
        learn(fake, scan(spec, "steady"))
        held, fake.known = fake.known, {}
        learn(fake, scan(spec, uuid.uuid4().hex))
        for name, content in fake.known["lib"].items():
            assert held["lib"][name] == content, (name, steps)
        fake.known = held


def try_postgres(spec: ConnectionSpec, statements: str) -> None:
    """A change may not apply any more after those before it."""
    try:
        run_postgres(spec, *statements.split("; "))
    except psycopg.Error:
        return


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[TableRef]:
    """The tables that were described."""
    from datawave_edge.connectors.postgresql import PostgresConnector

    asked: list[TableRef] = []
    describe = PostgresConnector.describe_later

    def note(self: PostgresConnector, refs: list[TableRef]) -> object:
        asked.extend(refs)
        return describe(self, refs)

    monkeypatch.setattr(PostgresConnector, "describe_later", note)
    return asked


@pytest.fixture
def scan(
    fake: FakeServer, config: object, tmp_path: Path
) -> Callable[[ConnectionSpec, str], list[Record]]:
    """One structure-only discovery with the spool of that name."""

    def run(spec: ConnectionSpec, spool: str) -> list[Record]:
        work = make_work(spec, str(uuid.uuid4()), sample_rows=0)
        outbox = Outbox(tmp_path / f"{spec.database}-{spool}")
        run_discovery(work, JobStream(work, Transport(config), outbox), outbox)
        outbox.close()
        return fake.records(work.job)

    return run


@pytest.fixture
def fresh_database(
    postgres: ConnectionSpec, postgres_url: str
) -> Iterator[Callable[[], ConnectionSpec]]:
    """Makes libraries, copies of the first one."""
    import msgspec

    run_postgres(postgres, *LIBRARY)
    made: list[str] = []

    def make() -> ConnectionSpec:
        made.append(f"edge_{uuid.uuid4().hex[:12]}")
        admin = msgspec.structs.replace(postgres, database="postgres")
        run_postgres(admin, f"CREATE DATABASE {made[-1]} TEMPLATE {postgres.database}")
        return msgspec.structs.replace(postgres, database=made[-1])

    yield make
    admin = msgspec.structs.replace(postgres, database="postgres")
    run_postgres(admin, *(f"DROP DATABASE {name} WITH (FORCE)" for name in made))
