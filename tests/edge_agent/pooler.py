"""A pooler of PostgreSQL that lends a client another backend for each transaction."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterator
from itertools import cycle

import psycopg

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.listener import Listener

SSL_REQUEST = 80_877_103
READY = ord("Z")
IDLE = b"I"
# What a client wants to know before it asks anything.
TOLD = (
    "server_version",
    "server_encoding",
    "client_encoding",
    "standard_conforming_strings",
    "integer_datetimes",
)


class Pooler(Listener):
    """Two backends behind a port, lent in turn; settings stay with the backend."""

    patience = 20.0

    def __init__(self, spec: ConnectionSpec) -> None:
        self.backends = [_sign_in(spec) for _ in range(2)]
        super().__init__()

    def close(self) -> None:
        super().close()
        for backend in self.backends:
            backend.close()

    def _meet(self, client: socket.socket) -> None:
        self._greet(client)
        self._lend(client)

    def _greet(self, client: socket.socket) -> None:
        size, code = struct.unpack("!ii", _hear(client, 8))
        if code == SSL_REQUEST:
            client.sendall(b"N")
            size, _ = struct.unpack("!ii", _hear(client, 8))
        _hear(client, size - 8)
        first = self.backends[0]
        client.sendall(_message(b"R", struct.pack("!i", 0)))
        for name in TOLD:
            value = first.info.parameter_status(name) or ""
            client.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
        client.sendall(_message(b"K", struct.pack("!ii", 4711, 1)))
        client.sendall(_message(b"Z", IDLE))

    def _lend(self, client: socket.socket) -> None:
        for backend in cycle(self.backends):
            with socket.fromfd(backend.fileno(), socket.AF_INET, socket.SOCK_STREAM) as lent:
                lent.setblocking(True)
                if not _pass_on(client, lent):
                    return


def _pass_on(client: socket.socket, backend: socket.socket) -> bool:
    """One transaction; whether the client is still there."""
    told = b""
    while True:
        readable, _, _ = select.select([client, backend], [], [], 20)
        if client in readable:
            asked = client.recv(65_536)
            if not asked or asked.startswith(b"X"):
                return False
            backend.sendall(asked)
        if backend in readable:
            answer = backend.recv(65_536)
            client.sendall(answer)
            told, states = _split(told + answer)
            if states and states[-1] == IDLE:
                return True


def _split(told: bytes) -> tuple[bytes, list[bytes]]:
    """What is left of the last message, and the states that the backend told itself to be in."""
    states = []
    while len(told) >= 5:
        (size,) = struct.unpack("!i", told[1:5])
        if len(told) <= size:
            break
        if told[0] == READY:
            states.append(told[5:6])
        told = told[size + 1 :]
    return told, states


def _hear(client: socket.socket, size: int) -> bytes:
    heard = client.recv(size, socket.MSG_WAITALL)
    if len(heard) < size:
        raise ConnectionResetError
    return heard


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _sign_in(spec: ConnectionSpec) -> psycopg.Connection:
    return psycopg.connect(
        host=spec.host, port=spec.port, user=spec.username, password=spec.password,
        dbname=spec.database, autocommit=True, sslmode="disable", client_encoding="utf8",
    )  # fmt: skip


@contextlib.contextmanager
def serve_pooler(spec: ConnectionSpec) -> Iterator[Pooler]:
    pooler = Pooler(spec)
    try:
        yield pooler
    finally:
        pooler.close()
