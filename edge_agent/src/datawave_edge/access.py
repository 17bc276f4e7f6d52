"""Gets tokens by signing challenges, and keeps still for a while when the server refuses."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from .config import AgentConfig, BadConfig
from .identity import Identity, IdentityFile, make_key, make_link, public_key_of, sign
from .protocol import encode_message
from .protocol.identity import (
    Challenge,
    ChallengeRequest,
    Grant,
    Rotated,
    RotateRequest,
    TokenRequest,
    rotation_claim,
    token_claim,
)
from .transport import (
    AccessRefused,
    Reply,
    RequestRefused,
    ServerUnavailable,
    Transport,
    decode_reply,
)

log = logging.getLogger(__name__)
MessageT = TypeVar("MessageT")

# A refused agent asks no more often than this.
REFUSED_SECONDS: Final = 300.0
# Part of a token's life after which another is asked for.
RENEW_AT: Final = 2 / 3
_KEY_UNKNOWN: Final = "signature_invalid"


def connect(
    config: AgentConfig, record_sent: Callable[[str, str, bytes], None] | None = None
) -> Transport:
    """The way to the server: with the token that was given, else with the agent's own key."""
    transport = Transport(config, record_sent)
    if not config.token:
        transport.access = SignedAccess(config.spool, transport.post_open)
    return transport


class _KeyUnknown(AccessRefused):
    """The server knows another key of this agent."""

    def __init__(self) -> None:
        super().__init__(_KEY_UNKNOWN)


class IdentityUnusable(ServerUnavailable):
    """Nothing is asked of the server while what it answers could not be kept here."""

    def __init__(self, reason: BadConfig) -> None:
        super().__init__(str(reason), retry_after=5.0)
        self.reason = reason


class SignedAccess:
    """Tokens for an enrolled agent. Safe to use from several threads, and beside other processes
    that use the same directory.
    """

    def __init__(self, directory: Path, post: Callable[[str, bytes], Reply]) -> None:
        self._file = IdentityFile(directory)
        self._post = post
        self._lock = threading.RLock()
        self._token = ""
        self._renew_at = 0.0
        self._refused = ""
        self._refused_until = 0.0
        self._refused_stamp = (0, 0)

    def token(self) -> str:
        """A token that is good, as far as this host can tell. Raises AccessRefused at once while
        the server's refusal is recent and the identity still the same.
        """
        with self._lock:
            self._respect_refusal()
            if not self._token or time.monotonic() >= self._renew_at:
                self._try_refresh()
            return self._token

    def renew(self, refused: str) -> None:
        """Another token than this one. Raises AccessRefused or ServerUnavailable."""
        with self._lock:
            if self._token in ("", refused):
                self._token = ""
                self._refresh()

    def refuse(self, code: str) -> None:
        """The server lets this agent in no more: ask again after some minutes only."""
        with self._lock:
            self._token = ""
            self._refused, self._refused_stamp = code, self._file.stamp()
            self._refused_until = time.monotonic() + REFUSED_SECONDS

    def refresh(self) -> None:
        """Take another token now."""
        with self._lock:
            self._respect_refusal()
            self._refresh()

    def rotate(self) -> None:
        """Replace the key. The new one is on disk before the server hears of it."""
        with self._lock:
            # Settles which key is known, should the answer to an earlier rotation be lost.
            self.refresh()
            with self._reading() as identity:
                identity.next_key = identity.next_key or make_key()
                self._file.save(identity)
                self._ask_rotation(identity)
                identity.use(identity.next_key)
                self._file.save(identity)
        log.info("This agent has a new key.")

    def _respect_refusal(self) -> None:
        if not self._refused:
            return
        is_same = self._refused_stamp == self._file.stamp()
        if is_same and time.monotonic() < self._refused_until:
            raise AccessRefused(self._refused)
        self._refused = ""

    def _try_refresh(self) -> None:
        try:
            self._refresh()
        except ServerUnavailable:
            # The old one may well be good for some minutes more.
            if not self._token:
                raise

    def _refresh(self) -> None:
        with self._reading() as identity:
            # What follows is on disk before it is named: after a crash the same step is repeated.
            identity.next_link = identity.next_link or make_link()
            self._file.save(identity)
            grant = self._ask_with_any_key(identity)
            identity.link, identity.next_link = identity.next_link, ""
            self._file.save(identity)
        self._token = grant.token
        self._renew_at = time.monotonic() + grant.expires_in * RENEW_AT

    def _ask_with_any_key(self, identity: Identity) -> Grant:
        """With the key; else with the next, when the answer to a rotation was lost, or the last,
        when the server was set back to before one.
        """
        for key in (identity.key, identity.next_key):
            with suppress(_KeyUnknown):
                return self._try_key(identity, key)
        return self._try_key(identity, identity.last_key)

    def _try_key(self, identity: Identity, key: str) -> Grant:
        if not key:
            raise _KeyUnknown
        try:
            grant = self._ask_token(identity, key)
        except AccessRefused as error:
            raise _KeyUnknown if error.code == _KEY_UNKNOWN else error from None
        identity.use(key)
        return grant

    @contextmanager
    def _reading(self) -> Iterator[Identity]:
        try:
            with self._file.locked():
                yield self._file.get()
        except AccessRefused as error:
            self.refuse(error.code)
            raise
        except BadConfig as error:
            log.warning("%s", error)
            raise IdentityUnusable(error) from None
        except RequestRefused as error:
            # A challenge that grew old, or a server of another version: later may be better.
            raise ServerUnavailable(error.code, retry_after=1.0) from None

    # The server's doors.

    def _ask_challenge(self, identity: Identity) -> str:
        return self._call("/challenge", ChallengeRequest(agent=identity.agent), Challenge).nonce

    def _ask_token(self, identity: Identity, key: str) -> Grant:
        nonce = self._ask_challenge(identity)
        claim = token_claim(identity.agent, nonce, identity.link, identity.next_link)
        asked = TokenRequest(
            agent=identity.agent,
            nonce=nonce,
            link=identity.link,
            next_link=identity.next_link,
            signature=sign(key, claim),
        )
        return self._call("/token", asked, Grant)

    def _ask_rotation(self, identity: Identity) -> None:
        nonce = self._ask_challenge(identity)
        public_key = public_key_of(identity.next_key)
        claim = rotation_claim(identity.agent, nonce, public_key)
        asked = RotateRequest(
            agent=identity.agent,
            nonce=nonce,
            public_key=public_key,
            signature=sign(identity.key, claim),
            proof=sign(identity.next_key, claim),
        )
        self._call("/rotate", asked, Rotated)

    def _call(self, path: str, message: msgspec.Struct, kind: type[MessageT]) -> MessageT:
        return decode_reply(self._post(path, encode_message(message)), kind)
