"""A refused batch costs the poisoned table alone, and what was refused is kept for a person."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datawave_edge.cli import main
from datawave_edge.letters import STAND_IN, DeadLetters, Refusal, key_of, source_key
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import (
    Ack,
    ConnectionSpec,
    FailedRecord,
    FilteredRecord,
    Record,
    TableRecord,
    decode_records,
)

from .conftest import Discover, sqlite_spec
from .fake_server import Answer, FakeServer

TABLES = 5
# What the agent lets out: no NUL, no half of a character.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
POISON = "t3"


@pytest.fixture
def many(tmp_path: Path) -> ConnectionSpec:
    """A database of five tables, one of which the server will not take."""
    path = tmp_path / "many.db"
    connection = sqlite3.connect(path)
    for number in range(1, TABLES + 1):
        connection.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY)")
    connection.close()
    return sqlite_spec(path)


def refuse_poison(fake: FakeServer, status: int, code: str) -> None:
    """Refuse each batch that describes the poisoned table, as a server does that can't read it."""

    def look(records: list[Record]) -> None:
        if any(isinstance(each, TableRecord) and each.table.name == POISON for each in records):
            raise Answer(status, code)

    fake.before_records = look


def quarantine_poison(fake: FakeServer) -> None:
    """Take each such batch into the ledger, and its records not."""

    def judge(records: list[Record]) -> Ack | None:
        if any(isinstance(each, TableRecord) and each.table.name == POISON for each in records):
            return Ack(status="quarantined", acked_seq=-1, rejected=["key_broken: record 1: no."])
        return None

    fake.judge = judge


def accepted(fake: FakeServer, job: str) -> dict[str, Record]:
    """Table -> the last record of it that the server took in."""
    return {key_of(record)[1]: record for record in fake.accepted(job)}


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_one_table_is_lost_when_the_server_refuses_its_batch(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec, status: int
) -> None:
    refuse_poison(fake, status, "unreadable")
    job = str(uuid.uuid4())
    discover(many, job)
    taken = accepted(fake, job)
    assert fake.closes[job].seen == len(taken) == TABLES
    assert {name for name, record in taken.items() if isinstance(record, TableRecord)} == {
        "t1", "t2", "t4", "t5"
    }  # fmt: skip
    failed = taken[POISON]
    assert isinstance(failed, FailedRecord)
    assert failed.code == STAND_IN
    (letter,) = DeadLetters(outbox.file).list_all()
    assert (letter.path, letter.code, letter.state) == (POISON, "unreadable", "dead")
    lines = [line for each in fake.progress for line in each.log if line.level == "error"]
    assert len(lines) == 1
    assert POISON in lines[0].message


