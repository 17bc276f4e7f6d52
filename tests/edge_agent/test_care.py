"""What an agent's keeper types to see how it is, and the file that holds the identity."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from datawave_edge.cli import main
from datawave_edge.config import BadConfig, lock_spool
from datawave_edge.doctor import run_checks
from datawave_edge.identity import (
    IdentityFile,
    make_key,
    public_key_of,
    sign,
)
from datawave_edge.vitals import Vitals, find_vitals, write_vitals
from tests.edge_agent.conftest import make_work, sqlite_spec
from tests.edge_agent.fake_server import Answer, FakeServer
from tests.edge_agent.keepers import enrolled, find_check
from tests.live import find_free_port

pytestmark = pytest.mark.usefixtures("spool")


def test_it_works(spool: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(spool)
    heard = dt.datetime.now(dt.UTC)
    vitals = Vitals(pid=7, version="1.0", heard_at=heard, skew_seconds=-3.5, job="j", upgrade="2.0")
    write_vitals(spool, vitals)
    with lock_spool(spool):
        assert main(["status"]) == 0
    out = capsys.readouterr().out
    for told in ("site 1", "http://127.0.0.1:9", "process 7", "-3.5 s", "2.0 is wanted", "empty"):
        assert told in out
    assert main(["status"]) == 1
    assert "datawave-edge run" in capsys.readouterr().out


@pytest.mark.parametrize("heard", [None, dt.timedelta(minutes=4)])
def test_agent_is_not_well_when_the_server_has_long_been_silent(
    spool: Path, capsys: pytest.CaptureFixture[str], heard: dt.timedelta | None
) -> None:
    enrolled(spool)
    last = heard and dt.datetime.now(dt.UTC) - heard
    write_vitals(spool, Vitals(pid=7, version="1.0", heard_at=last))
    with lock_spool(spool):
        assert main(["status"]) == 1
    out = capsys.readouterr().out
    assert ("the server does not answer" in out) == bool(heard)


def test_status_names_the_process_that_runs_when_the_server_is_away(spool: Path) -> None:
    enrolled(spool, f"http://127.0.0.1:{find_free_port()}")
    heard = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    write_vitals(spool, Vitals(pid=1, version="1.0", heard_at=heard, refused="agent_revoked"))
    process = subprocess.Popen(
        [sys.executable, "-m", "datawave_edge", "run"], stderr=subprocess.DEVNULL
    )
    try:
        while (vitals := find_vitals(spool)) is None or vitals.pid == 1:
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert (vitals.pid, vitals.heard_at, vitals.refused) == (process.pid, heard, "")


def test_status_says_so_when_the_agent_is_let_in_again(spool: Path, fake: FakeServer) -> None:
    refused = {"/token": (401, "agent_revoked")}

    def answer(path: str) -> None:
        for door, told in refused.items():
            if path.endswith(door):
                raise Answer(*told)

    def is_refused(code: str) -> bool:
        vitals = find_vitals(spool)
        return vitals is not None and vitals.refused == code

    identity = enrolled(spool, fake.url)
    fake.before_any = answer
    process = subprocess.Popen(
        [sys.executable, "-m", "datawave_edge", "run"], stderr=subprocess.DEVNULL
    )
    try:
        fake.wait_for(lambda: is_refused("agent_revoked"), 20)
        # A heartbeat would tell it too, half a minute later.
        refused = {"/heartbeat": (503, "database_busy")}
        IdentityFile(spool).save(identity)
        fake.wait_for(lambda: is_refused(""), 20)
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_log_says_why_when_the_agent_is_revoked_amid_a_job(
    spool: Path, fake: FakeServer, shop: Path
) -> None:
    def refuse(job: str, seq: int) -> None:
        raise Answer(401, "agent_revoked")

    enrolled(spool, fake.url)
    fake.before_batch = refuse
    fake.work.append(make_work(sqlite_spec(shop), "j"))
    command = [sys.executable, "-m", "datawave_edge", "run"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        told = next(line for line in process.stderr if " ERROR " in line)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert "has revoked this agent" in told


@pytest.mark.parametrize("command", ["status", "egress", "dead", "run"])
def test_command_says_so_when_this_user_may_not_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    # A name that no file can have is met like a directory that is closed, by root too.
    assert main([command, "--spool", str(tmp_path / ("x" * 300))]) == 78
    assert "can't be read by this user" in capsys.readouterr().err


def test_doctor_goes_on_when_this_user_may_not_look(tmp_path: Path) -> None:
    names = {check.name for check in run_checks(tmp_path / ("x" * 300)) if check.fix}
    assert {"spool", "settings"} <= names


def test_command_asks_for_a_directory_when_the_user_has_no_home(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DATAWAVE_SPOOL")
    # A user of a container often has a number and no more.
    code = "import pathlib, sys; from datawave_edge import cli;sys.exit(cli.main(sys.argv[1:]))"
    home = "import pathlib\ndef fail(): raise RuntimeError\npathlib.Path.home = fail\n"
    (tmp_path / "sitecustomize.py").write_text(home)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    bare = run("status")
    assert (bare.returncode, "--spool" in bare.stderr) == (78, True)
    assert "not enrolled" in run("status", "--spool", str(tmp_path)).stderr


@pytest.mark.parametrize("command", ["status", "rotate", "run"])
def test_command_says_how_to_enrol_when_there_is_no_identity(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command]) == 78
    assert "datawave-edge enroll URL CODE" in capsys.readouterr().err


def test_identity_is_for_its_user_alone(spool: Path) -> None:
    identity = enrolled(spool)
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    with IdentityFile(spool).locked(), lock_spool(spool):
        for file in spool.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert IdentityFile(spool).get() == identity
    for secret in (identity.key, identity.link):
        assert secret not in repr(identity)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
@pytest.mark.parametrize("command", [["doctor"], ["status"], ["egress"], ["run"]])
def test_agent_keeps_its_files_when_root_looks_after_it(
    spool: Path, fake: FakeServer, command: list[str]
) -> None:
    enrolled(spool, fake.url)
    nobody = 65_534
    for path in (spool, *spool.iterdir()):
        os.chown(path, nobody, nobody)
    with suppress(subprocess.TimeoutExpired):
        call = [sys.executable, "-m", "datawave_edge", *command]
        subprocess.run(call, capture_output=True, timeout=6, check=False)
    assert {path.name for path in spool.rglob("*") if path.stat().st_uid != nobody} == set()
    assert find_check(spool, "permissions", "ok")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"server": 1}', "\udcff"])
def test_damaged_identity_is_told_of_and_can_be_replaced(spool: Path, content: str) -> None:
    enrolled(spool)
    path = spool / "identity.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadConfig, match="damaged"):
        IdentityFile(spool).get()
    assert find_check(spool, "settings", "failed").fix
    enrolled(spool)
    assert IdentityFile(spool).get().name == "site 1"


def test_identity_stays_whole_when_writing_fails(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = enrolled(spool)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BadConfig, match="can't be written"):
        enrolled(spool)
    monkeypatch.undo()
    assert IdentityFile(spool).get() == before
    assert [file.name for file in spool.iterdir()] == ["identity.json"]


def test_signature_is_of_the_key_alone() -> None:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    key = make_key()
    verify = VerifyKey(bytes.fromhex(public_key_of(key)))
    verify.verify(b"claim", bytes.fromhex(sign(key, b"claim")))
    with pytest.raises(BadSignatureError):
        verify.verify(b"claim", bytes.fromhex(sign(make_key(), b"claim")))


def test_vitals_that_can_not_be_read_are_none(spool: Path) -> None:
    spool.mkdir()
    assert find_vitals(spool) is None
    (spool / "vitals.json").write_text("{")
    assert find_vitals(spool) is None


# The doctor


@pytest.mark.parametrize(
    "address",
    ["https://[bad", "https://host:99999", "https://host:x", "https://a b", "https://dätawave.org",
     "https://" + "a" * 300, "https://host\udcff"],
)  # fmt: skip
def test_address_is_refused_when_it_is_none(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enroll", address, "dwe_x"]) == 78
    assert "https://datawave.example.org" in capsys.readouterr().err


@pytest.mark.parametrize("code", ["dwe_\udcff", "dwe_ä", "dwe_wrong"])
def test_no_key_stays_behind_when_the_code_is_wrong(
    spool: Path, fake: FakeServer, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    def know_no_code(path: str) -> None:
        raise Answer(404, "code_unknown")

    fake.before_any = know_no_code
    assert main(["enroll", fake.url, code]) == 77
    assert "code" in capsys.readouterr().err
    assert not list(spool.glob("enrolling*"))


def test_address_is_refused_when_it_is_no_safe_origin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enroll", "http://dw.example.org", "dwe_x"]) == 78
    assert "https://" in capsys.readouterr().err


def test_identity_elsewhere_is_kept_unless_given_up(
    spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = enrolled(spool, "https://dw.example.org")
    assert main(["enroll", "http://127.0.0.1:9", "dwe_x"]) == 78
    assert "--replace" in capsys.readouterr().err
    assert IdentityFile(spool).get() == before


def test_code_is_in_no_file_when_the_server_is_away(
    spool: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datawave_edge.enrolment.ENROL_SECONDS", 0.0)
    assert main(["enroll", f"http://127.0.0.1:{find_free_port()}", "dwe_canary"]) == 69
    assert "Try the same command again" in capsys.readouterr().err
    kept = [file for file in spool.iterdir() if file.name.startswith("enrolling")]
    assert len(kept) == 1
    assert b"canary" not in kept[0].read_bytes()
    key = json.loads(kept[0].read_bytes())["key"]
    main(["enroll", f"http://127.0.0.1:{find_free_port()}", "dwe_canary"])
    assert json.loads(kept[0].read_bytes())["key"] == key
