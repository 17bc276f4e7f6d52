"""A TCP proxy that cuts connections once so many bytes came from the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


class CutProxy:
    """Forwards to one server; each of `cuts` ends all connections when that many bytes passed."""

    def __init__(self, host: str, port: int, cuts: Sequence[int]) -> None:
        self._target = (host, port)
        self._cuts = sorted(cuts)
        self.passed = 0
        self.cut = 0
        # What clients have said.
        self.heard = b""
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._end_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            # Small pieces, so that a cut falls within an answer too.
            while piece := source.recv(512):
                if counted and self._must_cut(len(piece)):
                    self._end_all()
                    return
                if not counted:
                    self.heard += piece
                target.sendall(piece)
        for each in (source, target):
            _end(each)

    def _must_cut(self, size: int) -> bool:
        with self._lock:
            self.passed += size
            if self.cut < len(self._cuts) and self.passed >= self._cuts[self.cut]:
                self.cut += 1
                return True
        return False

    def _end_all(self) -> None:
        with self._lock:
            ended, self._open = self._open, set()
        for each in ended:
            _end(each)


def _end(ended: socket.socket) -> None:
    with suppress(OSError):
        ended.shutdown(socket.SHUT_RDWR)
    ended.close()


@contextmanager
def cutting(host: str, port: int, *cuts: int) -> Iterator[CutProxy]:
    """A proxy for the time of a test."""
    proxy = CutProxy(host, port, cuts)
    try:
        yield proxy
    finally:
        proxy.close()
