"""Trades a one-time code for an identity."""

from __future__ import annotations

import hashlib
import platform
import threading
from pathlib import Path
from typing import Final

from . import __version__
from .config import BadConfig, make_config
from .identity import Identity, IdentityFile, make_identity, public_key_of, sign
from .protocol import encode_message
from .protocol.identity import EnrolRequest, Grant, enrolment_claim
from .transport import AccessRefused, RequestRefused, Transport, decode_reply

ENROL_SECONDS: Final = 30.0

REFUSALS: Final = {
    "code_unknown": "The server knows no such code. Copy it again, or make another.",
    "code_used": "This code was used already. Make another on the server's page of agents.",
    "code_withdrawn": "This code was withdrawn. Make another on the server's page of agents.",
    "code_expired": "This code has expired. Make another on the server's page of agents.",
    "key_taken": "Another agent has this key. Enrol in an empty directory, not in a copy.",
    "agent_name_taken": "Another agent has taken this code's name meanwhile. Make another code.",
    "protocol_unsupported": "The server speaks another protocol. Update one of them.",
    "schema_invalid": "This is no code. Copy the whole of it, from dwe_ on.",
}


# What another try with the same code can't change, so the key that was made for it is of no use.
_FINAL: Final = frozenset(
    {"code_unknown", "code_used", "code_withdrawn", "code_expired", "schema_invalid"}
)


class EnrolmentRefused(Exception):
    """The server does not take the code; the message says why."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.is_final = code in _FINAL


def enrol(*, server: str, code: str, directory: Path, replace: bool = False) -> Identity:
    """Let the server know a new key of this host, and keep it in the directory.

    Raises BadConfig, EnrolmentRefused or ServerUnavailable. Asking again with the same code is
    safe: the key was stored before it was sent.
    """
    code, file = code.strip(), IdentityFile(directory)
    if not code.isascii():
        raise EnrolmentRefused("schema_invalid", REFUSALS["schema_invalid"])
    with file.locked():
        if not replace:
            _require_same_server(file, server)
        digest = hashlib.sha256(code.encode()).hexdigest()
        pending = IdentityFile(directory, f"enrolling-{digest[:16]}.json")
        identity = pending.find() or make_identity(server)
        identity.server = server
        pending.save(identity)
        try:
            grant = _ask(identity, code, directory)
        except EnrolmentRefused as error:
            if error.is_final:
                pending.remove()
            raise
        identity.agent, identity.name = grant.agent, grant.name
        file.save(identity)
        pending.remove()
    return identity


def _require_same_server(file: IdentityFile, server: str) -> None:
    try:
        current = file.find()
    except BadConfig:
        return  # damaged, and about to be replaced
    if current is not None and current.server != server:
        raise BadConfig(
            f"{file.directory} belongs to an agent of {current.server}. Give another directory"
            " with --spool, or --replace to give that one up."
        )


def _ask(identity: Identity, code: str, directory: Path) -> Grant:
    transport = Transport(make_config(server=identity.server, spool=directory))
    public_key = public_key_of(identity.key)
    claim = enrolment_claim(code, public_key, identity.link)
    body = encode_message(
        EnrolRequest(
            code=code,
            public_key=public_key,
            link=identity.link,
            signature=sign(identity.key, claim),
            version=__version__,
            host=platform.node()[:200],
        )
    )
    try:
        raw = transport.keep_trying(
            lambda: transport.post_open("/enrol", body), threading.Event(), ENROL_SECONDS
        )
        return decode_reply(raw, Grant)
    except RequestRefused as error:
        told = REFUSALS.get(error.code, f"The server refused ({error.status} {error.code}).")
        raise EnrolmentRefused(error.code, told) from None
    except AccessRefused as error:
        raise EnrolmentRefused(error.code, f"The server refused ({error.code}).") from None
