"""The unit that `datawave-edge service` prints for systemd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from datawave_edge.cli import main
from datawave_edge.identity import (
    IdentityFile,
)
from tests.edge_agent.keepers import enrolled

pytestmark = pytest.mark.usefixtures("spool")


def test_unit_runs_the_agent_with_few_rights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["service", "--user", "edge"]) == 0
    unit = capsys.readouterr().out
    for line in (
        "User=edge", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=",
        "StateDirectory=datawave-edge", "RestartPreventExitStatus=77 78", "UMask=0077",
        "SystemCallErrorNumber=EPERM",
    ):  # fmt: skip
        assert line in unit.splitlines()
    assert f"ExecStart={_command_of(unit)} run" in unit
    assert main(["service", "--spool", str(tmp_path)]) == 0
    assert f"ReadWritePaths={tmp_path}" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_understands_the_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["service", "--user", "root"])
    path = tmp_path / "datawave-edge.service"
    path.write_text(capsys.readouterr().out)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert "Unknown" not in done.stderr, done.stderr


def _command_of(unit: str) -> str:
    line = next(each for each in unit.splitlines() if each.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").removesuffix(" run")
    assert Path(command.split()[0]).is_file()
    return command


@pytest.mark.parametrize(
    "given",
    [["--user", "a\nb"], ["--user", "a b"], ["--user", ""], ["--spool", "/var/lib/a b"],
     ["--spool", "/var/lib/%n"], ["--spool", "/var/lib/$(id)"]],
)  # fmt: skip
def test_unit_is_refused_when_a_name_would_mean_something_else(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["service", *given]) == 78
    assert not capsys.readouterr().out


def test_unit_takes_the_identity_over_when_the_code_is_used(
    spool: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service"])
    assert "enroll URL CODE" in capsys.readouterr().out
    enrolled(spool)
    main(["service"])
    unit = capsys.readouterr().out
    assert "enroll URL CODE" not in unit
    (move,) = [line for line in unit.splitlines() if line.startswith("#   mv ")]
    place = tmp_path / "service"
    place.mkdir()
    command = move.removeprefix("#   ").partition(" && ")[0]
    subprocess.run(["sh", "-c", command.replace("/var/lib/datawave-edge", str(place))], check=True)
    assert IdentityFile(place).get().name == "site 1"
    assert IdentityFile(spool).find() is None
    # Where the service is enrolled itself there is nothing to move.
    main(["service", "--spool", str(spool)])
    assert "#   mv " not in capsys.readouterr().out


def test_unit_lets_the_agent_speak_http_when_its_keeper_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service"])
    assert "ALLOW_HTTP" not in capsys.readouterr().out
    monkeypatch.setenv("DATAWAVE_ALLOW_HTTP", "1")
    main(["service"])
    unit = capsys.readouterr().out
    environment = next(line for line in unit.splitlines() if line.startswith("Environment="))
    assert environment.endswith(" DATAWAVE_ALLOW_HTTP=1")
    assert "DATAWAVE_ALLOW_HTTP=1" in next(line for line in unit.splitlines() if "enroll" in line)


# Enrolment
