"""One discovery against the fake server, in this process: what arrives and how it ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from datawave_edge.connectors import TableRef, TableShape
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.faults import SourceFault
from datawave_edge.outbox import Outbox
from datawave_edge.packing import Packed
from datawave_edge.patterns import TableFilter
from datawave_edge.protocol import (
    ConnectionSpec,
    FailedRecord,
    FilteredRecord,
    SourceFacts,
    TableRecord,
    UnchangedRecord,
    encode_records,
)
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.fake_server import Answer, FakeServer


def test_it_works(discover: Discover, fake: FakeServer, shop: Path) -> None:
    records = discover(sqlite_spec(shop), "j")
    tables = {each.table.name: each.table for each in records if isinstance(each, TableRecord)}
    assert set(tables) == {"customers", "orders", "empty_one", "big_orders"}
    assert (tables["orders"].row_count, tables["orders"].row_count_exact) == (100, True)
    assert tables["orders"].foreign_keys[0].target_columns == ["id"]
    assert tables["big_orders"].kind == "view"
    email = tables["customers"].columns[2]
    assert (email.unique, email.max_length) == (True, 80)
    assert email.profile is not None
    assert email.profile.hits["email"] == 1.0
    close = fake.closes["j"]
    assert (close.seen, close.containers[0].authoritative, close.complete) == (4, True, True)
    assert close.load.queries > 8
    assert close.facts.read_only


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (SourceFacts(privileged=True), ["The account may do far more than read"]),
        (SourceFacts(read_only=False), ["The database does not keep this session from writing"]),
        (SourceFacts(privileged=False, read_only=True), []),
        (SourceFacts(), []),
    ],
)
def test_log_warns_once_when_the_account_may_do_more_than_read(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch,
    *, facts: SourceFacts, told: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(SqliteConnector, "read_facts", lambda self: facts)
    discover(sqlite_spec(shop), "j")
    lines = [line for progress in fake.progress for line in progress.log]
    warned = [line.message for line in lines if line.level == "warning"]
    assert len(warned) == len(told)
    assert all(said.startswith(start) for said, start in zip(warned, told, strict=True))


def test_unchanged_tables_send_a_hash_alone_when_known(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    first = discover(sqlite_spec(shop), "j1")
    fake.known = {
        "": {r.table.name: r.table.content_hash for r in first if isinstance(r, TableRecord)}
    }
    with sqlite3.connect(shop) as connection:
        connection.execute("INSERT INTO empty_one VALUES ('x')")
    second = discover(sqlite_spec(shop), "j2")
    changed = [each.table.name for each in second if isinstance(each, TableRecord)]
    assert changed == ["empty_one"]
    assert sum(isinstance(each, UnchangedRecord) for each in second) == 3


def test_sample_is_the_same_when_read_twice(discover: Discover, tmp_path: Path) -> None:
    path = tmp_path / "big.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE big (a, b)")
        connection.executemany("INSERT INTO big VALUES (?, ?)", ((n, n * 7) for n in range(20_000)))
    first, second = (discover(sqlite_spec(path), sample_rows=500)[0] for _ in range(2))
    assert isinstance(first, TableRecord)
    assert first == second
    assert first.table.row_count == 20_000
    profile = first.table.columns[0].profile
    assert profile is not None
    assert 400 <= profile.rows <= 500
    # Blocks from all over the table, not only its start.
    assert profile.number is not None
    assert profile.number.high_magnitude == 4


def test_filtered_tables_are_told_when_patterns_leave_them_out(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    records = discover(sqlite_spec(shop, include=["*order*"], exclude=["BIG_*"]), "j")
    assert {r.name for r in records if isinstance(r, FilteredRecord)} == {
        "customers", "empty_one", "big_orders",
    }  # fmt: skip
    assert fake.closes["j"].seen == 4


@pytest.mark.parametrize(
    ("path", "lets"),
    [
        ("sales.orders", True),
        ("sales.orders_old", False),
        ("hr.orders", False),
        ("SALES.x[1]", True),
    ],
)
def test_pattern_decides_when_include_and_exclude_meet(path: str, lets: bool) -> None:
    chosen = TableFilter(["sales.*"], ["*_old"])
    assert chosen.lets(TableRef(*path.split("."))) is lets


def test_view_fails_alone_when_it_is_broken(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("CREATE VIEW lost AS SELECT * FROM nowhere")
    records = discover(sqlite_spec(shop), "j")
    failed = [each for each in records if isinstance(each, FailedRecord)]
    assert [(each.name, each.code) for each in failed] == [("lost", "view_broken")]
    assert len(records) == fake.closes["j"].seen == 5


def test_table_is_told_missing_when_it_vanishes_meanwhile(
    discover: Discover, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqliteConnector.list_tables

    def list_more(self: SqliteConnector) -> object:
        listing = real(self)
        listing.tables.append(TableRef("", "gone"))
        return listing

    monkeypatch.setattr(SqliteConnector, "list_tables", list_more)
    records = discover(sqlite_spec(shop))
    failed = [each for each in records if isinstance(each, FailedRecord)]
    assert [(each.name, each.code) for each in failed] == [("gone", "table_missing")]


def test_structure_goes_alone_when_rows_can_not_be_read(
    discover: Discover, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: SqliteConnector, shape: object, limit: int) -> None:
        raise SourceFault("permission_denied")

    monkeypatch.setattr(SqliteConnector, "sample", refuse)
    records = discover(sqlite_spec(shop))
    assert {r.table.profile_error for r in records if isinstance(r, TableRecord)} == {
        "permission_denied"
    }


def test_other_tables_are_told_when_one_spoils_the_bulk(
    discover: Discover, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqliteConnector.describe

    def spoil(self: SqliteConnector, refs: list[TableRef]) -> object:
        if TableRef("", "orders") in refs:
            raise SourceFault("source_busy")
        return real(self, refs)

    monkeypatch.setattr(SqliteConnector, "describe", spoil)
    records = discover(sqlite_spec(shop))
    failed = [(each.name, each.code) for each in records if isinstance(each, FailedRecord)]
    assert failed == [("orders", "source_busy")]
    assert sum(isinstance(each, TableRecord) for each in records) == 3


def test_other_tables_are_told_when_one_meets_a_bug(
    discover: Discover,
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real = SqliteConnector.sample

    def stumble(self: SqliteConnector, shape: TableShape, limit: int) -> object:
        if shape.ref.name == "orders":
            raise ValueError("value-4711 is odd")
        return real(self, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", stumble)
    records = discover(sqlite_spec(shop))
    failed = [(each.name, each.code) for each in records if isinstance(each, FailedRecord)]
    assert failed == [("orders", "internal")]
    assert "4711" not in caplog.text


def test_connection_is_opened_again_when_it_breaks(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = SqliteConnector.sample, []

    def break_twice(self: SqliteConnector, shape: object, limit: int) -> object:
        calls.append(shape)
        if len(calls) in (2, 4):
            self.close()
            raise SourceFault("connection_lost")
        return real(self, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", break_twice)
    records = discover(sqlite_spec(shop), "j")
    assert len([each for each in records if isinstance(each, TableRecord)]) == 4
    assert fake.closes["j"].seen == 4


def test_other_tables_are_read_when_one_costs_the_connection_each_time(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqliteConnector.sample

    def break_over_orders(self: SqliteConnector, shape: TableShape, limit: int) -> object:
        if shape.ref.name == "orders":
            self.close()
            raise SourceFault("connection_lost")
        return real(self, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", break_over_orders)
    records = discover(sqlite_spec(shop), "j")
    failed = [(each.name, each.code) for each in records if isinstance(each, FailedRecord)]
    assert failed == [("orders", "connection_lost")]
    assert len([each for each in records if isinstance(each, TableRecord)]) == 3
    assert fake.closes["j"].seen == 4


def test_job_fails_to_be_retried_when_the_connection_stays_lost(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(self: SqliteConnector, shape: object, limit: int) -> None:
        raise SourceFault("connection_lost")

    monkeypatch.setattr(SqliteConnector, "sample", lose)
    discover(sqlite_spec(shop), "j")
    assert (fake.failures["j"].code, fake.failures["j"].retry) == ("connection_lost", True)


@pytest.mark.parametrize(
    ("content", "code"), [(None, "file_missing"), (b"no database at all", "not_a_database")]
)
def test_job_fails_with_a_code_when_the_file_is_no_database(
    discover: Discover, fake: FakeServer, tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    discover(sqlite_spec(path), "j")
    assert fake.failures["j"].code == code
    assert path.exists() == (content is not None)


def test_empty_database_closes_when_there_is_nothing(
    discover: Discover, fake: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    assert discover(sqlite_spec(path), "j") == []
    assert (fake.closes["j"].last_seq, fake.closes["j"].seen) == (-1, 0)


def test_job_stops_when_the_server_says_cancel(
    discover: Discover, fake: FakeServer, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.cancel = True
    real = SqliteConnector.sample

    def wait_for_news(self: SqliteConnector, shape: object, limit: int) -> object:
        fake.wait_for(lambda: bool(fake.progress))
        return real(self, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", wait_for_news)
    discover(sqlite_spec(shop), "j", tables_per_batch=1)
    assert fake.failures["j"].code == "cancelled"


@pytest.mark.parametrize(
    ("status", "failed"), [(404, False), (409, False), (422, True), (500, True)]
)
def test_job_ends_when_the_server_refuses_a_batch(
    discover: Discover, fake: FakeServer, shop: Path, status: int, failed: bool
) -> None:
    def refuse(job: str, seq: int) -> None:
        raise Answer(status, "no")

    fake.before_batch = refuse
    discover(sqlite_spec(shop), "j")
    assert ("j" in fake.failures) is failed
    assert "j" not in fake.closes


def test_batch_is_sent_again_when_the_server_stumbles(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    answers = iter([503, 502, 429])

    def stumble(job: str, seq: int) -> None:
        status = next(answers, 0)
        if status:
            raise Answer(status, "later", {"Retry-After": "0"})

    fake.before_batch = stumble
    assert len(discover(sqlite_spec(shop), "j")) == 4
    assert "j" in fake.closes


def test_lost_batches_are_sent_again_when_close_finds_them_missing(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    lost: list[bytes] = []

    def lose_first(path: str) -> None:
        if path.endswith("/close") and not lost:
            lost.append(fake.batches["j"].pop(1))

    fake.before_any = lose_first
    discover(sqlite_spec(shop), "j", tables_per_batch=1)
    assert fake.batches["j"][1] == lost[0]
    assert fake.closes["j"].last_seq == 3


@pytest.mark.parametrize("hashes_told", [True, False])
def test_stream_goes_on_without_its_spool_when_the_server_tells_its_hashes(
    discover: Discover, fake: FakeServer, shop: Path, outbox: Outbox, hashes_told: bool
) -> None:
    fake.batches["j"] = {0: b'{"record":"filtered","container":"","name":"before"}\n'}
    fake.hashes_told = hashes_told
    discover(sqlite_spec(shop), "j")
    assert ("j" in fake.closes) is hashes_told
    if not hashes_told:
        assert (fake.failures["j"].code, fake.failures["j"].retry) == ("spool_lost", True)


def test_progress_names_tables_and_counts_when_reading(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    discover(sqlite_spec(shop), "j")
    lines = [line.message for progress in fake.progress for line in progress.log]
    assert "Profiled orders (100 of 100 rows, values stay here)" in lines
    assert (fake.progress[-1].listed, fake.progress[-1].done) == (4, 4)


def test_nothing_more_is_said_when_the_end_is_sent(
    discover: Discover, fake: FakeServer, shop: Path
) -> None:
    said: list[str] = []
    fake.before_any = said.append
    discover(sqlite_spec(shop), "j", tables_per_batch=1)
    assert said[-1].endswith("/close")


@pytest.mark.parametrize(
    "secret_ref", ["env:NOT_SET_HERE", "file:../x", "env:DATAWAVE_TOKEN", "cmd:ls"]
)
def test_job_fails_when_the_password_is_not_here(
    discover: Discover, fake: FakeServer, monkeypatch: pytest.MonkeyPatch, secret_ref: str
) -> None:
    monkeypatch.setenv("DATAWAVE_TOKEN", "x")
    spec = ConnectionSpec(engine="postgresql", host="127.0.0.1", secret_ref=secret_ref)
    discover(spec, "j")
    assert fake.failures["j"].code == "secret_missing"


def test_batches_are_packed_as_the_server_likes_best_when_it_knows_more_than_gzip(
    discover: Discover, fake: FakeServer, shop: Path, outbox: Outbox
) -> None:
    fake.capabilities = ["gzip", "teleport", "zstd"]
    assert {type(record) for record in discover(sqlite_spec(shop), "j")} == {TableRecord}
    assert set(fake.encodings) == {"zstd"}
    ledger = [line for line in outbox.list_ledger() if line.method == "PUT"]
    assert [line.body for line in ledger] == list(fake.batches["j"].values())


def test_waiting_batch_is_packed_anew_when_the_server_understands_it_no_more(
    discover: Discover, fake: FakeServer, shop: Path, outbox: Outbox
) -> None:
    outbox.open_job("j")
    record = FilteredRecord(container="main", name="orders")
    content = Packed.of_lines([encode_records([record])], 1, "zstd")
    outbox.put_packed("j", content, [("main", "orders")])
    assert record in discover(sqlite_spec(shop), "j")
    assert set(fake.encodings) == {"gzip"}
    assert fake.closes["j"].last_seq >= 1
