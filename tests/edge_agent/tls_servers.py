"""Servers that speak TLS under a certificate of their own and hear who signs in, then hang up."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import struct
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.edge_agent.listener import Listener


def make_certificate(folder: Path, name: str) -> Path:
    """A file with a key and a certificate for the name that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class TlsServer(Listener):
    """Takes clients of one engine as far as their first words within TLS."""

    def __init__(self, engine: str, certificate: Path) -> None:
        self.heard = b""
        self.asked_for: list[str | None] = []
        self._engine = engine
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.sni_callback = lambda _, name, __: self.asked_for.append(name)
        super().__init__()

    def _meet(self, client: socket.socket) -> None:
        self._offer(client)
        with self._context.wrap_socket(client, server_side=True) as secured:
            self.heard += secured.recv(4096)

    def _offer(self, client: socket.socket) -> None:
        if self._engine == "postgresql":
            client.recv(8)
            client.sendall(b"S")
            return
        body = b"\x0a8.0.99\x00" + struct.pack("<I", 1) + b"12345678\x00"
        body += struct.pack("<H", 0xFFFF) + b"\x21" + struct.pack("<HH", 2, 0x00FF) + b"\x15"
        body += b"\x00" * 10 + b"123456789012\x00mysql_native_password\x00"
        client.sendall(struct.pack("<I", len(body))[:3] + b"\x00" + body)
        client.recv(36)
