"""Real database servers that speak TLS under whichever certificate a test wants."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import psycopg
import pymysql

from datawave_edge.connectors.tls_offer import postgresql_offers_tls
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, TestStep
from tests.edge_agent.authority import HERE, Authority
from tests.edge_agent.conftest import Discover
from tests.edge_agent.cuts import CutProxy, cutting
from tests.edge_agent.fake_server import FakeServer
from tests.servers import Started, run_mariadb, run_postgres, skip_for

PASSWORD = "Zq-not-for-anyone"
PATIENCE_SECONDS = 10
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
Pair = tuple[Path, Path]
Engine = Literal["postgresql", "mysql"]
# Who may sign in, and how: each by TLS alone.
RULES = """
local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all reader 127.0.0.1/32 scram-sha-256
hostssl all asked_clearly 127.0.0.1/32 password
hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
"""


@dataclass(frozen=True)
class Papers:
    """Certificates of a server: the right one, and each kind of wrong one."""

    known: Authority
    right: Pair
    misnamed: Pair
    expired: Pair
    unsigned: Pair

    @classmethod
    def make(cls, folder: Path) -> Papers:
        """Draw them up."""
        known, unknown = Authority(folder, "known"), Authority(folder, "unknown")
        return cls(
            known,
            known.issue("right"),
            known.issue("misnamed", ["db.example"]),
            known.issue("expired", HERE, -dt.timedelta(hours=1)),
            unknown.issue("unsigned"),
        )


class SecuredPostgres:
    """A PostgreSQL whose certificate changes while it runs."""

    def __init__(self, started: Started, papers: Papers) -> None:
        self.started, self.papers = started, papers
        url = f"postgresql://postgres@127.0.0.1:{started.port}/postgres"
        self.admin = psycopg.connect(url, autocommit=True)
        for role in ("reader", "asked_clearly", "certified"):
            self.admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
        self.admin.execute("CREATE TABLE people AS SELECT n AS id FROM generate_series(1, 30) n")
        self.admin.execute("GRANT SELECT ON people TO PUBLIC")
        self._set("ssl_ca_file", started.give(papers.known.file))
        (started.home / "data" / "pg_hba.conf").write_text(RULES)

    def present(self, pair: Pair | None) -> None:
        """From now on under this certificate; without one it speaks no TLS."""
        if pair is not None:
            for name, path in zip(("ssl_cert_file", "ssl_key_file"), pair, strict=True):
                self._set(name, self.started.give(path))
        self._set("ssl", "off" if pair is None else "on")
        self.admin.execute("SELECT pg_reload_conf()")
        wanted = ssl.PEM_cert_to_DER_cert(pair[0].read_text()) if pair else None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._shown() != wanted and time.monotonic() < deadline:
            time.sleep(0.02)

    def spec(self, **chosen: object) -> ConnectionSpec:
        """How the agent is told to reach it."""
        return _spec("postgresql", self.started.port, "postgres", chosen)

    def heard(self, since: int) -> str:
        """What the server has said of those who came since a length of its log."""
        return self.started.read_log()[since:]

    def _set(self, name: str, value: object) -> None:
        self.admin.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())

    def _shown(self) -> bytes | None:
        with socket.create_connection(("127.0.0.1", self.started.port)) as dialled:
            if not postgresql_offers_tls(dialled):
                return None
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(dialled) as secured:
                return secured.getpeercert(binary_form=True)


class SecuredMariadb:
    """A MariaDB whose certificate changes while it runs."""

    def __init__(self, started: Started, papers: Papers, folder: Path) -> None:
        self.papers = papers
        self._folder = folder
        self._port = started.port
        self.admin = pymysql.connect(host="127.0.0.1", port=started.port, user="root")
        self.run(
            # Whoever comes from this host would be taken for nobody.
            "DELETE FROM mysql.global_priv WHERE user = ''",
            "FLUSH PRIVILEGES",
            "CREATE DATABASE shop",
            "USE shop",
            "CREATE TABLE people AS SELECT seq AS id FROM seq_1_to_30",
        )
        for user, demand in (("reader", "NONE"), ("secured", "SSL"), ("certified", "X509")):
            self.run(
                f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE {demand}",
                f"GRANT SELECT, SHOW VIEW ON shop.* TO {user}@'%'",
            )

    def run(self, *statements: str) -> None:
        """As its root."""
        with self.admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def present(self, pair: Pair) -> None:
        """From now on under this certificate."""
        for path, name in zip(pair, SHOWN, strict=True):
            (self._folder / name).write_bytes(path.read_bytes())
        self.run("FLUSH SSL")

    def spec(self, **chosen: object) -> ConnectionSpec:
        """How the agent is told to reach it."""
        return _spec("mysql", self._port, "shop", chosen)

    def heard(self, since: int) -> str:
        """Whoever has told a name to the server since a length of its log."""
        return (self._folder / SAID).read_text(errors="replace")[since:]


SHOWN = ("shown.crt", "shown.key")
SAID = "said"


def _spec(engine: Engine, port: int, database: str, chosen: dict[str, object]) -> ConnectionSpec:
    usual = ConnectionSpec(
        engine=engine, host="localhost", port=port, database=database, username="reader",
        password=PASSWORD, tls="verify-full",
    )  # fmt: skip
    return msgspec.structs.replace(usual, **chosen)


@contextmanager
def serve_postgres(folder: Path) -> Iterator[SecuredPostgres]:
    started = run_postgres("log_connections=on", with_tls=True)
    if started is None:
        skip_for("No PostgreSQL of the Debian package was found, and the wheel's speaks no TLS.")
    server = SecuredPostgres(started, Papers.make(folder))
    yield server
    server.admin.close()
    started.stop()


@contextmanager
def serve_mariadb(papers: Papers, folder: Path, *options: str) -> Iterator[SecuredMariadb]:
    for path, name in zip(papers.right, SHOWN, strict=True):
        (folder / name).write_bytes(path.read_bytes())
    certificate, key = (folder / name for name in SHOWN)
    started = run_mariadb(
        "--general-log", f"--general-log-file={folder / SAID}", f"--ssl-cert={certificate}",
        f"--ssl-key={key}", f"--ssl-ca={papers.known.file}", *options,
    )  # fmt: skip
    if started is None:
        skip_for("No MariaDB of the Debian package was found.")
    server = SecuredMariadb(started, papers, folder)
    yield server
    server.admin.close()
    started.stop()


def failed_step(spec: ConnectionSpec) -> TestStep:
    """The one step of a connection test that fails."""
    (failed,) = (step for step in run_test(spec).steps if not step.ok)
    return failed


def told_of_tls(spec: ConnectionSpec) -> str:
    """What a connection test that passes says of the encryption."""
    steps = run_test(spec).steps
    assert [step.name for step in steps if not step.ok] == []
    return next(step.message for step in steps if step.name == "tls")


@contextmanager
def overhearing(spec: ConnectionSpec) -> Iterator[tuple[CutProxy, ConnectionSpec]]:
    """Somebody on the way who hears all that a client says, and how to reach the server by him."""
    with cutting("127.0.0.1", spec.port or 0) as proxy:
        yield proxy, msgspec.structs.replace(spec, port=proxy.port)


def assert_nobody_signed_in(
    spec: ConnectionSpec, discover: Discover, fake: FakeServer, advice: str
) -> bytes:
    """Neither the test nor a discovery gets past TLS, and both say why; gives what was heard."""
    with overhearing(spec) as (proxy, overheard):
        step = failed_step(overheard)
        assert list(discover(overheard, "j")) == []
    failure = fake.failures["j"]
    assert (step.name, step.code, failure.code) == ("tls", "tls_failed", "tls_failed")
    assert advice in step.hint
    assert advice in failure.hint
    assert not failure.retry
    # Nobody on the way has learnt who wanted to sign in.
    assert b"reader" not in proxy.heard
    return proxy.heard
