"""The counting pass: rare, sensitive patterns over whole tables, under a budget of seconds.

A sample of some thousand rows can't see one card number in ten million; a count in SQL can. Only
counts come back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from .connectors import Connector, Sample, TableShape
from .connectors.rare import PATTERNS, SHORTEST, TEXTS, CountsRare, RareCounts, RareTest
from .faults import SourceFault
from .protocol import ColumnProfile, ColumnSnapshot, Counting, RunSettings
from .protocol.structure import DatasetKind

# Above this share the sample has seen a pattern well enough, and it is no longer rare.
KNOWN: Final = 0.05
# A database is asked at least this long, or not at all.
_LEAST_SECONDS: Final = 0.5
# Numbers that a database compares with none: one such column would cost its table all counts.
_UNEQUALLED: Final = re.compile(r"(?:money|oid|reg[a-z]+|.*\..*)(?:\(.*)?", re.DOTALL)
# Native types of arrays and of others that hold texts; SQLite's columns need have none at all.
_HOLDS_TEXT: Final = re.compile(
    r"$|any$|.*(?:char|clob|text|string|json|struct|map|xml|hstore)", re.IGNORECASE | re.DOTALL
)
_PRECISION: Final = re.compile(r"\((\d{1,4})(?:, ?(\d{1,4}))?\)")
_KINDS: Final[frozenset[DatasetKind]] = frozenset(
    ("table", "partition", "file", "materialized_view", "foreign_table")
)
_FAILED: Final[dict[str, Literal["timeout", "unsupported"]]] = {
    "query_timeout": "timeout",
    "unsupported": "unsupported",
    "view_broken": "unsupported",
}


class CountingPass:
    """The passes of one run over its tables, which share a budget."""

    def __init__(self, settings: RunSettings) -> None:
        self._left = float(settings.counting_seconds)
        self._on = settings.counting_seconds > 0
        self._most = float(settings.counting_table_seconds)

    def add_counts(
        self,
        connector: Connector,
        shape: TableShape,
        sample: Sample,
        columns: Sequence[ColumnSnapshot],
    ) -> tuple[Sequence[ColumnSnapshot], Counting | None]:
        """The columns with their counts, and how far the pass got. Raises `connection_lost`."""
        tests = list_tests(columns) if self._on and shape.kind in _KINDS else []
        if not tests:
            return columns, None
        if is_whole(sample):
            return _merge(columns, _count_sample(sample, tests), tests)
        if not _is_countable(shape) or not isinstance(connector, CountsRare):
            return columns, Counting(state="unsupported")
        seconds = min(self._most, self._left)
        if seconds < _LEAST_SECONDS:
            return columns, Counting(state="budget")
        began = time.monotonic()
        try:
            counts = connector.count_rare(shape, tests, seconds)
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            return columns, Counting(state=_FAILED.get(fault.code, "failed"))
        finally:
            self._left -= time.monotonic() - began
        return _merge(columns, counts, tests)


def list_tests(columns: Sequence[ColumnSnapshot]) -> list[RareTest]:
    """What is worth counting: patterns that fit a column and that its sample hardly showed."""
    return [
        RareTest(index, code)
        for index, column in enumerate(columns)
        for code in PATTERNS
        if _can_hold(column, code) and not _is_known(column.profile, code)
    ]


def _is_countable(shape: TableShape) -> bool:
    """Not what lies on another server, and not what its parts are counted for already."""
    return shape.kind != "foreign_table" and not shape.has_parts_listed


def is_whole(sample: Sample) -> bool:
    """Whether the sample is the whole table, and no cell of it was cut."""
    return sample.exact and sample.row_count == len(sample.rows) and not sample.cut


def _can_hold(column: ColumnSnapshot, code: str) -> bool:
    if column.type not in TEXTS and _UNEQUALLED.fullmatch(_native_of(column)):
        return False
    if column.type == "integer":
        return code == "card_number"
    if column.type == "decimal":
        return code == "card_number" and _whole_digits(column.native_type) >= SHORTEST[code]
    if column.type in ("array", "other") and not _HOLDS_TEXT.match(_native_of(column)):
        return False
    longest = column.max_length
    return column.type in TEXTS and (longest is None or longest >= SHORTEST[code])


def _native_of(column: ColumnSnapshot) -> str:
    return column.base_type or column.native_type


def _whole_digits(native: str) -> int:
    """Digits before the point that a decimal's type allows."""
    found = _PRECISION.search(native)
    return int(found.group(1)) - int(found.group(2) or 0) if found else SHORTEST["card_number"]


def _is_known(profile: ColumnProfile | None, code: str) -> bool:
    return profile is not None and profile.hits.get(code, 0.0) >= KNOWN


def _count_sample(sample: Sample, tests: Sequence[RareTest]) -> RareCounts:
    # It brings the recognisers and their lists, which a run of structure alone never needs.
    from .connectors.rare_cells import count_cells

    codes: dict[int, list[str]] = {}
    for test in tests:
        codes.setdefault(test.column, []).append(test.code)
    found = {
        RareTest(index, code): count
        for index, asked in codes.items()
        for code, count in count_cells((row[index] for row in sample.rows), asked).items()
        if count
    }
    return RareCounts(found, len(tests))


def _merge(
    columns: Sequence[ColumnSnapshot], counts: RareCounts, tests: Sequence[RareTest]
) -> tuple[list[ColumnSnapshot], Counting]:
    by_column: dict[int, dict[str, int]] = {}
    for test, count in counts.found.items():
        by_column.setdefault(test.column, {})[test.code] = count
    told = [
        _with_rare(column, by_column[index]) if index in by_column else column
        for index, column in enumerate(columns)
    ]
    looked, rest = tests[: counts.looked], tests[counts.looked :]
    state: Literal["whole", "part", "timeout"] = "whole" if counts.share >= 1.0 else "part"
    if rest:
        state = "timeout"
    whole = {test.column for test in looked} - {test.column for test in rest}
    return told, Counting(state=state, share=round(counts.share, 4), columns=len(whole))


def _with_rare(column: ColumnSnapshot, found: dict[str, int]) -> ColumnSnapshot:
    if column.profile is None:
        return column
    return msgspec.structs.replace(
        column, profile=msgspec.structs.replace(column.profile, rare=found)
    )
