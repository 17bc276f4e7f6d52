"""Whether a server offers TLS, which some can be asked before anybody signs in."""

from __future__ import annotations

import socket
import struct
from typing import Final

_PG_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_MYSQL_SSL: Final = 0x0800


def postgresql_offers_tls(dialled: socket.socket) -> bool:
    """Ask; where the answer is yes, the server then waits for the handshake."""
    dialled.sendall(_PG_SSL_REQUEST)
    return dialled.recv(1) == b"S"


def mysql_offers_tls(dialled: socket.socket) -> bool:
    """Read the capability flags that follow the version, the thread's id and the first scramble."""
    greeting = dialled.recv(1024)
    end = greeting.find(b"\x00", 5)
    flags = greeting[end + 14 : end + 16]
    return end > 0 and len(flags) == 2 and bool(int.from_bytes(flags, "little") & _MYSQL_SSL)  # noqa: PLR2004  # flags are two bytes


ASKED: Final = {"postgresql": postgresql_offers_tls, "mysql": mysql_offers_tls}
