"""A real DataWave in processes of its own, and a client that uses it from the outside."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"Sign in .*?: (http\S+)")
# What the suite's own settings put into the environment, and a real start must not inherit.
NOT_INHERITED = ("DATAWAVE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DEMO")
# A server starts in a few seconds, and in many more where others take the processor.
START_SECONDS = 120


class LiveServer:
    """`manage.py start` with a home and port of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = find_free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = home / "server.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)},
            "DATAWAVE_HOME": str(home / "home"),
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            # What is out of reach stays so: it is tried as often, without a rest.
            "DATAWAVE_JOB_REST": "0",
            "DATAWAVE_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> LiveServer:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(
            self._answers,
            seconds=START_SECONDS,
            what=f"server to answer; its log:\n{self.read_log()}",
        )
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.read_log()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        return LINK.search(self.read_log()) is not None

    def read_log(self) -> str:
        """All that it printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def sign_in_link(self) -> str:
        """The newest one-time link."""
        return LINK.findall(self.read_log())[-1]

    def kill(self) -> None:
        """kill -9 of the server process, and of nothing else."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=10)

    def stop(self) -> int:
        """Ctrl-C, as a person would; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def list_agent_pids(self) -> list[int]:
        """Process ids of embedded agents that work for this home."""
        spool = str(self.home / "home" / "agent").encode()
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and spool in _read_command(entry)
        ]


class Client:
    """A signed-in person (cookies) or a program (token) that calls a live server."""

    def __init__(self, server: LiveServer, token: str = "") -> None:
        self.server = server
        self.token = token
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def sign_in(self) -> Client:
        """Use the printed link, as the first administrator does."""
        page = self.opener.open(self.server.sign_in_link).read().decode()
        field = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert field is not None
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": field.group(1)}).encode()
        self.opener.open(urllib.request.Request(self.server.sign_in_link, data=body))
        return self

    def make_token(self) -> Client:
        """A client that uses a fresh API token instead of cookies."""
        token = self.call("POST", "tokens/", {"name": "test"})["token"]
        return Client(self.server, token=token)

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 0) -> Any:
        """JSON of /api/v1/<path>; `expect` demands a status other than success."""
        request = urllib.request.Request(
            f"{self.server.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._make_headers(),
        )
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            if error.code != expect:
                raise AssertionError(f"{method} {path}: {error.code} {text}") from None
            return json.loads(text)
        assert not expect, f"{method} {path} should have answered {expect}"
        text = answer.read().decode()
        return json.loads(text) if text else None

    def open_page(self, path: str) -> tuple[int, str]:
        """Status and text of a page, whatever the status."""
        try:
            answer = self.opener.open(self.server.url + path, timeout=30)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        return answer.status, answer.read().decode()

    def discover(self, source: str) -> Any:
        """Start a run of a source and give it once it is over."""
        return self.wait_for_run(self.call("POST", "runs/", {"source": source})["id"])

    def _make_headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            return {**headers, "Authorization": f"Bearer {self.token}"}
        crumbs = {cookie.name: cookie.value or "" for cookie in self.cookies}
        return {**headers, "X-CSRFToken": crumbs.get("csrftoken", ""), "Referer": self.server.url}

    def wait_for_run(self, run_id: str, *, seconds: float = 60) -> Any:
        """The run once it is over."""
        over = ("completed", "completed_with_errors", "failed", "cancelled")
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.call("GET", f"runs/{run_id}/"))
            return found["state"] in over

        wait_until(ended, seconds=seconds, what=f"run {run_id} to end")
        return found


def wait_until(
    condition: Callable[[], bool], *, seconds: float = 30, what: str = "it to happen"
) -> None:
    """Poll until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds} s for {what}.")


def find_free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _read_command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""
