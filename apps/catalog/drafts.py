"""Drafts a description of a table from its structure, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datawave_edge.protocol import TableSnapshot

KIND_TITLES: Final = {
    "table": "Table",
    "view": "View",
    "materialized_view": "Materialized view",
    "foreign_table": "Foreign table",
    "partition": "Partition",
    "file": "File",
}
_MOST_NAMED: Final = 5
_MOST_LINKS: Final = 3
_LONGEST_COMMENT: Final = 300


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What labels and the rest of the source say of a table."""

    referred_by: tuple[str, ...] = ()
    # Titles of the kinds of personal data in it, the most sensitive first.
    personal: tuple[str, ...] = ()
    # Titles of what else its columns mean, as far as that tells anything.
    holds: tuple[str, ...] = ()


def draft_description(table: TableSnapshot, around: Surroundings | None = None) -> str:
    """Sentences on what the table holds, how big it is, and what it hangs together with.

    Its name stands above them on every page, and is not said again.
    """
    around = around or Surroundings()
    parts = (
        _quote_comment(table.comment),
        _list("Personal data: ", around.personal),
        _say_contents(table, around),
        _say_size(table, around),
    )
    return " ".join(part for part in parts if part)


def _quote_comment(comment: str) -> str:
    """What the people of the database wrote says more than anything drafted."""
    said = " ".join(comment.split())
    if len(said) > _LONGEST_COMMENT:
        said = f"{said[: _LONGEST_COMMENT - 1].rstrip()}…"
    return said if not said or said.endswith((".", "!", "?", "…")) else f"{said}."


def _say_contents(table: TableSnapshot, around: Surroundings) -> str:
    if around.personal:
        return _list("Also holds ", around.holds)
    # One kind alone, such as an amount, says less than the names.
    if len(around.holds) > 1:
        return _list("Holds ", around.holds)
    return _list("Columns: ", [column.name for column in table.columns])


def _say_size(table: TableSnapshot, around: Surroundings) -> str:
    size = _count(len(table.columns), "column")
    if table.kind != "table":
        size = f"{KIND_TITLES.get(table.kind, table.kind)} of {size}"
    if table.row_count is not None:
        about = "" if table.row_count_exact else "about "
        size = f"{size}, {about}{_count(table.row_count, 'row')}"
    return "; ".join([size, *_say_links(table, around.referred_by)]) + "."


def _say_links(table: TableSnapshot, referred_by: Sequence[str]) -> list[str]:
    links = []
    targets = dict.fromkeys(key.target_name for key in table.foreign_keys)
    if said := ["itself" if name == table.name else name for name in targets]:
        links.append(f"refers to {_join(said, _MOST_LINKS)}")
    if referrers := list(dict.fromkeys(referred_by)):
        many = f"{len(referrers)} tables"
        named = _join(referrers, _MOST_LINKS) if len(referrers) <= _MOST_LINKS else many
        links.append(f"{named} {'refers' if len(referrers) == 1 else 'refer'} to it")
    return links


def _list(lead: str, names: Sequence[str]) -> str:
    known = list(dict.fromkeys(names))
    return f"{lead}{_join(known, _MOST_NAMED)}." if known else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _join(names: Sequence[str], most: int) -> str:
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
