"""From labelled rows to examples: as they are, alone under an opaque name, and by name unread."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from apps.classification.judge import TableFacts
from apps.classification.model.features import read_table
from apps.classification.model.names import hash_names, is_opaque
from apps.classification.model.predicting import Example, list_examples
from apps.classification.rules.judging import RuleJudge
from datawave_edge.connectors.types import normal_type
from datawave_edge.profile import profile_column
from datawave_edge.protocol import ColumnSnapshot

from .kinds import MAKERS
from .synthetic import LabelledRow, dump

# What a column counts for: as found, alone and opaque, opaque with a part of its rows, and with a
# name that the rules cannot read. An invented column counts for one.
AS_FOUND: Final = 3.5
OPAQUE: Final = 3.0
PART: Final = 1.25
UNREAD: Final = 1.5
# A part of the rows says something new of a column when it has that many at least.
_FEWEST_ROWS: Final = 16
# From when on the rules' word is a label, and how many columns of a type a table may teach.
_SURE: Final = 0.6
_MOST_ALIKE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Taught:
    """An example with its label."""

    example: Example
    label: str
    family: str
    weight: float
    # Whether it stands for a column as a database has it, not for a variation of one.
    as_found: bool = False
    # Whether it teaches only what judges columns without a telling name.
    blind_only: bool = False


def read_labelled(path: Path) -> list[list[LabelledRow]]:
    """Tables of a labelled JSONL file, a line a column as docs/model-card.md describes."""
    tables: dict[tuple[str, str], list[LabelledRow]] = {}
    for line in path.read_bytes().splitlines():
        row = json.loads(line)
        tables.setdefault((row["source"], row["table"]), []).append(
            LabelledRow(
                column=row["column"],
                table=row["table"],
                values=row["values"],
                label=row["label_semantic"],
                about_people=row["subject"] == "person",
                family=row["family"],
                declared_type=row["declared_type"],
                siblings=row["siblings"],
            )
        )
    return list(tables.values())


def teach_labelled(tables: Iterable[Sequence[LabelledRow]]) -> Iterator[Taught]:
    """Every column some times over, so that no name and no list of words is leant on alone."""
    for rows in tables:
        columns = profile_rows(rows)
        for row, example in zip(
            rows, list_examples(read_table(describe(rows, columns))), strict=True
        ):
            yield _teach(row, example, AS_FOUND, as_found=True)
        for place, (row, column) in enumerate(zip(rows, columns, strict=True), start=1):
            yield _teach(row, hide(column, place), OPAQUE)
            yield from _teach_parts(row, place)
        yield from _teach_unread(rows, columns)


def _teach_parts(row: LabelledRow, place: int) -> Iterator[Taught]:
    """Every other row, and the first half: columns of the same meaning with other values."""
    if len(row.values) < _FEWEST_ROWS:
        return
    for values in (row.values[::2], row.values[: len(row.values) // 2]):
        part = _profile(replace(row, values=values), place)
        yield _teach(row, hide(part, place), PART, blind_only=True)


def teach_invented(tables: Iterable[Sequence[LabelledRow]]) -> Iterator[Taught]:
    """Every invented column as it is, and alone under an opaque name."""
    for rows in tables:
        named = list({row.column: row for row in rows}.values())
        columns = profile_rows(named)
        examples = list_examples(read_table(describe(named, columns)))
        for row, example in zip(named, examples, strict=True):
            yield _teach(row, example, row.weight)
        for place, (row, column) in enumerate(zip(named, columns, strict=True), start=1):
            yield _teach(row, hide(column, place), row.weight, blind_only=True)


def teach_public(tables: Iterable[Sequence[LabelledRow]]) -> Iterator[Taught]:
    """Columns that the rules know by their names, alone under an opaque one.

    Their names are good labels for what their values are like.
    """
    rules = RuleJudge()
    for rows in tables:
        columns = profile_rows(rows)
        verdicts = rules.judge(describe(rows, columns))
        seen: Counter[str] = Counter()
        for place, (row, column) in enumerate(zip(rows, columns, strict=True), start=1):
            kind, sure = verdicts[place - 1].semantic_type, verdicts[place - 1].confidence
            if sure < _SURE or kind not in MAKERS or is_opaque(row.column):
                continue
            seen[kind] += 1
            if seen[kind] <= _MOST_ALIKE:
                known = replace(row, label=kind)
                yield _teach(known, hide(column, place), row.weight, blind_only=True)


def _teach(
    row: LabelledRow,
    example: Example,
    weight: float,
    *,
    as_found: bool = False,
    blind_only: bool = False,
) -> Taught:
    return Taught(
        example=example,
        label=row.label,
        family=row.family,
        weight=weight,
        as_found=as_found,
        blind_only=blind_only,
    )


def profile_rows(rows: Sequence[LabelledRow]) -> list[ColumnSnapshot]:
    """The rows' columns as an agent profiles them."""
    return [_profile(row, place) for place, row in enumerate(rows)]


def _profile(row: LabelledRow, place: int) -> ColumnSnapshot:
    kind = normal_type(row.declared_type or "text")
    cells = [dump(value) for value in row.values]
    return ColumnSnapshot(
        name=row.column or "_",
        ordinal=place,
        native_type=row.declared_type,
        type=kind,
        profile=profile_column(row.column, kind, cells) if cells else None,
    )


def describe(rows: Sequence[LabelledRow], columns: Sequence[ColumnSnapshot]) -> TableFacts:
    """A table of profiled columns, followed by the siblings of which only the name is known."""
    known = {row.column for row in rows}
    named = dict.fromkeys(name for row in rows for name in row.siblings if name not in known)
    unread = [
        ColumnSnapshot(name=name, ordinal=len(columns) + place, native_type="", type="other")
        for place, name in enumerate(filter(None, named))
    ]
    return TableFacts(container="", name=rows[0].table or "_", columns=(*columns, *unread))


def hide(column: ColumnSnapshot, place: int) -> Example:
    """A column alone in a nameless table under a name that tells nothing."""
    hidden = msgspec.structs.replace(column, name=f"c{place}")
    facts = TableFacts(container="", name="_", columns=(hidden,))
    (example,) = list_examples(read_table(facts))
    return example


def _teach_unread(
    rows: Sequence[LabelledRow], columns: Sequence[ColumnSnapshot]
) -> Iterator[Taught]:
    """The rules see opaque names, the hashed names stay: what a foreign word list would give."""
    hidden = [
        msgspec.structs.replace(column, name=f"x{place}") for place, column in enumerate(columns)
    ]
    examples = list_examples(read_table(TableFacts(container="", name="_", columns=tuple(hidden))))
    for row, example in zip(rows, examples, strict=True):
        beside = [each.column for each in rows if each is not row]
        names = hash_names(row.column, row.table, beside)
        yield _teach(row, _rename(example, names), UNREAD)


def _rename(example: Example, names: dict[int, float]) -> Example:
    """The example with other hashed names."""
    return Example(features=example.features, names=names, rules=example.rules)
