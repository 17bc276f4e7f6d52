"""What `datawave-edge doctor` finds, and what it says to do."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from datawave_edge import doctor
from datawave_edge.cli import main
from tests.edge_agent.authority import Authority
from tests.edge_agent.fake_server import Answer, FakeServer
from tests.edge_agent.keepers import enrolled, find_check
from tests.edge_agent.made_dialects import ElephantDialect
from tests.live import find_free_port

pytestmark = pytest.mark.usefixtures("spool")


def test_doctor_stops_at_what_is_wrong_when_not_enrolled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "failed   settings" in out
    assert "-> " in out
    assert "connection" not in out


@pytest.mark.parametrize("name", ["", "identity.json", "secrets/crm"])
def test_doctor_names_the_file_when_others_can_read_it(spool: Path, name: str) -> None:
    enrolled(spool)
    (spool / "secrets").mkdir(mode=0o700)
    (spool / "secrets" / "crm").touch(mode=0o600)
    find_check(spool, "permissions", "ok")
    (spool / name).chmod(0o755 if (spool / name).is_dir() else 0o644)
    check = find_check(spool, "permissions", "failed")
    assert str(spool / name) in check.seen
    assert check.fix.startswith("chmod 0")


@pytest.mark.parametrize(
    ("allowed", "verdict", "seen"),
    [
        ("", "ok", "none is allowed"),
        (ElephantDialect.name, "ok", "elephant is allowed and loads"),
        ("nosuch+driver", "failed", "nosuch+driver: The driver"),
        ("sqlite", "failed", "sqlite: The agent may not use"),
    ],
)
def test_doctor_tells_of_each_dialect_when_it_looks(
    spool: Path, monkeypatch: pytest.MonkeyPatch, allowed: str, verdict: str, seen: str
) -> None:
    monkeypatch.setenv("DATAWAVE_DIALECTS", allowed)
    check = find_check(spool, "dialect", verdict)
    assert check.seen.startswith(seen)
    assert bool(check.fix) == (verdict == "failed")


def test_doctor_looks_at_the_authorities_when_some_are_named(
    spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Authority(tmp_path, "known").file
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(known))
    assert str(known) in find_check(spool, "authorities", "ok").seen
    known.write_text("no certificate")
    check = find_check(spool, "authorities", "failed")
    assert str(known) in check.seen
    assert "holds no certificate" in check.fix


def test_doctor_warns_when_the_system_knows_no_authority(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATAWAVE_CA_FILE", raising=False)
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    assert "DATAWAVE_CA_FILE" in find_check(spool, "authorities", "warning").fix


def test_doctor_says_so_when_little_disk_is_free(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"bytes": 10 * doctor.MIB}
    usage = shutil.disk_usage(spool.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free["bytes"]))
    assert "Free at least" in find_check(spool, "spool", "failed").fix
    free["bytes"] = 100 * doctor.MIB
    find_check(spool, "spool", "warning")


def test_doctor_says_so_when_a_driver_is_missing(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert 'pip install "datawave-edge[' in find_check(spool, "driver", "warning").fix


def test_doctor_says_so_when_the_name_is_unknown(spool: Path) -> None:
    enrolled(spool, "https://nowhere.invalid")
    assert "nowhere.invalid" in find_check(spool, "name", "failed").seen


def test_doctor_says_so_when_nobody_answers(spool: Path) -> None:
    enrolled(spool, f"http://127.0.0.1:{find_free_port()}")
    assert find_check(spool, "connection", "failed").fix


def test_doctor_says_so_when_the_port_speaks_no_tls(spool: Path, fake: FakeServer) -> None:
    enrolled(spool, fake.url.replace("http://", "https://"))
    assert "TLS" in find_check(spool, "certificate", "failed").seen


def test_doctor_says_so_when_the_server_is_another(spool: Path, fake: FakeServer) -> None:
    def know_nothing(path: str) -> None:
        raise Answer(404, "not_found")

    fake.before_any = know_nothing
    enrolled(spool, fake.url)
    assert "DataWave" in find_check(spool, "server", "failed").fix


@pytest.mark.parametrize("hours", [24, -24])
def test_doctor_only_warns_when_the_clock_is_off(hours: int) -> None:
    told = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    check = doctor._check_clock(told)
    assert check.verdict == "warning"
    assert f"{hours * 3600:+d}"[:4] in check.seen
    assert doctor._check_clock(dt.datetime.now(dt.UTC)).verdict == "ok"


# The service
