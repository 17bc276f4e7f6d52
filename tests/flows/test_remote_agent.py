"""An agent at another site: installed from its wheel, another user's, let in by a code."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.installed_agent import Installed, install_agent
from tests.live import Client, wait_until

PACKAGES_MOST = 20
BYTES_MOST = 120 * 1024 * 1024
TABLES = [f"CREATE TABLE t{number:02} (id INTEGER PRIMARY KEY, email VARCHAR(80))"
          for number in range(40)]  # fmt: skip


@dataclass
class Site:
    """A host with the agent, and what its administrator sees of it."""

    installed: Installed
    admin: Client
    logs: Path
    agent: str = ""
    # Where the agent finds the server, if not where people do.
    url: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def enrol(self, body: dict[str, Any], path: str = "agent-codes/") -> str:
        """Paste the command from the dashboard."""
        code = self.admin.call("POST", path, body)["code"]
        done = self.installed.run("enroll", self.url or self.admin.server.url, code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start the agent and wait until the server hears of it."""
        process = self.installed.start(self.logs / "agent.log", **variables)
        self.running.append(process)
        return process

    def read_log(self) -> str:
        """All that it printed."""
        return (self.logs / "agent.log").read_text(encoding="utf-8")

    def show(self) -> dict[str, Any]:
        """The agent in the API."""
        shown: dict[str, Any] = self.admin.call("GET", f"agents/{self.agent}/")
        return shown

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, seconds=60, what=f"{what}; the agent's log:\n{self.read_log()}")

    def stop_all(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(timeout=10)


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    with install_agent("postgres,mysql") as made:
        yield made


@pytest.fixture
def site(installed: Installed, admin: Client, tmp_path: Path) -> Iterator[Site]:
    """An agent that is let in and runs."""
    with enrolled(Site(installed, admin, tmp_path)) as made:
        yield made


@contextmanager
def enrolled(made: Site) -> Iterator[Site]:
    """Let the agent of a site in, and end it afterwards."""
    name = made.logs.name[-60:]
    (made.logs / "agent.log").touch()
    made.enrol({"name": name})
    listed = made.admin.call("GET", "agents/?page_size=100")["results"]
    made.agent = next(each["id"] for each in listed if each["name"] == name)
    yield made
    made.stop_all()
    shutil.rmtree(made.installed.spool)


def add_source(site: Site, spec: ConnectionSpec, name: str = "") -> str:
    body = {
        "name": name or f"{spec.engine} {spec.database}", "engine": spec.engine, "host": spec.host,
        "port": spec.port, "database": spec.database, "username": spec.username,
        "agent": site.agent,
    } | ({"secret_ref": "env:SITE_PASSWORD"} if spec.password else {})  # fmt: skip
    return str(site.admin.call("POST", "sources/", body)["id"])


def test_installation_is_small_when_it_has_one_driver() -> None:
    with install_agent("postgres") as one:
        packages = one.list_packages()
        assert len(packages) <= PACKAGES_MOST, packages
        assert one.count_bytes() <= BYTES_MOST
        done = one.run("--version")
        assert done.stdout.startswith("datawave-edge ")


@pytest.mark.timeout(400)
@pytest.mark.faults
def test_it_works(site: Site, postgres: ConnectionSpec, mysql: ConnectionSpec) -> None:
    """Killed, it goes on; revoked, it keeps still until it is enrolled again."""
    run_postgres(postgres, *TABLES)
    run_mysql(mysql, *TABLES)
    variables = {"SITE_PASSWORD": postgres.password} if postgres.password else {}
    process = site.start(**variables)
    site.wait(lambda: site.show()["is_live"], "the agent to be heard of")
    first, second = add_source(site, postgres), add_source(site, mysql)
    for source in (first, second):
        run = site.admin.discover(source)
        assert (run["state"], run["balance"]["seen"]) == ("completed", 40), run["error_message"]

    again = site.admin.call("POST", "runs/", {"source": first})["id"]
    process.kill()
    process.wait(timeout=10)
    process = site.start(**variables)
    assert site.admin.wait_for_run(again, seconds=110)["state"] == "completed"

    site.admin.call("POST", f"agents/{site.agent}/revoke/")
    site.wait(lambda: "has revoked this agent" in site.read_log(), "the agent to be refused")
    assert process.poll() is None
    told = site.installed.run("status")
    assert told.returncode == 1
    assert "The server has revoked this agent" in told.stdout
    site.enrol({}, f"agents/{site.agent}/renew/")
    site.wait(lambda: site.show()["is_live"], "the agent to be let in again")
    assert set(site.show()["sources"]) == {first, second}
    assert site.admin.discover(second)["state"] == "completed"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_agent_keeps_its_key_to_its_user(site: Site) -> None:
    spool = site.installed.spool
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    for file in spool.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        assert file.stat().st_uid == (spool.parent).stat().st_uid


def test_doctor_and_status_tell_that_all_is_well_when_it_runs(site: Site) -> None:
    site.start()
    site.wait(lambda: site.show()["is_live"], "the agent to be heard of")
    site.wait(lambda: site.installed.run("status").returncode == 0, "its status to be well")
    done = site.installed.run("doctor")
    assert done.returncode == 0, done.stdout
    for step in ("permissions", "spool", "PostgreSQL", "settings", "clock", "identity"):
        assert step in done.stdout
    # The check took a token of its own, and the running agent goes on with another.
    site.admin.call("POST", f"agents/{site.agent}/drain/")
    site.wait(lambda: "draining" in site.installed.run("status").stdout, "the drain to be heard of")


def test_key_is_replaced_while_the_agent_runs(site: Site) -> None:
    site.start()
    site.wait(lambda: site.show()["is_live"], "the agent to be heard of")
    before = site.show()["key_made_at"]
    assert site.installed.run("rotate").returncode == 0
    assert site.show()["key_made_at"] > before
    assert site.installed.run("doctor").returncode == 0


@pytest.mark.faults
def test_both_are_refused_when_the_directory_was_copied(site: Site) -> None:
    site.start()
    site.wait(lambda: site.show()["is_live"], "the agent to be heard of")
    copy = site.installed.spool.with_name("copy")
    shutil.copytree(site.installed.spool, copy, copy_function=_copy_with_owner)
    _chown_like(site.installed.spool, copy)
    site.start(DATAWAVE_SPOOL=str(copy))
    site.wait(lambda: site.show()["revoked_because"] == "copied", "the copy to be noticed")
    site.wait(lambda: site.read_log().count("has revoked this agent") == 2, "both to keep still")
    assert [each for each in site.running if each.poll() is not None] == []
    notices = site.admin.call("GET", "notices/")["results"]
    assert [each for each in notices if site.agent in each["url"]]
    shutil.rmtree(copy)


def _copy_with_owner(source: str, target: str) -> str:
    made = shutil.copy2(source, target)
    _chown_like(Path(source), Path(target))
    return str(made)


def _chown_like(source: Path, target: Path) -> None:
    shutil.chown(target, source.stat().st_uid)


def test_reason_is_told_when_a_code_is_refused(site: Site) -> None:
    url = site.admin.server.url
    for code, told, status in (
        ("dwe_nonsense", "knows no such code", 77),
        ("not a code", "This is no code", 77),
    ):
        done = site.installed.run("enroll", url, code)
        assert (done.returncode, told in done.stderr) == (status, True), done.stderr
        assert code not in done.stderr
    elsewhere = site.installed.run("enroll", "http://127.0.0.1:9", "dwe_x")
    assert elsewhere.returncode == 78
    assert "--replace" in elsewhere.stderr
