"""A spool whose pages are damaged: it costs at most one job, and no person has to delete it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from datawave_edge.cli import main
from datawave_edge.config import AgentConfig
from datawave_edge.discovery import run_discovery
from datawave_edge.identity import IdentityFile, make_identity
from datawave_edge.outbox import Outbox
from datawave_edge.spool import SpoolUnwritable, set_aside_damaged
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport

from .conftest import StartAgent, make_work, sqlite_spec
from .fake_server import FakeServer

EXIT_SPOOL = 75


def make_spool(directory: Path) -> None:
    """A spool that knows of tables of a job, on several pages."""
    box = Outbox(directory)
    with box.file.writing() as connection:
        rows = [("j", "", f"table {number:05}", 0) for number in range(2_000)]
        connection.executemany("INSERT INTO tables_done VALUES (?, ?, ?, ?)", rows)
    box.close()


def damage(directory: Path, table: str = "tables_done") -> None:
    """Spoil the first page of a table: the file opens as before."""
    path = directory / "outbox.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(select, (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def list_broken(directory: Path) -> list[Path]:
    return list(directory.glob("outbox.broken-*"))


def test_spool_is_set_aside_when_a_page_of_it_is_damaged(tmp_path: Path) -> None:
    make_spool(tmp_path)
    damage(tmp_path)
    set_aside_damaged(tmp_path)
    assert len(list_broken(tmp_path)) == 1
    box = Outbox(tmp_path)
    assert box.list_done("j") == set()
    box.close()


def test_spool_stays_when_it_is_whole(tmp_path: Path) -> None:
    # Killed, so what was put last is in the log alone.
    code = (
        "import os, pathlib, sys; from datawave_edge.outbox import Outbox;"
        "Outbox(pathlib.Path(sys.argv[1])).open_job('j'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    set_aside_damaged(tmp_path)
    assert list_broken(tmp_path) == []
    box = Outbox(tmp_path)
    with box.file.reading() as connection:
        assert connection.execute("SELECT job FROM jobs").fetchall() == [("j",)]
    box.close()


@pytest.mark.parametrize("command", [["egress"], ["dead"], ["status"]])
def test_spool_in_use_stays_when_somebody_looks_at_it_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    enrol_by_hand(tmp_path)
    (tmp_path / "outbox.sqlite3").write_bytes(b"damaged" * 1_000)
    assert main([*command, "--spool", str(tmp_path)]) != 0
    told = capsys.readouterr()
    assert "damaged" in told.out + told.err
    assert list_broken(tmp_path) == []


def enrol_by_hand(directory: Path) -> None:
    identity = make_identity("http://127.0.0.1:9")
    identity.agent = "00000000-0000-4000-8000-000000000001"
    IdentityFile(directory).save(identity)


def test_nothing_is_set_aside_when_there_is_no_spool_yet(tmp_path: Path) -> None:
    set_aside_damaged(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_next_start_sets_the_spool_aside_when_damage_was_met_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_spool(tmp_path)
    damage(tmp_path)
    box = Outbox(tmp_path)
    with pytest.raises(SpoolUnwritable):
        box.list_done("j")
    with pytest.raises(SpoolUnwritable), box.file.writing() as connection:
        connection.execute("DELETE FROM tables_done")
    box.close()
    monkeypatch.setattr("datawave_edge.spool._is_whole", lambda path: True)
    set_aside_damaged(tmp_path)
    assert len(list_broken(tmp_path)) == 1
    Outbox(tmp_path).close()
    set_aside_damaged(tmp_path)
    assert len(list_broken(tmp_path)) == 1


@pytest.mark.parametrize("table", ["tables_done", "batches", "loads", "fingerprints"])
def test_job_fails_to_be_tried_again_when_its_spool_is_damaged(
    fake: FakeServer, config: AgentConfig, shop: Path, table: str
) -> None:
    make_spool(config.spool)
    damage(config.spool, table)
    outbox = Outbox(config.spool)
    work = make_work(sqlite_spec(shop), "j")
    stream = JobStream(work, Transport(config), outbox)
    run_discovery(work, stream, outbox)
    outbox.close()
    assert (fake.failures["j"].code, fake.failures["j"].retry) == ("spool_failed", True)
    assert stream.reason == "spool"


def test_agent_reads_all_when_it_starts_with_a_damaged_spool(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path, shop: Path
) -> None:
    make_spool(tmp_path / "agent")
    damage(tmp_path / "agent")
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    start_agent()
    fake.wait_over("j")
    assert fake.closes["j"].seen == 4
    assert len(list_broken(tmp_path / "agent")) == 1


def test_agent_ends_to_be_started_again_when_its_spool_is_damaged_meanwhile(
    fake: FakeServer, start_agent: StartAgent, tmp_path: Path, shop: Path
) -> None:
    make_spool(tmp_path / "agent")
    process = start_agent()
    fake.wait_for(lambda: any(b"/work" in each for each in fake.heard))
    damage(tmp_path / "agent", "batches")
    damage(tmp_path / "agent")
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    assert process.wait(timeout=60) == EXIT_SPOOL
    fake.failures.pop("j", None)
    start_agent()
    fake.wait_over("j")
    assert fake.closes["j"].seen == 4
