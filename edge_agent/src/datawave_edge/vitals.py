"""What a running agent leaves for `datawave-edge status` to read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec

from .files import replace_file

FILE: Final = "vitals.json"

REFUSALS: Final = {
    "agent_revoked": "The server has revoked this agent. Enrol it again with a new code.",
    "agent_unknown": "The server does not know this agent. Enrol it again with a new code.",
    "signature_invalid": "The server knows another key of this agent. Enrol it again.",
    "token_unknown": "The server does not accept this agent's token. Ask an admin to enrol it.",
    "protocol_unsupported": "The server speaks another version of the protocol. Update this agent.",
}


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """How the agent was when it last looked."""

    pid: int
    version: str
    heard_at: dt.datetime | None = None
    # Server's time less this host's.
    skew_seconds: float = 0.0
    draining: bool = False
    upgrade: str = ""
    # Why the server lets it in no more; empty when it does.
    refused: str = ""
    job: str = ""


def write_vitals(directory: Path, vitals: Vitals) -> None:
    """Replace what was left before. Raises OSError."""
    replace_file(directory / FILE, msgspec.json.encode(vitals))


def find_vitals(directory: Path) -> Vitals | None:
    """What an agent left; None when there is nothing that can be read."""
    try:
        return msgspec.json.decode((directory / FILE).read_bytes(), type=Vitals)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def describe_refusal(code: str) -> str:
    """A sentence for a person."""
    return REFUSALS.get(code, "The server refuses this agent. Ask an admin to enrol it again.")
