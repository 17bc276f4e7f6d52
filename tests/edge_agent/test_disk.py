"""The spool's disk: it slows, it pauses, it ends the agent; it never drops and never lies."""

from __future__ import annotations

import errno
import os
import resource
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from datawave_edge import stream as stream_module
from datawave_edge.cli import main
from datawave_edge.config import SPOOL_LEAST, AgentConfig, BadConfig, read_config
from datawave_edge.discovery import run_discovery
from datawave_edge.doctor import run_checks
from datawave_edge.identity import IdentityFile, make_identity
from datawave_edge.outbox import Outbox
from datawave_edge.packing import Packed
from datawave_edge.protocol import FilteredRecord
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport

from .conftest import StartAgent, make_work, sqlite_spec
from .fake_server import Answer, FakeServer

TABLES = 60
COLUMNS = 60
EXIT_SPOOL = 75


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Tables whose descriptions hardly compress: about 10 KiB each."""
    path = tmp_path / "wide.db"
    with sqlite3.connect(path) as connection:
        for number in range(TABLES):
            columns = ", ".join(f"c{secrets.token_hex(60)} TEXT" for _ in range(COLUMNS))
            connection.execute(f"CREATE TABLE t{number:02} ({columns})")
    return path


def away(job: str, seq: int) -> None:
    """The server takes no batch now."""
    raise Answer(503, "database_busy")


def names_of(fake: FakeServer, job: str) -> list[str]:
    return [record.table.name for record in fake.accepted(job) if hasattr(record, "table")]


def require_clean_restart(fake: FakeServer, start_agent: StartAgent) -> None:
    """There is room again: the job is taken up, nothing lacks and nothing is there twice."""
    assert fake.failures.pop("j").code == "spool_failed"
    fake.before_batch = lambda job, seq: None
    process = start_agent()
    fake.wait_over("j")
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert fake.closes["j"].seen == TABLES
    assert sorted(names_of(fake, "j")) == [f"t{number:02}" for number in range(TABLES)]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 700 KiB where the agent's spool will be."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a disk takes root and mount(8)")
    place = tmp_path / "agent"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spool of an enrolled agent that SQLite can't open, as on a full disk."""
    place = tmp_path / "spool"
    monkeypatch.setenv("DATAWAVE_SPOOL", str(place))
    identity = make_identity("http://127.0.0.1:9")
    identity.agent, identity.name = "00000000-0000-4000-8000-000000000001", "site 1"
    IdentityFile(place).save(identity)
    Outbox(place).close()
    (place / "outbox.sqlite3-wal").mkdir()
    return place


