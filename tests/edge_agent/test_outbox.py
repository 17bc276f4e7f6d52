"""The spool: what was put is there after anything, and leaves only when the server has it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from datawave_edge import outbox as outbox_module
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import FilteredRecord, Load, batch_sha256, decode_records
from datawave_edge.spool import SpoolUnwritable


def one(name: str) -> list[FilteredRecord]:
    return [FilteredRecord(container="", name=name)]


def test_file_is_private_when_made(outbox: Outbox) -> None:
    assert stat.S_IMODE(outbox.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(outbox.path.parent.stat().st_mode) == 0o700


def test_batch_waits_with_its_hash_when_put(outbox: Outbox) -> None:
    outbox.open_job("j")
    outbox.put("j", one("a"), [("", "a")])
    batch = outbox.find_waiting("j")
    assert batch is not None
    assert batch.sha == batch_sha256(batch.body)
    assert decode_records(batch.body) == one("a")
    assert outbox.list_done("j") == {("", "a")}


def test_batches_are_sent_again_when_the_server_was_restored(outbox: Outbox) -> None:
    outbox.open_job("j")
    for name in "abc":
        outbox.mark_acked("j", outbox.put("j", one(name), []))
    assert outbox.find_waiting("j") is None
    assert outbox.resume_at("j", 1)
    batch = outbox.find_waiting("j")
    assert batch is not None
    assert batch.seq == 1


@pytest.mark.parametrize("state", ["closed", "gone", "cancelled"])
def test_job_goes_on_where_it_was_when_it_comes_back(outbox: Outbox, state: str) -> None:
    outbox.open_job("j")
    outbox.mark_acked("j", outbox.put("j", one("a"), [("", "a")]))
    outbox.put("j", one("b"), [("", "b")])
    outbox.end_job("j", state)
    outbox.open_job("j")
    # A server that was set back has none of them.
    assert outbox.resume_at("j", 0)
    batch = outbox.find_waiting("j")
    assert batch is not None
    assert decode_records(batch.body) == one("a")
    assert outbox.list_done("j") == {("", "a"), ("", "b")}


def test_nothing_is_sent_twice_when_a_failed_job_is_read_anew(outbox: Outbox) -> None:
    outbox.open_job("j")
    outbox.mark_acked("j", outbox.put("j", one("a"), [("", "a")]))
    outbox.put("j", one("b"), [("", "b")])
    held = outbox.list_hashes("j")[:1]
    outbox.end_job("j", "failed")
    outbox.open_job("j")
    outbox.adopt_hashes("j", held)
    assert outbox.resume_at("j", 1)
    assert outbox.list_done("j") == set()
    batch = outbox.find_waiting("j")
    assert batch is not None
    assert (batch.seq, decode_records(batch.body)) == (1, [])
    assert outbox.list_hashes("j")[0] == held[0]
    assert outbox.put("j", one("b"), [("", "b")]) == 2


def test_spool_is_lost_when_the_server_holds_unknown_batches(outbox: Outbox) -> None:
    outbox.open_job("j")
    assert not outbox.resume_at("j", 2)
    outbox.adopt_hashes("j", ["a" * 64, "b" * 64])
    assert outbox.resume_at("j", 2)
    assert outbox.put("j", one("c"), []) == 2
    assert outbox.list_hashes("j")[:2] == ["a" * 64, "b" * 64]


def test_load_adds_up_when_the_agent_restarts(outbox: Outbox) -> None:
    outbox.open_job("j")
    outbox.add_load("j", Load(queries=2, rows_read=10, seconds=0.5))
    outbox.open_job("j")
    outbox.add_load("j", Load(queries=1, rows_read=5, seconds=0.25))
    assert outbox.get_load("j") == Load(queries=3, rows_read=15, seconds=0.75)


def test_ledger_keeps_its_bounds_when_jobs_end(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "LEDGER_BYTES", 400)
    outbox.open_job("j")
    for number in range(20):
        seq = outbox.put("j", one(f"table_{number}"), [])
        outbox.mark_sending("j", seq)
        outbox.mark_acked("j", seq)
    outbox.end_job("j", "closed")
    lines = list(outbox.list_ledger())
    kept = [line for line in lines if line.body is not None]
    assert len(lines) == 20
    assert 0 < len(kept) < 20
    assert kept[-1].body == lines[-1].body


def test_notes_keep_their_bounds_while_a_job_goes_on(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "LEDGER_NOTES", 5)
    for number in range(20):
        outbox.note_sent("POST", f"/jobs/j/progress{number}", b"{}")
    assert [line.path[-2:] for line in outbox.list_ledger()] == ["15", "16", "17", "18", "19"]


def test_put_batch_is_there_when_the_process_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib; from datawave_edge.outbox import Outbox;"
        "from datawave_edge.protocol import FilteredRecord;"
        "box = Outbox(pathlib.Path(sys.argv[1])); box.open_job('j');"
        "box.put('j', [FilteredRecord(container='', name='kept')], [('', 'kept')]);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "s")], check=False)
    assert done.returncode == -signal.SIGKILL
    box = Outbox(tmp_path / "s")
    batch = box.find_waiting("j")
    assert batch is not None
    assert decode_records(batch.body) == one("kept")
    assert box.list_done("j") == {("", "kept")}
    box.close()


def test_damaged_file_is_set_aside_when_opened(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").write_bytes(b"damaged" * 1_000)
    box = Outbox(tmp_path)
    box.open_job("j")
    assert box.put("j", one("a"), []) == 0
    box.close()
    assert list(tmp_path.glob("outbox.broken-*"))


def test_put_fails_whole_when_the_disk_is_full(outbox: Outbox) -> None:
    outbox.open_job("j")
    with outbox.file.reading() as connection:
        connection.execute("PRAGMA max_page_count = 30")
    stored: list[int] = []
    with suppress(SpoolUnwritable):
        while len(stored) < 1_000:
            stored.append(outbox.put("j", one(os.urandom(300).hex()), []))
    assert 0 < len(stored) < 1_000
    assert len(outbox.list_hashes("j")) == outbox.next_seq("j") == len(stored)
    assert outbox.find_waiting("j")


def test_old_jobs_leave_the_spool_when_nobody_takes_them_up(outbox: Outbox) -> None:
    outbox.open_job("old")
    outbox.put("old", one("a"), [("", "a")])
    with outbox.file.writing() as connection:
        connection.execute("UPDATE jobs SET opened_at = '2020-01-01'")
    outbox.forget_old_jobs()
    assert outbox.spool_bytes() == 0
    assert outbox.list_done("old") == set()


@pytest.mark.parametrize(("days", "known"), [(399, 1), (401, 0)])
def test_hashes_leave_the_ledger_when_their_job_is_long_over(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, days: int, known: int
) -> None:
    monkeypatch.setattr("datawave_edge.outbox.LEDGER_BYTES", 0)
    outbox.open_job("old")
    outbox.mark_sending("old", outbox.put("old", one("a"), []))
    outbox.end_job("old", "closed")
    with outbox.file.writing() as connection:
        connection.execute("UPDATE jobs SET opened_at = datetime('now', ?)", (f"-{days} days",))
    outbox.forget_old_jobs()
    assert len(list(outbox.list_ledger())) == known
    assert len(outbox.list_hashes("old")) == known


class SpoolMachine(RuleBasedStateMachine):
    """Any order of puts, acks, restarts and resumes keeps the spool like a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(f"/tmp/datawave-spool-{os.getpid()}-{id(self)}")
        self.box = Outbox(self.folder)
        self.box.open_job("j")
        self.names: list[str] = []
        self.acked: set[int] = set()

    @rule(name=st.text("abc'\"%{}é", min_size=1, max_size=6))
    def put(self, name: str) -> None:
        assert self.box.put("j", one(name), [("", name)]) == len(self.names)
        self.names.append(name)

    @rule()
    def acknowledge(self) -> None:
        batch = self.box.find_waiting("j")
        if batch:
            self.box.mark_acked("j", batch.seq)
            self.acked.add(batch.seq)

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        resume_seq = data.draw(st.integers(0, len(self.names)))
        assert self.box.resume_at("j", resume_seq)
        self.acked = set(range(resume_seq))

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = Outbox(self.folder)

    @invariant()
    def agrees(self) -> None:
        waiting = sorted(set(range(len(self.names))) - self.acked)
        batch = self.box.find_waiting("j")
        assert (batch.seq if batch else None) == (waiting[0] if waiting else None)
        assert len(self.box.list_hashes("j")) == len(self.names)
        assert self.box.list_done("j") == {("", name) for name in self.names}
        assert (self.box.spool_bytes() > 0) == bool(waiting)

    def teardown(self) -> None:
        self.box.close()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


SpoolMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestSpoolMachine = SpoolMachine.TestCase
