"""Messages with placeholders from a closed list; names in them may be hostile."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from apps.compliance.facts import FACTS, MISSING, Reading

from .model import Level

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_LONGEST: Final = 300
_MOST_NAMES: Final = 10
_VISIBLE: Final[dict[str, tuple[str, ...]]] = {
    "column": ("column", "table", "source"),
    "table": ("table", "source"),
    "source": ("source",),
}


def list_placeholders(level: Level) -> frozenset[str]:
    """What may stand in braces in a message of a rule of that level."""
    names = {f.name for f in FACTS.values() if f.printable and f.section in _VISIBLE[level]}
    return frozenset(names if level == "source" else {*names, "columns"})


def format_value(value: Reading) -> str:
    """A fact as a reader sees it."""
    if value is MISSING:
        return "unknown"
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return format_names(value)
    return clean(value) if isinstance(value, str) else f"{value:,}"


def format_names(names: Sequence[str]) -> str:
    """Some names, the rest of a long list as a number."""
    shown = ", ".join(clean(name) for name in names[:_MOST_NAMES])
    rest = len(names) - _MOST_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown


def clean(text: str) -> str:
    """The text without what could change how the line around it reads."""
    # Cc and Cf hold line breaks, terminal escapes and the marks that turn writing around.
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
    return kept if len(kept) <= _LONGEST else f"{kept[: _LONGEST - 1]}…"
