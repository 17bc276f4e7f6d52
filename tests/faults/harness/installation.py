"""A whole DataWave in processes that may be killed, embedded or full, behind the proxy."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Literal

import psycopg

from tests.faults.harness.mail import MailServer
from tests.faults.harness.processes import Child
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.store import Store
from tests.faults.harness.surroundings import (
    OwnPostgres,
    may_mount,
    mount_disks,
    unmount,
)
from tests.live import NOT_INHERITED, ROOT, find_free_port, wait_until
from tests.prepared import place_database
from tests.servers import find_postgres, find_redis_binary

Mode = Literal["embedded", "full"]
Kind = Literal["plain", "disks", "postgres", "mail"]
NODE = [sys.executable, "-m", "tests.faults.harness.node"]
AGENT = [sys.executable, "-m", "tests.faults.harness.agent_node", "run", "--embedded"]
# Short, so that a lost lease is noticed within a trial; the code is the same.
QUICK = {
    "DATAWAVE_JOB_LEASE": "3",
    "DATAWAVE_JOB_REST": "1",
    "DATAWAVE_STAGE_LEASE": "2",
    "DATAWAVE_STAGE_RETRY_BASE": "1",
    "DATAWAVE_SWEEP": "1",
    "DATAWAVE_STAGE_LIMIT": "6",
}
RESTARTS_ALLOWED = 3
AGENT_MB, SERVER_MB = 300, 512


def may_start(kind: Kind) -> bool:
    """Whether this machine lets such an installation be made."""
    return kind != "disks" or may_mount()


class Unavailable(Exception):
    """The server was not there when it was called."""


class Installation:
    """Processes, proxy, database and a client of one DataWave."""

    def __init__(self, mode: Mode, kind: Kind = "plain") -> None:
        self.mode, self.kind = mode, kind
        self.folder = Path(tempfile.mkdtemp(prefix=f"datawave-faults-{mode}-"))
        self.home, self.traps = self.folder / "home", self.folder / "traps"
        self.spool = self.home / "agent"
        self.history = self.folder / "agent-history.jsonl"
        for folder in (self.home, self.traps):
            folder.mkdir()
        self.mounts = mount_disks(self.home, self.spool) if kind == "disks" else []
        self.mail = MailServer().start() if kind == "mail" else None
        self.postgres: OwnPostgres | None = None
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.proxy = Proxy(self.port).start()
        self.environment = self._make_environment()
        self.redis: Child | None = None
        self.children: dict[str, Child] = {}
        self._database = ""
        self.store = self._make_store()
        self.token = self.agent_token = self.session = ""

    def _make_environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)}
        return {
            **kept,
            **QUICK,
            "DATAWAVE_HOME": str(self.home),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "datawave.settings",
            "DATAWAVE_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "PYTHONUNBUFFERED": "1",
            "FAULT_TRAPS": str(self.traps),
            "FAULT_HISTORY": str(self.history),
            "FAULT_PACE": "0.03",
            **({"EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}"} if self.mail else {}),
        }

    def _make_store(self) -> Store:
        if self.mode == "embedded":
            return Store(self.home / "datawave.sqlite3")
        if self.kind == "postgres":
            self.postgres = OwnPostgres(self.folder).start()
        server = self.postgres.url if self.postgres else find_postgres()
        assert server, "The full mode needs PostgreSQL: set TEST_POSTGRES_URL."
        self._database = f"faults_{uuid.uuid4().hex[:10]}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}"')
        url = server.rpartition("/")[0] + f"/{self._database}"
        self.environment["DATABASE_URL"] = url
        return Store(url)

    def start(self) -> Installation:
        """Make the database, then start every process."""
        if self.mode == "full":
            self._start_redis()
        else:
            place_database(self.home)
        prepared = subprocess.run(
            [*NODE, "prepare"], cwd=ROOT, env=self.environment, capture_output=True, check=True
        )
        self.store.keep_history()
        made = json.loads(prepared.stdout)
        self.token, self.agent_token = made["token"], made["agent_token"].strip()
        self.session = made["session"]
        for name, role in self._list_roles().items():
            self._start_child(name, [*NODE, role, str(self.port)])
        self._start_child("agent", self._make_agent_command())
        self.wait_until_up()
        return self

    def _list_roles(self) -> dict[str, str]:
        if self.mode == "embedded":
            return {"server": "all"}
        return {"server": "web", "worker1": "worker", "worker2": "worker", "beat": "beat"}

    def _make_agent_command(self) -> list[str]:
        return [
            *AGENT, "--server", f"http://127.0.0.1:{self.proxy.port}",
            "--token-file", str(self.home / "keys" / "agent_token"),
            "--spool", str(self.spool),
        ]  # fmt: skip

    def _start_child(self, name: str, command: list[str]) -> None:
        log = self.folder / f"{name}.log"
        environment = dict(self.environment)
        environment["FAULT_CLOCK"] = str(self.folder / f"clock-{name}")
        self.children[name] = Child(name, command, environment, log).start()

    def _start_redis(self) -> None:
        binary = find_redis_binary()
        assert binary, "The full mode needs redis-server."
        port = find_free_port()
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self.folder)]
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{port}"
        self.redis = Child("redis", command, self.environment, self.folder / "redis.log").start()

    def flush_redis(self) -> None:
        """FLUSHALL."""
        import redis

        client = redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2)
        client.flushall()
        client.close()

    def limit_redis(self, most: str) -> None:
        """From now on refuse what would make it hold more than that; "0" is no limit."""
        import redis

        client = redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", most)
        client.close()

    def takes_redis_writes(self) -> bool:
        """Whether Redis keeps what it is given."""
        import redis

        client = redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2)
        try:
            return bool(client.set("fault-room", "1", ex=1))
        except redis.ResponseError:
            return False
        finally:
            client.close()

    def back_up(self) -> Path:
        """A copy of the database as it is at this moment."""
        backup = self.folder / f"backup-{uuid.uuid4().hex[:8]}"
        self.store.back_up(backup)
        return backup

    def restore(self, backup: Path) -> None:
        """Set the database back to a copy, as after a lost disk, and start the server again."""
        serving = [child for name, child in self.children.items() if name != "agent"]
        for child in serving:
            child.stop()
        self.store.restore(backup)
        for child in serving:
            child.start()

    def wait_until_up(self) -> None:
        """Until the server answers."""

        def answers() -> bool:
            try:
                return bool(self.open("/healthz"))
            except Unavailable:
                return False

        wait_until(answers, seconds=60, what=f"the server in {self.folder} to answer")

    def open(self, path: str, method: str = "GET", body: Any = None) -> str:
        """Text of the answer. Raises Unavailable when the server is away; other errors raise."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.token}",
                "Cookie": f"sessionid={self.session}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            if error.code in (409, 404, 400):
                raise
            raise Unavailable(f"{path}: {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{path}: {type(error).__name__}") from None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """JSON of /api/v1/<path>, asked again while the server is away."""
        found: list[str] = []

        def answered() -> bool:
            try:
                found.append(self.open(f"/api/v1/{path}", method, body))
            except Unavailable:
                return False
            return True

        wait_until(answered, seconds=60, what=f"{method} {path} to be answered")
        return json.loads(found[0]) if found[0] else None

    def list_faults(self, meant: tuple[int, ...] = ()) -> list[str]:
        """Processes that ended by themselves since the last call, with a code that is not meant."""
        found: list[str] = []
        for name, child in self.children.items():
            ends, child.faults = child.faults, []
            # A worker that lost its broker may end, and say so, for its manager to start it again.
            allowed = {*meant, *([1] if name.startswith("worker") else [])}
            strange = [code for _, code in ends if code not in allowed]
            often = len(ends) > RESTARTS_ALLOWED * max(1, len(allowed))
            found += [f"{name} ended by itself with {code}" for code in strange]
            found += [f"{name} was started {len(ends)} times"] if often else []
        return found

    def list_swollen(self) -> list[str]:
        """Processes that have held more memory than they may."""
        return [
            f"{name} has held {peak} MB"
            for name, child in self.children.items()
            if (peak := child.peak_mb()) > (AGENT_MB if name == "agent" else SERVER_MB)
        ]

    def stop(self) -> None:
        """End everything that was started, and drop the database."""
        for child in self.children.values():
            child.stop()
        if self.redis is not None:
            self.redis.stop()
        self.proxy.stop()
        self.store.close()
        if self.mail is not None:
            self.mail.stop()
        if self.postgres is not None:
            self.postgres.stop()
        elif self._database:
            with psycopg.connect(str(find_postgres()), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')
        unmount(self.mounts)


__all__ = ["Installation", "Kind", "Mode", "Unavailable", "may_start"]
