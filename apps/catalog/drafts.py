"""Drafts a description of a table from its structure, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datawave_edge.protocol import TableSnapshot

from .words import spell_out

KIND_TITLES: Final = {
    "table": "Table",
    "view": "View",
    "materialized_view": "Materialized view",
    "foreign_table": "Foreign table",
    "partition": "Partition",
    "file": "File",
}
_MOST_NAMED = 4
_ACRONYMS: Final = frozenset(
    ["api", "crm", "erp", "etl", "gdpr", "id", "ip", "kpi", "sku", "sms", "sql", "url", "vat"]
)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the rest of the source says of a table."""

    referred_by: tuple[str, ...] = ()
    # Titles of the kinds of personal data in it, the most sensitive first.
    personal: tuple[str, ...] = ()


def draft_description(table: TableSnapshot, around: Surroundings | None = None) -> str:
    """Sentences on what the table is, how big, and what it hangs together with."""
    around = around or Surroundings()
    parts = (
        _say_subject(table),
        _say_size(table),
        _say_links("Refers to", [key.target_name for key in table.foreign_keys]),
        _say_links("Referred to by", around.referred_by),
        _say_links("Holds personal data:", around.personal),
    )
    return " ".join(part for part in parts if part)


def _say_subject(table: TableSnapshot) -> str:
    where = f" in {table.container}" if table.container else ""
    return f"{say_name(table.name)}: {KIND_TITLES.get(table.kind, table.kind).lower()}{where}."


def say_name(name: str) -> str:
    """A name as a person would write it at the start of a sentence."""
    words = spell_out(name).split()
    said = " ".join(word.upper() if word in _ACRONYMS else word for word in words) or name
    return f"{said[:1].upper()}{said[1:]}"


def _say_size(table: TableSnapshot) -> str:
    columns = _count(len(table.columns), "column")
    key = [c.name for c in sorted(table.columns, key=lambda c: c.key_position) if c.key_position]
    keyed = f", keyed by {_join(key)}" if key else ""
    if table.row_count is None:
        return f"{columns}{keyed}."
    about = "" if table.row_count_exact else "about "
    return f"{columns}{keyed}, {about}{_count(table.row_count, 'row')}."


def _say_links(lead: str, names: Sequence[str]) -> str:
    known = list(dict.fromkeys(names))
    return f"{lead} {_join(known)}." if known else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _join(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED:
        rest = len(names) - _MOST_NAMED + 1
        names = [*names[: _MOST_NAMED - 1], f"{rest} more"]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
