"""The command line: settings, refusals, lightness."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from datawave_edge import __version__
from datawave_edge.cli import main
from datawave_edge.config import BadConfig, lock_spool, read_config
from datawave_edge.credentials import find_password
from datawave_edge.faults import ADVICE, SourceFault, fault_of
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import sqlite_spec


def test_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_settings_come_from_the_environment_when_not_given() -> None:
    environ = {
        "DATAWAVE_SERVER": "https://dw.example.org/",
        "DATAWAVE_TOKEN": " t0ken\n",
        "DATAWAVE_SPOOL": "/var/spool/dw",
    }
    config = read_config(server=None, token_file=None, spool=None, embedded=False, environ=environ)
    assert (config.server, config.token) == ("https://dw.example.org", "t0ken")
    assert config.spool == Path("/var/spool/dw")
    assert "t0ken" not in repr(config)


@pytest.mark.parametrize(
    "server",
    ["", "dw.example.org", "ftp://x", "http://dw.example.org", "https://u:p@x", "https://x/path"],
)
def test_server_is_refused_when_it_is_no_safe_origin(server: str) -> None:
    with pytest.raises(BadConfig):
        read_config(
            server=server, token_file=None, spool=None, embedded=False,
            environ={"DATAWAVE_TOKEN": "t"},
        )  # fmt: skip


@pytest.mark.parametrize("token", ["", "two\nlines", "naïve"])
def test_token_is_refused_when_it_is_none(tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    with pytest.raises(BadConfig):
        read_config(
            server="http://127.0.0.1:1",
            token_file=str(file),
            spool=None,
            embedded=False,
            environ={},
        )


def test_command_says_what_is_missing_when_started_bare(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATAWAVE_SERVER", raising=False)
    assert main(["run", "--spool", str(tmp_path)]) == 78
    assert "datawave-edge enroll URL CODE" in capsys.readouterr().err
    assert main(["egress", "--spool", str(tmp_path)]) == 1
    assert "no spool" in capsys.readouterr().err


def test_second_agent_is_refused_when_the_spool_is_in_use(tmp_path: Path) -> None:
    with lock_spool(tmp_path), pytest.raises(BadConfig, match="Another agent"):
        lock_spool(tmp_path, seconds=0.0)
    lock_spool(tmp_path, seconds=0.0).close()


def test_idle_agent_stays_light_when_imported() -> None:
    code = "import datawave_edge.agent, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"sqlalchemy", "psycopg", "pymysql", "stdnum", "numpy", "pandas", "django"}
    assert not any(name.startswith("datawave.") for name in loaded)


def test_password_is_found_when_a_reference_points_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm").write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("DATAWAVE_SECRETS", str(tmp_path))
    monkeypatch.setenv("CRM_PASSWORD", "from variable")
    found = [
        find_password(ConnectionSpec(engine="mysql", password="own", secret_ref=reference))
        for reference in ("", "env:CRM_PASSWORD", "file:crm")
    ]
    assert found == ["own", "from variable", "from file"]


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that knows one password of one host."""
    path = tmp_path / "helper"
    path.write_text(
        '#!/bin/sh\n[ "$1 $2" = "team/crm db.example.org" ] && echo "from vault" && exit 0\n'
        "echo zq-told-on-failure; exit 1\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("DATAWAVE_SECRET_HELPER", str(path))
    return path


@pytest.mark.usefixtures("helper")
def test_password_is_the_helpers_when_it_knows_the_name_and_the_host() -> None:
    spec = ConnectionSpec(engine="mysql", host="db.example.org", secret_ref="helper:team/crm")
    assert find_password(spec) == "from vault"


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("helper:team/crm", "evil.example.org"), ("helper:other", "db.example.org"),
        ("helper:-x", "db.example.org"), ("helper:", "db.example.org"),
        ("env:AWS_SECRET_ACCESS_KEY", "db.example.org"), ("env:DATAWAVE_TOKEN", "h"),
        ("file:../crm", "h"), ("file:a/b", "h"), ("keyring:crm", "h"),
    ],
)  # fmt: skip
def test_password_is_missing_when_the_reference_is_not_the_sources(
    helper: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    reference: str, host: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "zq-cloud")
    monkeypatch.setenv("DATAWAVE_TOKEN", "zq-token")
    with pytest.raises(SourceFault) as caught:
        find_password(ConnectionSpec(engine="mysql", host=host, secret_ref=reference))
    assert caught.value.code == "secret_missing"
    assert "zq-" not in caplog.text + str(caught.value) + caught.value.hint


def test_password_is_missing_when_no_helper_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATAWAVE_SECRET_HELPER", raising=False)
    with pytest.raises(SourceFault) as caught:
        find_password(ConnectionSpec(engine="mysql", secret_ref="helper:crm"))
    assert "DATAWAVE_SECRET_HELPER" in caught.value.hint


def test_every_fault_has_a_sentence_when_made() -> None:
    for code in ADVICE:
        fault = SourceFault(code)
        assert fault.message.endswith(".")
        assert fault.message == str(fault)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionRefusedError("x"), "connect_refused"),
        (TimeoutError("x"), "connect_timeout"),
        (OSError(113, "No route to host"), "host_unreachable"),
        (ModuleNotFoundError("psycopg"), "driver_missing"),
        (ValueError("secret value"), "internal"),
    ],
)
def test_fault_tells_nothing_of_the_error_when_mapped(error: Exception, code: str) -> None:
    fault = fault_of(error)
    assert fault.code == code
    assert "secret" not in fault.message + fault.hint


@pytest.mark.parametrize(
    ("content", "step", "code"),
    [(None, "file", "file_missing"), (b"x" * 200, "file", "not_a_database"),
     (b"SQLite format 3\x00" + b"\xff" * 200, "open", "not_a_database")],
)  # fmt: skip
def test_step_says_what_is_wrong_when_a_file_can_not_be_read(
    tmp_path: Path, content: bytes | None, step: str, code: str
) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    last = run_test(sqlite_spec(path)).steps[-1]
    assert (last.name, last.ok, last.code) == (step, False, code)