def test_other_tables_are_sent_anew_when_the_server_sets_a_batch_aside(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    quarantine_poison(fake)
    job = str(uuid.uuid4())
    discover(many, job)
    taken = accepted(fake, job)
    assert fake.closes[job].seen == len(taken) == TABLES
    assert isinstance(taken[POISON], FailedRecord)
    assert sum(isinstance(record, TableRecord) for record in taken.values()) == TABLES - 1
    (letter,) = DeadLetters(outbox.file).list_all()
    assert letter.code == "quarantined"
    assert "key_broken" in letter.reason


def test_job_fails_when_the_server_refuses_everything(
    discover: Discover, fake: FakeServer, many: ConnectionSpec
) -> None:
    def refuse(job: str, seq: int) -> None:
        raise Answer(400, "no")

    fake.before_batch = refuse
    job = str(uuid.uuid4())
    discover(many, job)
    assert fake.failures[job].code == "batch_refused"
    assert job not in fake.closes


def test_batch_is_sent_again_when_it_was_damaged_on_its_way(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    seen: list[int] = []

    def damage(job: str, seq: int) -> None:
        seen.append(seq)
        if len(seen) <= 2:
            raise Answer(400, "hash_mismatch")

    fake.before_batch = damage
    job = str(uuid.uuid4())
    discover(many, job)
    assert len(accepted(fake, job)) == TABLES
    assert not DeadLetters(outbox.file).list_all()


def test_tables_are_told_as_unread_when_the_disk_damages_a_batch(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    job = str(uuid.uuid4())
    real = Outbox.find_waiting
    hurt: list[int] = []

    def find(box: Outbox, asked: str, besides: Collection[int] = ()) -> Any:
        batch = real(box, asked, besides)
        if batch is not None and not hurt:
            hurt.append(batch.seq)
            with box.file.writing() as connection:
                connection.execute("UPDATE batches SET packed = x'1f8b00' WHERE seq = 0")
            return real(box, asked, besides)
        return batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outbox, "find_waiting", find)
        discover(many, job, tables_per_batch=2)
    taken = accepted(fake, job)
    assert len(taken) == fake.closes[job].seen == TABLES
    assert [name for name, each in taken.items() if isinstance(each, FailedRecord)] == ["t1", "t2"]


def test_letter_goes_out_with_the_next_discovery_when_it_is_sent_again(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    refuse_poison(fake, 422, "unreadable")
    discover(many)
    (letter,) = DeadLetters(outbox.file).list_all()
    assert DeadLetters(outbox.file).resend(letter.id)
    refused = DeadLetters(outbox.file).read(letter.id)

    fake.before_records = lambda records: None
    job = str(uuid.uuid4())
    discover(many, job)
    assert fake.batches[job][0] == refused
    assert len(accepted(fake, job)) == fake.closes[job].seen == TABLES
    assert not DeadLetters(outbox.file).list_all()


def test_letter_stays_when_another_source_is_discovered(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec, shop: Path
) -> None:
    refuse_poison(fake, 422, "unreadable")
    discover(many)
    DeadLetters(outbox.file).resend(1)
    fake.before_records = lambda records: None
    discover(sqlite_spec(shop))
    assert [letter.state for letter in DeadLetters(outbox.file).list_all()] == ["again"]


def test_letter_is_old_when_the_table_was_taken_in_later(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    refuse_poison(fake, 422, "unreadable")
    discover(many)
    fake.before_records = lambda records: None
    discover(many)
    assert DeadLetters(outbox.file).list_all() == []


def test_refused_bytes_stay_in_the_ledger_when_others_take_their_number(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    refuse_poison(fake, 422, "unreadable")
    job = str(uuid.uuid4())
    discover(many, job)
    bodies = [line.body for line in outbox.list_ledger() if line.method == "PUT"]
    kept = DeadLetters(outbox.file).read(1)
    assert kept in bodies
    assert set(fake.batches[job].values()) <= set(bodies)


def test_batch_stays_in_the_ledger_when_it_was_refused_and_sent_in_parts(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    """Whatever becomes of its letters: the bytes have left the host."""
    refuse_poison(fake, 422, "unreadable")
    discover(many)
    refused = {body for body in fake.heard if b'"name":"t3"' in body and b'"record"' in body}
    assert len(refused) > 1
    letters = DeadLetters(outbox.file)
    for letter in letters.list_all():
        letters.discard(letter.id)
    told = [line.body for line in outbox.list_ledger() if line.method == "PUT"]
    assert refused <= set(told)
    assert len(told) == len(set(told))


def test_batch_is_in_the_ledger_once_when_the_server_sets_it_aside(
    discover: Discover, fake: FakeServer, outbox: Outbox, many: ConnectionSpec
) -> None:
    quarantine_poison(fake)
    discover(many)
    assert DeadLetters(outbox.file).count() == 1
    told = [(line.path, line.sha) for line in outbox.list_ledger() if line.method == "PUT"]
    assert len(told) == len(set(told))


def test_refused_bytes_keep_their_bounds_when_there_are_many(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datawave_edge.letters.REFUSED_BYTES", 400)
    outbox.open_job("j")
    for number in range(12):
        seq = outbox.put("j", [FilteredRecord(container="", name=f"t{number}")], [])
        outbox.mark_sending("j", seq)
        batch = outbox.find_waiting("j")
        assert batch is not None
        DeadLetters(outbox.file).replace(batch, "s", Refusal("unreadable"))
        outbox.mark_acked("j", seq)
    lines = list(outbox.list_ledger())
    kept = [line.body is not None for line in lines]
    assert len(lines) == 12
    assert 0 < sum(kept) < 12
    assert kept == sorted(kept)


@given(
    names=st.lists(NAMES, min_size=1, max_size=70, unique=True),
    poison=st.sets(st.integers(0, 69)),
    held=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_table_is_accounted_for_when_any_of_them_are_poisoned(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], poison: set[int], *, held: bool
) -> None:
    box = Outbox(tmp_path_factory.mktemp("spool"))
    box.open_job("j")
    bad = {name for number, name in enumerate(names) if number in poison}
    box.put("j", [FilteredRecord(container="c", name=name) for name in names], [])
    taken: dict[str, Record] = {}
    while batch := box.find_waiting("j"):
        records = decode_records(batch.body)
        if any(isinstance(each, FilteredRecord) and each.name in bad for each in records):
            DeadLetters(box.file).replace(batch, "s", Refusal("bad", held=held))
            continue
        taken.update({key_of(each)[1]: each for each in records})
        box.mark_acked("j", batch.seq)
    assert taken.keys() == set(names)
    assert {name for name, each in taken.items() if isinstance(each, FailedRecord)} == bad
    assert {letter.name for letter in DeadLetters(box.file).list_all()} == bad
    box.close()


def test_sources_are_told_apart_when_only_the_port_differs() -> None:
    one = ConnectionSpec(engine="postgresql", host="db", port=5432, database="crm")
    two = ConnectionSpec(engine="postgresql", host="db", port=5433, database="crm")
    again = ConnectionSpec(engine="postgresql", host="db", port=5432, database="crm", username="x")
    assert source_key(one) == source_key(again) != source_key(two)


@pytest.fixture
def spool_with_letter(tmp_path: Path) -> str:
    box = Outbox(tmp_path / "dead")
    box.open_job("j")
    box.put("j", [FilteredRecord(container="pub\x1b[2J", name="tä")], [])
    batch = box.find_waiting("j")
    assert batch is not None
    DeadLetters(box.file).replace(batch, "s", Refusal("schema_invalid", ["record 1: wrong"]))
    box.close()
    return str(tmp_path / "dead")


def test_letters_can_be_looked_at_and_decided_on(
    spool_with_letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def dead(*arguments: str) -> str:
        assert main(["dead", "--spool", spool_with_letter, *arguments]) == 0
        return capsys.readouterr().out

    listed = dead()
    assert "t\\xe4" in listed
    assert "schema_invalid: record 1: wrong" in listed
    assert "\x1b" not in listed
    assert "waits for you" in listed
    assert '"record":"filtered"' in dead("--show", "1")
    dead("--resend", "1")
    assert "next discovery" in dead()
    dead("--discard", "1")
    assert "No dead letters" in dead()


@pytest.mark.parametrize("number", ["x", "-1", "1" * 30, "²"])
def test_number_is_refused_when_it_is_no_letters(spool_with_letter: str, number: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dead", "--spool", spool_with_letter, "--show", number])
    assert caught.value.code == 2


@pytest.mark.parametrize("what", ["--show", "--resend", "--discard"])
def test_command_says_so_when_there_is_no_such_letter(
    spool_with_letter: str, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert main(["dead", "--spool", spool_with_letter, what, "9"]) == 1
    assert "no dead letter 9" in capsys.readouterr().err


def test_command_says_so_when_there_is_no_spool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dead", "--spool", str(tmp_path / "none")]) == 1
    assert "no spool" in capsys.readouterr().err
