"""Servers on loopback that meet one client after another, each in its own way."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Listener:
    """Listens as soon as it is made; what `_meet` needs must be there before."""

    patience = 3.0

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        # Closing alone does not end a wait for the next client.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(self.patience)
            with client, suppress(OSError):
                self._meet(client)

    def _meet(self, client: socket.socket) -> None:
        raise NotImplementedError
