"""What the agent needs to know about its own run: server, token, spool and mode."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import SplitResult, urlsplit

from .files import open_private

DEFAULT_SPOOL = Path(".local") / "state" / "datawave-edge"
MIB = 1024 * 1024
SPOOL_LIMIT = 512 * MIB
SPOOL_LEAST = 64 * MIB
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# A name, an IPv4 or an IPv6 address; names in other scripts have an ASCII form for addresses.
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
# Errors of a disk that may pass by themselves, unlike a right that lacks.
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


class BadConfig(Exception):
    """The agent was started with something missing or wrong; the message says what."""

    # sysexits' EX_CONFIG: a service manager need not try again.
    exit_code: ClassVar[int] = 78


class DiskUnready(BadConfig):
    """The disk takes nothing now; the message says what it did not take."""

    # sysexits' EX_TEMPFAIL: a service manager starts it again, when there may be room.
    exit_code: ClassVar[int] = 75


class NotHere(Exception):
    """What was asked for does not lie here; the message says what."""


@dataclass(frozen=True)
class AgentConfig:
    """Settings of one agent process."""

    server: str
    # Given by the server that started the agent; empty when the agent has an identity.
    token: str = field(repr=False)
    spool: Path
    embedded: bool = False
    # Bytes that may wait in the spool before reading pauses.
    spool_limit: int = SPOOL_LIMIT

    @property
    def backoff_base(self) -> float:
        """First delay of a retry: a server on the same host is back sooner."""
        return 0.2 if self.embedded else 1.0


def is_token_given(token_file: str | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a server that starts this agent has given it a token."""
    return bool(token_file or environ.get("DATAWAVE_TOKEN_FILE") or environ.get("DATAWAVE_TOKEN"))


def read_config(
    *,
    server: str | None,
    token_file: str | None,
    spool: str | None,
    embedded: bool,
    environ: Mapping[str, str] = os.environ,
) -> AgentConfig:
    """Settings of an agent that is given a token. Raises BadConfig."""
    return AgentConfig(
        server=check_origin(server or environ.get("DATAWAVE_SERVER", ""), environ),
        token=_read_token(token_file or environ.get("DATAWAVE_TOKEN_FILE", ""), environ),
        spool=spool_path(spool, environ),
        embedded=embedded,
        spool_limit=_read_limit(environ.get("DATAWAVE_SPOOL_MIB", "")),
    )


def make_config(
    *, server: str, spool: Path, environ: Mapping[str, str] = os.environ
) -> AgentConfig:
    """Settings of an agent that proves who it is. Raises BadConfig."""
    return AgentConfig(
        server=check_origin(server, environ),
        token="",
        spool=spool,
        spool_limit=_read_limit(environ.get("DATAWAVE_SPOOL_MIB", "")),
    )


def _read_limit(text: str) -> int:
    if not text:
        return SPOOL_LIMIT
    is_number = text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004  # petabytes
    if not is_number or int(text) * MIB < SPOOL_LEAST:
        raise BadConfig(f"DATAWAVE_SPOOL_MIB is a whole number, {SPOOL_LEAST // MIB} or more.")
    return int(text) * MIB


def spool_path(spool: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Directory of the spool. Raises BadConfig for a user without a home when none is given."""
    given = spool or environ.get("DATAWAVE_SPOOL", "")
    try:
        return Path(given) if given else Path.home() / DEFAULT_SPOOL
    except RuntimeError:
        raise BadConfig(
            "This user has no home directory. Name one with --spool or DATAWAVE_SPOOL."
        ) from None


def is_spool_there(directory: Path) -> bool:
    """Whether anything was ever spooled there. Raises BadConfig when this user may not look."""
    try:
        return (directory / "outbox.sqlite3").is_file()
    except OSError:
        raise BadConfig(f"{directory} can't be read by this user.") from None


def blame_disk(what: str, error: OSError) -> BadConfig:
    """Why something can't be written."""
    kind = DiskUnready if error.errno in _PASSING else BadConfig
    return kind(f"{what} can't be written ({error.strerror}).")


def secrets_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Directory of the password files."""
    return Path(environ.get("DATAWAVE_SECRETS") or spool_path(None, environ) / "secrets")


def is_spool_in_use(directory: Path) -> bool:
    """Whether an agent runs on this spool."""
    try:
        with open_private(directory / "lock") as lock:
            return not _take(lock)
    except OSError:
        return False


def lock_spool(directory: Path, seconds: float = 10.0) -> IO[bytes]:
    """Keep the spool for this process alone while the answer is open. Raises BadConfig.

    An agent that is about to end with its server is given some seconds.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = open_private(directory / "lock")
    except OSError as error:
        raise blame_disk(f"The spool directory {directory}", error) from None
    deadline = time.monotonic() + seconds
    while not _take(lock):
        if time.monotonic() > deadline:
            lock.close()
            raise BadConfig(f"Another agent uses the spool in {directory}.")
        time.sleep(0.1)
    return lock


def _take(lock: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError:
        return True  # Windows has no such lock
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def check_origin(server: str, environ: Mapping[str, str] = os.environ) -> str:
    """The server's scheme, host and port. Raises BadConfig when it is no safe origin."""
    parts = _split(server)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
        raise BadConfig(
            "Give the server's address with its scheme, such as https://datawave.example.org"
        )
    if parts.username or parts.password or parts.query or parts.path.strip("/"):
        raise BadConfig("The server's address is scheme, host and port alone.")
    plain = parts.scheme == "http" and parts.hostname not in _LOOPBACK
    if plain and not is_http_allowed(environ):
        raise BadConfig("Without TLS only this host can be the server; use https://.")
    return f"{parts.scheme}://{parts.netloc}"


def is_http_allowed(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the agent's administrator lets it speak to another host without TLS."""
    return environ.get("DATAWAVE_ALLOW_HTTP") == "1"


def _split(server: str) -> SplitResult:
    try:
        parts = urlsplit(server)
        # Read when it is asked for, and then it must be a port.
        _ = parts.port
    except ValueError:
        raise BadConfig(
            "This is no address of a server; one is https://datawave.example.org"
        ) from None
    return parts


def _read_token(path: str, environ: Mapping[str, str]) -> str:
    token = environ.get("DATAWAVE_TOKEN", "")
    if path:
        try:
            token = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise BadConfig(f"The token file {path} can't be read.") from None
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise BadConfig("Give the agent's token with --token-file or DATAWAVE_TOKEN.")
    return token
