"""The agent's own key and what it knows of its server, in one file that only its user can read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from .config import BadConfig, blame_disk
from .files import open_private, replace_file

FILE: Final = "identity.json"
PENDING: Final = "enrolling.json"


class Identity(msgspec.Struct, kw_only=True):
    """Who the agent is. Never copy it: two that use it are both refused."""

    server: str
    agent: str = ""
    name: str = ""
    # Ed25519 seed, in hex.
    key: str
    # Shown at the next refresh, and what that refresh names to follow.
    link: str
    next_link: str = ""
    # A key that the server may or may not have heard of yet.
    next_key: str = ""
    # The key before: a server that is back from a backup may know that one.
    last_key: str = ""

    def use(self, key: str) -> None:
        """Go on with the next or the last key."""
        if key == self.key:
            return
        self.key, self.last_key = key, self.key
        if key == self.next_key:
            self.next_key = ""

    def __repr__(self) -> str:
        """Leave the secrets out of every log and traceback."""
        return f"Identity({self.server}, {self.name})"


def make_identity(server: str) -> Identity:
    """An identity that exists nowhere else."""
    return Identity(server=server, key=make_key(), link=make_link())


def make_key() -> str:
    """A new Ed25519 seed."""
    return secrets.token_hex(32)


def make_link() -> str:
    """A secret that is shown once."""
    return secrets.token_urlsafe(32)


def public_key_of(key: str) -> str:
    """The half that the server may know."""
    from nacl.signing import SigningKey

    return SigningKey(bytes.fromhex(key)).verify_key.encode().hex()


def sign(key: str, claim: bytes) -> str:
    """A signature, in hex."""
    from nacl.signing import SigningKey

    return SigningKey(bytes.fromhex(key)).sign(claim).signature.hex()


class IdentityFile:
    """The identity on disk; what is written survives a crash, and is whole."""

    def __init__(self, directory: Path, name: str = FILE) -> None:
        self.directory = directory
        self.path = directory / name

    def find(self) -> Identity | None:
        """The identity, None when there is none. Raises BadConfig when it can't be read."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Identity)
        except FileNotFoundError:
            return None
        except OSError:
            raise BadConfig(f"{self.path} can't be read by this user.") from None
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise BadConfig(f"{self.path} is damaged. Enrol this agent again.") from None

    def get(self) -> Identity:
        """The identity. Raises BadConfig when there is none."""
        found = self.find()
        if found is None:
            raise BadConfig(
                "This agent is not enrolled. Make a code on the server's page of agents, then run: "
                "datawave-edge enroll URL CODE"
            )
        return found

    def save(self, identity: Identity) -> None:
        """Replace the file at once. Raises BadConfig; DiskUnready when there may be room later."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.directory.chmod(0o700)
            replace_file(self.path, msgspec.json.encode(identity))
        except OSError as error:
            raise blame_disk(str(self.path), error) from None

    def remove(self) -> None:
        """Forget it."""
        with suppress(OSError):
            self.path.unlink()

    def stamp(self) -> tuple[int, int]:
        """Changes when the file does."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the identity from other processes of this host while the block runs."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = open_private(self.directory / "identity.lock")
        except OSError as error:
            raise blame_disk(f"The directory {self.directory}", error) from None
        with lock:
            _wait_for(lock.fileno())
            yield


def _wait_for(file: int) -> None:
    try:
        import fcntl
    except ImportError:
        return  # Windows has no such lock
    fcntl.flock(file, fcntl.LOCK_EX)
