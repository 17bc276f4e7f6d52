"""Finds the password of a source on the agent's own host."""

from __future__ import annotations

import os
import re

from .config import secrets_path
from .faults import SourceFault
from .protocol import ConnectionSpec

_SECRET_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")


def find_password(spec: ConnectionSpec) -> str:
    """The password: from the spec towards an embedded agent, else where its reference points.

    "env:NAME" reads a variable; "file:NAME" a file of DATAWAVE_SECRETS, by default `secrets` in
    the spool's directory. Raises SourceFault `secret_missing`.
    """
    if not spec.secret_ref:
        return spec.password
    scheme, _, name = spec.secret_ref.partition(":")
    if not _SECRET_NAME.match(name):
        raise SourceFault("secret_missing")
    # The agent's own token is no password of a source.
    if scheme == "env" and not name.startswith("DATAWAVE_") and name in os.environ:
        return os.environ[name]
    if scheme == "file":
        return _read_secret(name)
    raise SourceFault("secret_missing")


def _read_secret(name: str) -> str:
    try:
        return (secrets_path() / name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SourceFault("secret_missing") from None
