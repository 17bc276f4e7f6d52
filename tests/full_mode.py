"""Full mode as an operator runs it: PostgreSQL, Redis, and one process for each role."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from tests.live import ROOT, LiveServer, wait_until
from tests.servers import find_free_port, find_redis_binary, run_redis

MANAGE = [sys.executable, "manage.py"]
# A lost worker is noticed soon.
QUICK = {"DATAWAVE_STAGE_LEASE": "3", "DATAWAVE_STAGE_RETRY_BASE": "1", "DATAWAVE_SWEEP": "1"}


class FullMode:
    """The processes of one installation, with a database and a Redis of their own."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder = folder
        self.postgres = postgres
        self.database = f"full_{uuid.uuid4().hex[:12]}"
        self.redis_port = find_free_port()
        self.redis: subprocess.Popen[bytes] | None = None
        self.started: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        environment = {
            "DATABASE_URL": f"{postgres.rsplit('/', 1)[0]}/{self.database}",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}",
            **QUICK,
        }
        self.web = LiveServer(folder, **environment)

    def start(self) -> FullMode:
        """Everything, with two workers."""
        with psycopg.connect(self.postgres, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        self.start_redis()
        self.web.start("web")
        self.workers = [self.start_role("worker"), self.start_role("worker")]
        self.start_role("beat")
        self.start_agent()
        return self

    def start_redis(self) -> None:
        """An empty Redis, on the same port each time."""
        binary = find_redis_binary()
        assert binary is not None
        self.redis = run_redis(binary, self.redis_port)
        assert self.redis is not None

    def kill_redis(self) -> None:
        """kill -9; it kept nothing on disk, so everything in it is lost."""
        assert self.redis is not None
        self.redis.kill()
        self.redis.wait(timeout=10)

    def start_role(self, role: str) -> subprocess.Popen[bytes]:
        """A process of the role."""
        return self._spawn([*MANAGE, "start", role], role)

    def start_agent(self) -> None:
        """Enrol an agent by the command, then start it as its host would."""
        added = subprocess.run(
            [*MANAGE, "add_agent", "site"],
            cwd=ROOT, env=self.web.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        edge = [sys.executable, "-m", "datawave_edge"]
        spool = ["--spool", str(self.folder / "spool")]
        code = added.stdout.strip()
        subprocess.run([*edge, "enroll", *spool, self.web.url, code], check=True)
        command = [*edge, "run", *spool]
        self._spawn(command, "agent")

    def _spawn(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.web.environment, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def count(self, query: str, *values: object) -> int:
        """A number from the database."""
        with psycopg.connect(self.web.environment["DATABASE_URL"]) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])

    def freeze_at_work(self, run_id: str, worker: subprocess.Popen[bytes]) -> None:
        """Stop the worker while it surely holds a piece of the run's work."""
        query = """SELECT count(*) FROM racine_stagerun work JOIN racine_run run
            ON run.id = work.run_id
            WHERE run.public_id = %s AND work.state = 'leased' AND work.owner LIKE %s"""

        def frozen() -> bool:
            if not self.count(query, run_id, f"%:{worker.pid}:%"):
                return False
            worker.send_signal(signal.SIGSTOP)
            if self.count(query, run_id, f"%:{worker.pid}:%"):
                return True
            worker.send_signal(signal.SIGCONT)
            return False

        wait_until(frozen, what="the worker to be at work")

    def stop(self) -> None:
        """Stop all, and leave no database behind."""
        for process in self.started:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        if self.web.process:
            self.web.stop()
        for process in self.started:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.redis:
            self.kill_redis()
        with psycopg.connect(self.postgres, autocommit=True) as admin:
            name = sql.Identifier(self.database)
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
