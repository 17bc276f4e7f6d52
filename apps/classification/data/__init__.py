"""Word lists and tables that the rules read, one entry a line."""

from __future__ import annotations

from importlib.resources import files


def read_lines(name: str) -> list[str]:
    """Lines of a list, without comments and empty lines."""
    text = (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
