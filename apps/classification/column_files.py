"""Judges columns that come as a JSONL file, by the code that a discovery uses.

The agent's profile is made of the sampled values; the judge sees that profile, never a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from datawave.common.errors import InputInvalid
from datawave_edge.connectors.types import normal_type
from datawave_edge.profile import profile_column
from datawave_edge.protocol import ColumnSnapshot

from .judge import Judge, TableFacts, Verdict, judge_all

# Types that are finer than the field's usual lists, and the usual type of each.
USUAL_TYPES = {
    "contact.fax": "contact.phone",
    "person.date_of_death": "date",
    "health.admission_date": "date",
    "health.discharge_date": "date",
}
# A key that points at a person is no data about that person by itself.
POINTERS = frozenset({"id.record", "id.uuid"})
_DOCUMENTS = frozenset({dict, list})
# Tables that are judged together.
_AT_ONCE = 50


class ColumnRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a column's name, its table, its siblings' names and at most 200 sampled values."""

    id: str
    column: str
    table: str = ""
    source: str = ""
    declared_type: str = ""
    siblings: list[str] = []
    values: list[Any] = []
    table_rows: int | None = None


def read_rows(lines: Iterable[bytes]) -> list[ColumnRow]:
    """The rows of a file. Raises InputInvalid, naming the line that does not fit."""
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=ColumnRow))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise InputInvalid(f"Line {number}: {error}", field="input") from None
    return rows


def judge_rows(judge: Judge, rows: Iterable[ColumnRow]) -> Iterator[dict[str, Any]]:
    """`{id, semantic, sensitive, confidence, evidence}` for each row, table by table.

    Rows of one table of one source are judged together, as they would be in a discovery.
    """
    every = _group(rows)
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        told = judge_all(judge, [_describe_table(members) for members in some])
        for members, verdicts in zip(some, told, strict=True):
            for row, verdict in zip(members, verdicts, strict=False):
                yield _describe_verdict(row, verdict)


def describe_tables(rows: Iterable[ColumnRow]) -> list[TableFacts]:
    """What an agent would tell of the rows' tables."""
    return [_describe_table(members) for members in _group(rows)]


def _group(rows: Iterable[ColumnRow]) -> list[list[ColumnRow]]:
    tables: dict[tuple[str, str], list[ColumnRow]] = {}
    for row in rows:
        tables.setdefault((row.source, row.table), []).append(row)
    return list(tables.values())


def _describe_table(members: list[ColumnRow]) -> TableFacts:
    columns = [_profile(row, ordinal) for ordinal, row in enumerate(members)]
    known = {row.column for row in members}
    named = dict.fromkeys(name for row in members for name in row.siblings if name)
    unread = [
        ColumnSnapshot(name=name, ordinal=len(columns) + place, native_type="", type="other")
        for place, name in enumerate(name for name in named if name not in known)
    ]
    return TableFacts(
        container="",
        name=members[0].table or "_",
        columns=(*columns, *unread),
        row_count=members[0].table_rows,
    )


def _profile(row: ColumnRow, ordinal: int) -> ColumnSnapshot:
    kind = normal_type(row.declared_type or "text")
    cells = row.values
    if not _DOCUMENTS.isdisjoint(map(type, cells)):
        cells = [json.dumps(v) if isinstance(v, dict | list) else v for v in cells]
    return ColumnSnapshot(
        name=row.column or "_",
        ordinal=ordinal,
        native_type=row.declared_type,
        type=kind,
        profile=profile_column(row.column, kind, cells) if cells else None,
    )


def _describe_verdict(row: ColumnRow, verdict: Verdict) -> dict[str, Any]:
    semantic = USUAL_TYPES.get(verdict.semantic_type, verdict.semantic_type)
    personal = verdict.personal and semantic not in POINTERS
    # Beyond one half on the side that the verdict takes, as far as it is sure of it.
    lean = verdict.confidence / 2
    return {
        "id": row.id,
        "semantic": semantic or None,
        "sensitive": round(0.5 + lean if personal else 0.5 - lean, 4),
        "confidence": round(verdict.confidence, 4),
        "evidence": [
            {"for": reason.supports, "weight": round(reason.weight, 3), "text": reason.text}
            for reason in verdict.evidence
        ],
    }