@pytest.mark.usefixtures("unusable")
@pytest.mark.parametrize("command", [["egress"], ["dead"], ["dead", "--discard", "1"]])
def test_command_ends_to_be_tried_again_when_the_disk_is_full(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == EXIT_SPOOL
    assert "disk is full" in capsys.readouterr().err


@pytest.mark.usefixtures("unusable")
def test_agent_is_started_again_when_it_finds_the_disk_full() -> None:
    """A service manager starts an agent that ends with 75 again, and one with 78 never."""
    command = [sys.executable, "-m", "datawave_edge", "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "disk is full" in done.stderr) == (EXIT_SPOOL, True)


@pytest.mark.usefixtures("unusable")
def test_status_tells_the_rest_when_the_disk_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 1
    told = capsys.readouterr().out
    assert "site 1" in told
    assert "can't be read" in told


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, 75), (errno.EROFS, 75), (errno.EIO, 75), (errno.EACCES, 78)]
)
@pytest.mark.parametrize("command", [["run"], ["rotate"], ["enroll", "http://127.0.0.1:9", "x"]])
def test_exit_code_tells_a_full_disk_from_a_right_that_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int, command: list[str]
) -> None:
    def fail(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    identity = make_identity("http://127.0.0.1:9")
    IdentityFile(tmp_path).save(identity)
    monkeypatch.setattr("datawave_edge.config.open_private", fail)
    monkeypatch.setattr("datawave_edge.identity.open_private", fail)
    assert main([*command, "--spool", str(tmp_path)]) == code


def test_doctor_leaves_nothing_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    assert any(
        check.name == "spool" and check.verdict == "failed" for check in run_checks(tmp_path)
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.faults
def test_agent_says_so_and_ends_when_its_disk_is_full(
    fake: FakeServer, start_agent: StartAgent, wide: Path, tiny_disk: Path
) -> None:
    fake.before_batch = away
    fake.work.append(make_work(sqlite_spec(wide), "j", tables_per_batch=4))
    assert start_agent().wait(timeout=90) == EXIT_SPOOL
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
    require_clean_restart(fake, start_agent)


@pytest.mark.faults
def test_agent_says_so_and_ends_when_its_disk_refuses_to_write(
    fake: FakeServer, start_agent: StartAgent, wide: Path
) -> None:
    """No file may grow beyond 300 KiB, which a write meets as an error of the disk."""
    fake.before_batch = away
    process = start_agent()
    fake.wait_for(lambda: any(b"/work" in each for each in fake.heard))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (300 * 1024, 300 * 1024))
    fake.work.append(make_work(sqlite_spec(wide), "j", tables_per_batch=4))
    assert process.wait(timeout=120) == EXIT_SPOOL
    # What can't be entered in the ledger is not sent, so the server may not have heard of it.
    fake.failures.setdefault("j", _spool_failed())
    require_clean_restart(fake, start_agent)


def _spool_failed() -> object:
    from datawave_edge.protocol import JobFailure

    return JobFailure(code="spool_failed", message="")


def fill_up(box: Outbox, size: int) -> None:
    """Let so many bytes wait."""
    with box.file.writing() as connection:
        connection.execute(
            "INSERT INTO batches (job, seq, sha, records, packed, packed_bytes, body_bytes, put_at)"
            " VALUES ('other', 0, '', 0, x'00', ?, 0, '')",
            (size,),
        )


def test_reading_pauses_and_goes_on_when_the_spool_is_full(
    fake: FakeServer, config: AgentConfig, outbox: Outbox, shop: Path
) -> None:
    fill_up(outbox, 600 * 1024 * 1024)
    job = str(uuid.uuid4())
    work = make_work(sqlite_spec(shop), job)
    transport = Transport(config, outbox.note_sent)
    walk = threading.Thread(
        target=run_discovery, args=(work, JobStream(work, transport, outbox), outbox)
    )
    walk.start()
    fake.wait_for(lambda: "full" in str(fake.progress))
    assert not fake.batches.get(job)
    with outbox.file.writing() as connection:
        connection.execute("DELETE FROM batches WHERE job = 'other'")
    walk.join(timeout=60)
    assert fake.closes[job].seen == 4


def test_reading_slows_when_the_spool_fills(
    fake: FakeServer,
    config: AgentConfig,
    outbox: Outbox,
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "SLOW_SECONDS", 0.01)
    waits: list[float] = []
    work = make_work(sqlite_spec(shop), "j")
    stream = JobStream(work, Transport(config), outbox)

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    monkeypatch.setattr(stream._halted, "wait", wait)
    for share in (0.5, 0.79, 0.85, 0.95):
        with outbox.file.writing() as connection:
            connection.execute("DELETE FROM batches")
        fill_up(outbox, int(512 * 1024 * 1024 * share))
        stream.put(Packed.of([FilteredRecord(container="", name="t")]), [])
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1] < 0.01


def test_sent_batches_give_way_when_the_spool_needs_room(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "s", limit=3_000)
    box.open_job("j")
    for number in range(10):
        seq = box.put("j", [FilteredRecord(container="", name=secrets.token_hex(200))], [])
        if number < 6:
            box.mark_acked("j", seq)
        box.fill()
    with box.file.reading() as connection:
        (size,) = connection.execute(
            "SELECT sum(packed_bytes) FROM batches WHERE packed IS NOT NULL"
        ).fetchone()
        (waiting,) = connection.execute("SELECT count(*) FROM batches WHERE acked = 0").fetchone()
    assert size <= 3_000
    assert waiting == 4
    assert len(box.list_hashes("j")) == 10
    box.close()


@pytest.mark.parametrize("text", ["63", "0", "-1", "1.5", "much", "٩٩٩"])
def test_limit_is_refused_when_it_is_too_small_or_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig, match="64 or more"):
        read_config(
            server="http://localhost:1",
            token_file=None,
            spool=str(tmp_path),
            embedded=True,
            environ={"DATAWAVE_TOKEN": "t", "DATAWAVE_SPOOL_MIB": text},
        )


def test_limit_is_what_the_environment_says(tmp_path: Path) -> None:
    config = read_config(
        server="http://localhost:1",
        token_file=None,
        spool=str(tmp_path),
        embedded=True,
        environ={"DATAWAVE_TOKEN": "t", "DATAWAVE_SPOOL_MIB": "64"},
    )
    assert config.spool_limit == SPOOL_LEAST
