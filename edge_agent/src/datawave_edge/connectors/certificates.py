"""Whose word is taken for it that a server is the right one."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datawave_edge.entry_advice import CA_FILE
from datawave_edge.faults import SourceFault

# Where systems keep the authorities that they trust, as one file.
_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def ca_file() -> str:
    """Certificates to trust instead of the system's; empty for the system's."""
    return os.environ.get("DATAWAVE_CA_FILE", "")


def trusted_file() -> str:
    """The file of certificates to trust, for drivers that look for the system's in another place
    than the system keeps them; empty where there is none.
    """
    return ca_file() or next(filter(_is_file, _list_bundles()), "")


def make_context(*, proven: bool) -> ssl.SSLContext:
    """For TLS with a database that must prove who it is, or with any. Raises SourceFault
    `tls_failed` when the named certificates can't be read.
    """
    try:
        context = ssl.create_default_context(cafile=(proven and ca_file()) or None)
    except OSError:
        raise SourceFault("tls_failed", hint=CA_FILE) from None
    # Authorities of organisations sign as their tools do, which is seldom to the letter; from
    # Python 3.13 on that would be refused.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not proven:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def require_proof(connected: socket.socket, host: str) -> None:
    """Shake hands and say no more. Raises ssl.SSLError, which tells why a server is not believed,
    as not every driver does.
    """
    with make_context(proven=True).wrap_socket(connected, server_hostname=host):
        pass


def _list_bundles() -> Iterator[str]:
    yield ssl.get_default_verify_paths().cafile or ""
    yield from _BUNDLES


def _is_file(path: str) -> bool:
    return bool(path) and Path(path).is_file()
