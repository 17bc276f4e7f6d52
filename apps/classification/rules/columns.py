"""One column as the rules see it: the kind of its content and a few derived facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from datawave_edge.protocol import ColumnProfile, ColumnSnapshot

# Kinds of content. An unknown kind says that there was nothing to look at.
BOOLEAN, FLAG, INTEGER, DECIMAL = "boolean", "flag", "integer", "decimal"
DATE, DATETIME, TIME, DURATION = "date", "datetime", "time", "duration"
UUID, JSON, BINARY, WORD, PROSE, UNKNOWN = "uuid", "json", "binary", "word", "prose", "unknown"

_BY_TYPE: Final = {
    "boolean": BOOLEAN,
    "uuid": UUID,
    "json": JSON,
    "array": JSON,
    "binary": BINARY,
    "date": DATE,
    "datetime": DATETIME,
    "time": TIME,
    "interval": DURATION,
    "integer": INTEGER,
    "decimal": DECIMAL,
    "float": DECIMAL,
}
_MOST: Final = 0.85
_PROSE_WORDS: Final = 5.0
_FEW: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column with what follows from its profile."""

    snapshot: ColumnSnapshot
    kind: str
    # Number of values that were looked at; 0 when there was none.
    filled: int
    references: str = ""
    hits: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.snapshot.name

    @property
    def profile(self) -> ColumnProfile:
        return self.snapshot.profile or ColumnProfile(rows=0, nulls=0)

    @property
    def is_key(self) -> bool:
        return self.snapshot.key_position > 0

    @property
    def mean_length(self) -> float:
        """Mean length of the values that are not empty."""
        present = self.filled + self.profile.empty
        return self.profile.mean_length * present / self.filled if self.filled else 0.0

    @property
    def distinct_rate(self) -> float:
        return self.profile.distinct / self.filled if self.filled else 0.0

    @property
    def sequential_rate(self) -> float:
        return self.profile.number.sequential_rate if self.profile.number else 0.0

    @property
    def is_running(self) -> bool:
        """Whether it counts rows: different whole numbers, most of them neighbours."""
        return self.distinct_rate > _MOST and self.sequential_rate > _MOST and self.filled > 2  # noqa: PLR2004  # a bound of this rule alone

    @property
    def repeats(self) -> bool:
        """Whether few different values fill many rows."""
        return self.filled >= 20 and self.distinct_rate < _FEW  # noqa: PLR2004  # a bound of this rule alone

    def rate(self, *recognisers: str) -> float:
        """Share of values that one of the recognisers accepts."""
        if len(recognisers) == 1:
            return self.hits.get(recognisers[0], 0.0)
        return max((self.hits.get(name, 0.0) for name in recognisers), default=0.0)


def read_column(snapshot: ColumnSnapshot, references: str = "") -> Column:
    """Derive what the rules need."""
    profile = snapshot.profile
    filled = max(0, profile.rows - profile.nulls - profile.empty) if profile else 0
    hits = dict(profile.hits) if profile and filled else {}
    kind = _kind_of(snapshot, filled, hits)
    return Column(snapshot=snapshot, kind=kind, filled=filled, references=references, hits=hits)


def _kind_of(snapshot: ColumnSnapshot, filled: int, hits: dict[str, float]) -> str:
    declared = _BY_TYPE.get(snapshot.type, "")
    if not filled or snapshot.profile is None:
        return declared or UNKNOWN
    if declared in (BOOLEAN, UUID, BINARY, JSON, TIME, DURATION):
        return declared
    return _kind_of_content(snapshot.profile, declared, hits)


def _kind_of_content(profile: ColumnProfile, declared: str, hits: dict[str, float]) -> str:
    if _is_flag(profile, hits):
        return FLAG
    # Stored text decides over the declared type, since engines such as SQLite keep anything.
    for kind, names in _CONTENT:
        if sum([hits[name] for name in names if name in hits]) >= _MOST:
            return _finer(profile, kind, declared)
    if declared in (INTEGER, DECIMAL, DATE, DATETIME):
        return declared
    return PROSE if profile.mean_words >= _PROSE_WORDS else WORD


def _is_flag(profile: ColumnProfile, hits: dict[str, float]) -> bool:
    return hits.get("boolean_word", 0.0) >= _MOST and profile.distinct <= 3  # noqa: PLR2004  # a bound of this rule alone


def _finer(profile: ColumnProfile, kind: str, declared: str) -> str:
    """Whole numbers stored as floats, as nulls make of them, are whole numbers."""
    if kind == INTEGER and declared == DECIMAL:
        return DECIMAL
    whole = profile.number is not None and profile.number.integer_rate == 1.0
    return INTEGER if kind == DECIMAL and whole and declared != DATE else kind


_CONTENT: Final = (
    (UUID, ("uuid",)),
    (JSON, ("json_object",)),
    (DATETIME, ("datetime_iso",)),
    (DATE, ("date_iso", "date_other")),
    (TIME, ("time",)),
    (INTEGER, ("integer",)),
    (DECIMAL, ("integer", "decimal")),
)
