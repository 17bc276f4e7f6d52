"""The agent trusts no connection either: it is refused, or leads where its fields say."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from datawave_edge.connectors import make_connector
from datawave_edge.connectors.dialect import DialectConnector
from datawave_edge.connectors.server import ServerConnector
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import (
    BatchRejected,
    ConnectionSpec,
    RunSettings,
    decode_message,
)
from tests.connection_specs import FILE_ENGINES, FOREIGN_FIELDS, make_traps, make_valid
from tests.edge_agent.conftest import sqlite_spec
from tests.edge_agent.listener import Listener
from tests.edge_agent.made_dialects import ALLOWED

# All that a driver is ever told, and nothing of it comes from elsewhere than this list.
KNOWN = {
    "host", "hostaddr", "port", "dbname", "database", "user", "password", "sslmode", "gssencmode",
    "passfile", "connect_timeout", "application_name", "client_encoding", "prepare_threshold",
    "sslrootcert", "require_auth", "charset", "local_infile", "read_timeout", "write_timeout",
    "program_name",
    "ssl", "ssl_disabled", "auth_plugin_map", "server", "appname", "login_timeout", "timeout",
    "autocommit", "readonly", "disable_connect_retry", "cafile", "validate_host", "service_name",
    "protocol", "tcp_connect_timeout", "retry_count", "program", "ssl_context",
    "ssl_server_dn_match",
}  # fmt: skip


def read_spec(fields: dict[str, object]) -> ConnectionSpec:
    return decode_message(msgspec.json.encode(fields), ConnectionSpec)


def told_to_driver(connector: ServerConnector) -> dict[str, object]:
    if not isinstance(connector, DialectConnector):
        return connector._connect_args("")
    url = connector._url()
    assert not url.query
    _, arguments = connector._session.dialect.create_connect_args(url)
    return {name: value for name, value in arguments.items() if name != "context"}


def test_agent_goes_where_the_fields_say_or_nowhere_when_a_field_is_a_trap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All that are named here are allowed, so that no trap is refused for that alone.
    dialects = {trap.value for trap in make_traps() if trap.field == "dialect"}
    named = [each for each in dialects if "\x00" not in each]
    monkeypatch.setenv("DATAWAVE_DIALECTS", ",".join([ALLOWED, *named]))
    told = 0
    for trap in make_traps():
        if trap.field in ("secret_ref", "password") or trap.engine in FILE_ENGINES:
            continue
        fields = {**make_valid(trap.engine), trap.field: trap.value}
        try:
            spec = read_spec(fields)
            connector = make_connector(spec, "", RunSettings())
        except (BatchRejected, SourceFault):
            continue
        assert isinstance(connector, ServerConnector)
        arguments = told_to_driver(connector)
        assert set(arguments) <= KNOWN
        assert trap.field != "host", trap
        assert trap.engine != "sqlalchemy" or trap.field != "dialect", trap
        assert arguments.get("host", arguments.get("server")) == "db.example.test"
        assert arguments.get("local_infile") in (None, False)
        told += 1
    # Names of databases and users are literal to a driver: these are all that pass.
    assert told < 140


@pytest.mark.parametrize("field", FOREIGN_FIELDS)
def test_message_is_refused_when_it_brings_a_setting_of_a_driver(field: str) -> None:
    with pytest.raises(BatchRejected):
        read_spec({**make_valid("postgresql"), field: "x"})


@pytest.mark.parametrize("engine", FILE_ENGINES)
@pytest.mark.parametrize("name", ["a?mode=rwc", "a%3fmode=rwc", "file:a", ":memory:", "a#b", "*"])
def test_file_is_a_file_when_its_name_looks_like_a_url(
    tmp_path: Path, engine: str, name: str
) -> None:
    (tmp_path / "b").mkdir()
    spec = ConnectionSpec(engine=engine, database=str(tmp_path / name))
    last = run_test(spec).steps[-1]
    assert (last.name, last.code) == ("file", "file_missing")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("engine", FILE_ENGINES)
def test_no_place_is_opened_when_it_is_outside_the_allowed_folders(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, outside = tmp_path / "allowed", tmp_path / "outside"
    allowed.mkdir()
    if engine == "files":
        outside.mkdir()
    else:
        outside.write_bytes(b"")
    (allowed / "link").symlink_to(outside)
    monkeypatch.setenv("DATAWAVE_FILE_ROOTS", str(allowed))
    for path in (outside, allowed / "link", allowed / ".." / "outside"):
        spec = ConnectionSpec(engine=engine, database=str(path))
        last = run_test(spec).steps[-1]
        assert (last.name, last.code) == ("file", "file_missing")


@pytest.mark.parametrize("statement", ["ATTACH 'x.db' AS x", "PRAGMA writable_schema = 1"])
def test_sqlite_refuses_when_another_file_is_to_be_attached(shop: Path, statement: str) -> None:
    connector = make_connector(sqlite_spec(shop), "", RunSettings())
    connector.connect()
    if statement.startswith("ATTACH"):
        with pytest.raises(SourceFault):
            connector._session.run(statement)
    with pytest.raises(SourceFault):
        connector._session.run("UPDATE sqlite_master SET sql = ''")
    connector.close()
    assert [path.name for path in shop.parent.iterdir()] == [shop.name]


class HostileMysql(Listener):
    """A server that signs everyone in and then asks for a file or for the password in clear."""

    def __init__(self, wish: str) -> None:
        self.wish = wish
        self.heard = b""
        super().__init__()

    def _meet(self, client: socket.socket) -> None:
        flags = 0x00FFF7FF & ~0x0800  # everything a client may wish, but TLS
        greeting = b"\x0a5.7.99\x00" + struct.pack("<I", 1) + b"12345678\x00"
        greeting += struct.pack("<H", flags & 0xFFFF) + b"\x21" + struct.pack("<H", 2)
        greeting += struct.pack("<H", 0x0088) + b"\x15" + b"\x00" * 10
        greeting += b"123456789012\x00mysql_native_password\x00"
        self._send(client, 0, greeting)
        self._hear(client)
        if self.wish == "password":
            self._send(client, 2, b"\xfemysql_clear_password\x00")
            self._hear(client)
            return
        self._send(client, 2, b"\x00\x00\x00\x02\x00\x00\x00")
        while self._hear(client):
            self._send(client, 1, b"\xfb" + self.wish.encode())

    def _send(self, client: socket.socket, number: int, body: bytes) -> None:
        client.sendall(struct.pack("<I", len(body))[:3] + bytes([number]) + body)

    def _hear(self, client: socket.socket) -> bytes:
        said = client.recv(65_536)
        self.heard += said
        return said


class HostilePostgres(HostileMysql):
    """A server without TLS that asks for the password in clear."""

    def _meet(self, client: socket.socket) -> None:
        # The wish for TLS, which it does not have; then who wants in where.
        self._hear(client)
        client.sendall(b"N")
        self._hear(client)
        client.sendall(b"R" + struct.pack(">II", 8, 3))
        self._hear(client)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("zq-content-of-a-local-file")
    return path


def hostile(wish: str) -> Iterator[HostileMysql]:
    server = HostileMysql(wish)
    yield server
    server.close()


def try_at(server: HostileMysql) -> list[tuple[str, bool]]:
    spec = ConnectionSpec(
        engine="mysql", host="127.0.0.1", port=server.port, username="u", password="zq-password"
    )
    return [(step.name, step.ok) for step in run_test(spec).steps]


def test_hostile_server_gets_no_file_when_it_asks_for_one(secret_file: Path) -> None:
    for server in hostile(str(secret_file)):
        steps = try_at(server)
    assert steps[-1][1] is False
    assert b"u\x00" in server.heard
    assert b"zq-content" not in server.heard


def test_hostile_server_gets_no_password_when_it_asks_for_it_in_clear() -> None:
    for server in hostile("password"):
        steps = try_at(server)
    assert steps[-1] == ("authenticate", False)
    assert b"zq-password" not in server.heard


def test_hostile_postgresql_gets_no_password_when_it_asks_for_it_in_clear() -> None:
    server = HostilePostgres("password")
    spec = ConnectionSpec(
        engine="postgresql",
        host="127.0.0.1",
        port=server.port,
        username="u",
        password="zq-password",
        tls="prefer",
    )
    steps = run_test(spec).steps
    server.close()
    assert (steps[-1].name, steps[-1].ok, steps[-1].code) == ("authenticate", False, "auth_failed")
    assert b"user\x00u\x00" in server.heard
    assert b"zq-password" not in server.heard


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254", "100.100.100.200",
    ],
)  # fmt: skip
def test_agent_connects_nowhere_when_the_address_is_no_database(host: str) -> None:
    spec = ConnectionSpec(engine="postgresql", host=host, username="u")
    last = run_test(spec).steps[-1]
    assert (last.name, last.code) == ("resolve", "address_refused")


def test_agent_connects_nowhere_when_a_name_leads_to_such_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def rebind(host: object, *more: object, **named: object) -> object:
        return real("169.254.169.254" if host == "db.example.test" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    for engine in ("postgresql", "mysql"):
        spec = ConnectionSpec(engine=engine, host="db.example.test", username="u")
        with pytest.raises(SourceFault) as caught:
            make_connector(spec, "", RunSettings()).connect()
        assert caught.value.code == "address_refused"


def test_first_failure_is_the_last_step_when_the_handshake_fails() -> None:
    with closing(BrokenTls()) as server:
        spec = ConnectionSpec(
            engine="postgresql", host="127.0.0.1", port=server.port, username="u", tls="require"
        )
        steps = run_test(spec).steps
    assert [(step.name, step.ok, step.code) for step in steps] == [
        ("resolve", True, ""),
        ("connect", True, ""),
        ("tls", False, "tls_failed"),
    ]


class BrokenTls(Listener):
    """A server that offers TLS and does not speak it."""

    def _meet(self, client: socket.socket) -> None:
        client.recv(8)
        client.sendall(b"S")
        client.recv(1024)
        client.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
