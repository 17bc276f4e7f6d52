"""A real PgBouncer in front of a PostgreSQL, and what went through it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from datawave_edge.protocol import ConnectionSpec
from tests.servers import Started, find_free_port, run_pgbouncer, skip_for

MODES = ("session", "transaction", "statement")
# Who comes is believed, and the next client gets the backend of the last one as that left it.
USUAL = {
    "auth_type": "any", "default_pool_size": "1", "server_reset_query": "", "unix_socket_dir": "",
    "listen_addr": "127.0.0.1",
}  # fmt: skip


class Bouncer:
    """A pooler of all databases of one server."""

    def __init__(self, target: ConnectionSpec, files: Sequence[Path], **settings: str) -> None:
        self.port = find_free_port()
        self._files = files
        given = {
            "host": target.host, "port": target.port, "user": target.username,
            "password": target.password,
        }  # fmt: skip
        entry = " ".join(f"{name}={value}" for name, value in given.items() if value)
        told = {**USUAL, "listen_port": str(self.port), **settings}
        lines = [f"{name} = {value}" for name, value in told.items()]
        self._settings = "\n".join(["[databases]", f"* = {entry}", "[pgbouncer]", *lines, ""])
        self._started = self._start()

    def spec(self, target: ConnectionSpec, **chosen: object) -> ConnectionSpec:
        """How the agent is told to reach a database by the pooler."""
        usual = {"host": "localhost", "port": self.port, **chosen}
        return msgspec.structs.replace(target, **usual)

    def connect(self, database: str) -> psycopg.Connection:
        """An application."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True,
            prepare_threshold=None,
        )  # fmt: skip

    def kill(self) -> None:
        """End it without a word to anybody, and start it anew on the same port."""
        self._started.stop()
        self._started = self._start()

    def stop(self) -> None:
        self._started.stop()

    def _start(self) -> Started:
        started = run_pgbouncer(self.port, self._settings, *self._files)
        if started is None:
            skip_for("No PgBouncer was found: install the Debian package pgbouncer.")
        return started


@contextmanager
def serve_bouncer(target: ConnectionSpec, *files: Path, **settings: str) -> Iterator[Bouncer]:
    bouncer = Bouncer(target, files, **settings)
    yield bouncer
    bouncer.stop()


def list_messages(heard: bytes) -> list[tuple[bytes, str]]:
    """Kind and text of each message that one client has sent after it asked for no TLS."""
    (size,) = struct.unpack("!i", heard[:4])
    rest, told = heard[size:], []
    while rest:
        (size,) = struct.unpack("!i", rest[1:5])
        told.append((rest[:1], rest[5 : size + 1].rstrip(b"\0").decode()))
        rest = rest[size + 1 :]
    return told
