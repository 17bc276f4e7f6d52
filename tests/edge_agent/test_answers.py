"""What programs and pipes get from the commands: JSON, exit codes, no traceback."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from datawave_edge.cli import main
from datawave_edge.config import lock_spool
from datawave_edge.identity import IdentityFile, make_identity
from datawave_edge.letters import DeadLetters, Refusal
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import FilteredRecord, batch_sha256
from datawave_edge.vitals import Vitals, write_vitals

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of an agent that has sent one batch of two."""
    directory = tmp_path / "spool"
    monkeypatch.setenv("DATAWAVE_SPOOL", str(directory))
    outbox = Outbox(directory)
    outbox.open_job("j")
    for name in ("sent", "waiting"):
        outbox.put("j", [FilteredRecord(container="", name=name)], [])
    outbox.mark_sending("j", 0)
    outbox.mark_acked("j", 0)
    outbox.close()
    identity = make_identity(NOBODY)
    identity.agent, identity.name = "00000000-0000-4000-8000-000000000001", "site 1"
    IdentityFile(directory).save(identity)
    return directory


def ask(capsys: pytest.CaptureFixture[str], *command: str, code: int = 0) -> list[Any]:
    """What a command answers in JSON."""
    assert main([*command, "--json"]) == code
    text = capsys.readouterr().out
    if command[0] in ("status", "doctor"):
        return [json.loads(text)]
    return [json.loads(line) for line in text.splitlines()]


def test_status_is_told_in_json(
    spool: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datawave_edge.status.SILENT_SECONDS", math.inf)
    heard = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    write_vitals(spool, Vitals(pid=7, version="1.0", heard_at=heard, skew_seconds=-3.5))
    with lock_spool(spool):
        (told,) = ask(capsys, "status")
    assert (told["well"], told["running"], told["name"]) == (True, True, "site 1")
    assert told["last"]["heard_at"] == "2026-01-02T00:00:00Z"
    assert told["spool"]["open_jobs"] == 1
    assert told["spool"]["waiting_bytes"] > 0
    (told,) = ask(capsys, "status", code=1)
    assert (told["well"], told["running"], told["spool_readable"]) == (False, False, True)


def test_secrets_stay_where_they_are_when_status_is_json(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json"]) == 1
    told = capsys.readouterr().out
    identity = IdentityFile(spool).get()
    assert identity.key not in told
    assert identity.link not in told


@pytest.mark.usefixtures("spool")
def test_checks_are_told_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = ask(capsys, "doctor", code=1)
    assert told["well"] is False
    failed = [each for each in told["checks"] if each["verdict"] == "failed"]
    assert [each["name"] for each in failed] == ["connection"]
    assert failed[0]["fix"]


@pytest.mark.usefixtures("spool")
def test_what_was_sent_is_told_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = ask(capsys, "egress")
    assert (line["method"], line["path"], line["kept"]) == ("PUT", "/jobs/j/batches/0", True)
    assert "body" not in line
    (line,) = ask(capsys, "egress", "--bodies")
    assert batch_sha256(line["body"].encode()) == line["sha256"]
    assert len(line["body"]) == line["bytes"]


def test_ledger_goes_on_when_the_disk_has_damaged_a_batch(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox = Outbox(spool)
    outbox.note_sent("POST", "/jobs/j/close", b"{}")
    with outbox.file.writing() as connection:
        connection.execute("UPDATE batches SET packed = x'1f8b08'")
    outbox.close()
    assert len(ask(capsys, "egress", "--bodies")) == 2
    assert main(["egress", "j", "0"]) == 1
    assert "damaged on the disk" in capsys.readouterr().err


def test_dead_letters_are_told_in_json(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "dead") == []
    outbox = Outbox(spool)
    batch = outbox.find_waiting("j")
    assert batch is not None
    DeadLetters(outbox.file).replace(batch, "s", Refusal("unreadable"))
    outbox.close()
    (letter,) = ask(capsys, "dead")
    assert (letter["name"], letter["code"], letter["state"]) == ("waiting", "unreadable", "dead")


@pytest.mark.usefixtures("spool")
@pytest.mark.parametrize(
    "command",
    [["egress", "other"], ["egress", "j", "9"], ["dead", "--show", "1"], ["dead", "--resend", "1"]],
)
def test_exit_code_says_so_when_there_is_no_such_thing(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    assert capsys.readouterr().err.startswith("datawave-edge: ")


def test_nothing_is_complained_of_when_the_reader_has_seen_enough(spool: Path) -> None:
    outbox = Outbox(spool)
    for number in range(5_000):
        outbox.note_sent("POST", f"/jobs/j/progress{number}", b"{}")
    outbox.close()
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "datawave_edge", "egress"], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert os.read(reader, 100)
    os.close(reader)
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, b"")


@pytest.mark.usefixtures("spool")
@pytest.mark.parametrize("place", ["before", "after"])
def test_switches_are_known_on_either_side_of_the_command(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--quiet", "egress"] if place == "before" else ["egress", "--quiet"]
    assert main(command) == 0
    assert "/jobs/j/batches/0" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["status"], ["enroll"]])
def test_help_tells_the_exit_codes(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    assert "69 the server does not answer" in " ".join(capsys.readouterr().out.split())


def test_enrolling_gives_up_in_time_when_nobody_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    clock = time.monotonic
    # A wait passes at once, by a clock that knows of it.
    monkeypatch.setattr("threading.Event.wait", lambda _, seconds: slept.append(seconds))
    monkeypatch.setattr(
        "datawave_edge.transport.time.monotonic", lambda: clock() + sum(slept), raising=True
    )
    code = main(["enroll", NOBODY, "dwe_x", "--spool", str(tmp_path / "s")])
    assert code == 69
    assert sum(slept) <= 30
    assert "Try the same command again" in capsys.readouterr().err
