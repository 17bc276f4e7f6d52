"""How commands answer programs: JSON, one object a line or one indented."""

from __future__ import annotations

import sys
from typing import Any

import msgspec


def render_json(told: Any, *, indent: int = -1) -> str:
    """Plain data, dataclasses or messages as text without a line end."""
    raw = msgspec.json.encode(told)
    return msgspec.json.format(raw, indent=indent).decode() if indent >= 0 else raw.decode()


def print_json(told: Any, *, indent: int = -1) -> None:
    """Write it to the output."""
    sys.stdout.write(render_json(told, indent=indent) + "\n")
