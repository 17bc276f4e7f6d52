"""Finds the password of a source on the agent's own host."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Callable
from typing import Final

from .config import secrets_path
from .faults import SourceFault
from .protocol import ConnectionSpec

log = logging.getLogger(__name__)

_SECRET_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,191}")
# What opens the agent itself or the cloud around it is no password of a source, and a server that
# names it is up to no good.
_NOT_OF_SOURCES: Final = ("DATAWAVE_", "AWS_", "AZURE_", "GOOGLE_", "GCP_", "VAULT_")
_HELPER: Final = "DATAWAVE_SECRET_HELPER"
_HELPER_SECONDS: Final = 20
_MOST_BYTES: Final = 8_192


def find_password(spec: ConnectionSpec) -> str:
    """The password: from the spec towards an embedded agent, else where its reference points.

    "env:NAME" reads a variable; "file:NAME" a file of DATAWAVE_SECRETS, by default `secrets` in
    the spool's directory; "helper:NAME" asks the program that the agent's administrator named in
    DATAWAVE_SECRET_HELPER. Raises SourceFault `secret_missing`.
    """
    if not spec.secret_ref:
        return spec.password
    scheme, _, name = spec.secret_ref.partition(":")
    read = _READERS.get(scheme)
    if read is None or not _SECRET_NAME.fullmatch(name):
        raise SourceFault("secret_missing")
    return read(name, spec)


def _read_variable(name: str, spec: ConnectionSpec) -> str:
    del spec
    if name.startswith(_NOT_OF_SOURCES) or name not in os.environ:
        raise SourceFault("secret_missing")
    return os.environ[name]


def _read_file(name: str, spec: ConnectionSpec) -> str:
    del spec
    if "/" in name:
        raise SourceFault("secret_missing")
    try:
        return (secrets_path() / name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SourceFault("secret_missing") from None


def _ask_helper(name: str, spec: ConnectionSpec) -> str:
    """What the helper prints. It is told the host too, so that it may bind a secret to one."""
    program = os.environ.get(_HELPER, "")
    if not program:
        raise SourceFault("secret_missing", hint=f"Set {_HELPER} on the agent's host.")
    try:
        done = subprocess.run(  # noqa: S603  # the agent's administrator named it
            [program, name, spec.host],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_HELPER_SECONDS, check=True,
        )  # fmt: skip
        return done.stdout[:_MOST_BYTES].decode().rstrip("\r\n")
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        # Its output may hold the secret, so only the kind of the fault is told.
        log.warning("The secret helper failed: %s.", type(error).__name__)
        raise SourceFault("secret_missing", hint="The agent's secret helper failed.") from None


_READERS: Final[dict[str, Callable[[str, ConnectionSpec], str]]] = {
    "env": _read_variable,
    "file": _read_file,
    "helper": _ask_helper,
}
