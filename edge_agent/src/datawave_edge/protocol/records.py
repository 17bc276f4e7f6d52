"""Records of a batch: what an agent says of one table and its columns.

Each field says what it can reveal. None holds a value read from a row: names and types come from
the catalogue, the rest are counts and rates over a sample.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from .shape import Code, Container, Count, Name, Part, Rate, Sha256, Text
from .structure import (
    Constraint,
    DatasetKind,
    DatasetName,
    ForeignKey,
    Grants,
    IdentityKind,
    Index,
    NormalType,
    Partitioning,
    Sequence,
)

# What stored values look like from shape alone; "hashed_keyed" can only be declared by a person.
Protection = Literal[
    "none", "masked", "truncated", "tokenized", "encrypted", "hashed_unkeyed", "unknown"
]  # fmt: skip


class NumberShape(Part, frozen=True):
    """Numeric column: reveals the rough size of its numbers, never one of them."""

    # Powers of ten of the 5th and 95th percentile of absolute values, so 12,345 reads as 4.
    low_magnitude: int
    high_magnitude: int
    negative_rate: Rate = 0.0
    integer_rate: Rate = 0.0
    zero_rate: Rate = 0.0
    # Share of sorted neighbours that differ by exactly one: close to 1 for a running number.
    sequential_rate: Rate = 0.0
    # Quartiles in steps of 1, 2 and 5 times a power of ten; only of twenty different values and
    # more.
    quartiles: Annotated[list[float], msgspec.Meta(max_length=3)] = []


class DateShape(Part, frozen=True):
    """Date column: reveals decades and a coarse age, never a date."""

    oldest_decade: int
    newest_decade: int
    # Days since the oldest row, rounded down to a multiple of 30; absent when not plausible.
    oldest_age_days: Count | None = None
    with_time_rate: Rate = 0.0
    precision: Literal["year", "month", "day", "time"] = "day"


# Bins of a sketch, and the sign of one that no value fell into.
BINS: Final = 128
EMPTY: Final = "-"


class Sketch(Part, frozen=True):
    """How alike a column's values are to another's: four bits for each of 128 random groups.

    A value can't be reckoned from it. Who holds the salt and guesses a value learns little: every
    sixteenth guess fits by chance. Not of sensitive columns, nor of fewer than 100 values.
    """

    # Hash of the salt: sketches under another can't be compared.
    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    bins: Annotated[str, msgspec.Meta(pattern="^[0-9a-f-]{128}$")]
    # Different values that it was made of, and whether these are all of the column.
    values: Count
    whole: bool = False


class ColumnProfile(Part, frozen=True):
    """Counts and rates over a bounded sample of one column; no value, no part of a value."""

    rows: Count
    nulls: Count
    empty: Count = 0
    distinct: Count = 0
    min_length: Count = 0
    max_length: Count = 0
    mean_length: float = 0.0
    mean_words: float = 0.0
    # Shannon entropy of characters, in bits; random tokens are high, codes are low.
    entropy: float = 0.0
    letter_rate: Rate = 0.0
    digit_rate: Rate = 0.0
    space_rate: Rate = 0.0
    symbol_rate: Rate = 0.0
    # Recogniser name -> share of non-null sampled values that it accepts in full.
    hits: dict[Code, Rate] = {}
    # Own type's code -> the same share in hundredths, of five rows and one in twenty at least.
    own_hits: dict[Code, Rate] = {}
    # Recogniser name -> share of values of free text that mention one inside.
    mentions: dict[Code, Rate] = {}
    # Collapsed shape such as "A+ a+" -> share; only shapes shared by many values are sent.
    shapes: dict[Annotated[str, msgspec.Meta(max_length=64)], Rate] = {}
    number: NumberShape | None = None
    date: DateShape | None = None
    protection: Protection = "unknown"
    # Share of the sampled values that came once.
    unique_rate: Rate = 0.0
    # Different values in the whole table, estimated from the sample and told in two digits.
    distinct_estimate: Count | None = None
    # Quartiles of the length of texts; only of twenty different values and more.
    length_quartiles: Annotated[list[Count], msgspec.Meta(max_length=3)] = []
    # Pattern -> rows of the whole table in which the database found it; see `Counting`.
    rare: dict[Code, Count] = {}
    # Trait -> share in hundredths over at least five different values; docs/features.md lists them.
    traits: dict[Code, Rate] = {}
    # Absent where rows are not joined by the column, or its values are sensitive.
    sketch: Sketch | None = None


class ColumnSnapshot(Part, frozen=True):
    """One column as the catalogue of the source describes it, with its profile when it was read."""

    name: Name
    ordinal: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    native_type: Annotated[str, msgspec.Meta(max_length=1_000)]
    type: NormalType
    # What a domain stands for; empty for any other type.
    base_type: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    # How many members an enumeration has; its members are values and stay.
    members: Count = 0
    nullable: bool = True
    # Place in the primary key, from 1; 0 when it is no part of it.
    key_position: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    unique: bool = False
    generated: bool = False
    # Whether the database numbers the column, and whether a writer may choose another number.
    identity: IdentityKind = ""
    has_default: bool = False
    max_length: Count | None = None
    # Scrubbed on the edge of anything that looks like a value.
    comment: Text = ""
    profile: ColumnProfile | None = None


class PathSnapshot(Part, frozen=True):
    """What lies at one path of a column's documents, profiled like a column.

    The path is made of keys that many documents share and that do not look like data, of `[]` for
    the elements of an array, and of `*` for all keys that are not told.
    """

    column: Name
    path: Name
    native_type: Annotated[str, msgspec.Meta(max_length=64)]
    type: NormalType
    # Share of the documents that have it, in hundredths.
    rate: Rate = 0.0
    profile: ColumnProfile | None = None

    @property
    def name(self) -> str:
        """Column and path, as people write them; no two fields of a table have one name."""
        return f"{self.column}{'' if self.path.startswith('[') else '.'}{self.path}"


class Counting(Part, frozen=True):
    """The counting pass for rare, sensitive patterns: reveals how many rows, never which."""

    # "whole": every row was looked at; "part": a share of them; else why there are no counts.
    state: Literal["whole", "part", "timeout", "budget", "failed", "unsupported"]
    # Share of the table that was looked at.
    share: Rate = 0.0
    columns: Count = 0


class Anonymity(Part, frozen=True):
    """How alone rows stand by quasi-identifiers: reveals a class of sizes, never a group."""

    columns: list[Name]
    # Rows that must be alike before none stands out.
    k: Count
    smallest: Literal["1", "2-4", "5-9", "10+"]
    # Share of rows in groups of fewer than k, in hundredths.
    under_rate: Rate = 0.0
    # Whether every row was looked at; in a sample groups are smaller than in the table.
    whole: bool = False


class TableSnapshot(Part, frozen=True):
    """One table, view or file: structure, size and column profiles."""

    # Schema or database that holds it; empty where the engine has none.
    container: Container
    name: Name
    kind: DatasetKind
    columns: list[ColumnSnapshot]
    # SHA-256 over everything else here: two runs that see the same send the same.
    content_hash: Sha256
    comment: Text = ""
    foreign_keys: list[ForeignKey] = []
    indexes: list[Index] = []
    constraints: list[Constraint] = []
    # Sequences that number its columns.
    sequences: list[Sequence] = []
    # What it is a partition of, or inherits from; the bounds are values and stay.
    parents: list[DatasetName] = []
    partitioning: Partitioning | None = None
    # Text of a view without any literal; empty when there is none or it could not be cleaned.
    definition: Text = ""
    # Whether rows are shown or hidden by policy, which makes a sample partial.
    row_security: bool = False
    # Whether the account may see some of its columns alone: one that is absent may well be there.
    columns_hidden: bool = False
    row_count: Count | None = None
    row_count_exact: bool = False
    size_bytes: Count | None = None
    grants: Grants | None = None
    # Why there is no profile although one was asked for: a reason code, else empty.
    profile_error: Annotated[str, msgspec.Meta(max_length=64)] = ""
    # Absent where it was switched off or there is no text to look through.
    counting: Counting | None = None
    # Absent where there are no two quasi-identifiers, or too few rows.
    anonymity: Anonymity | None = None
    # What lies in columns that hold documents or arrays.
    paths: list[PathSnapshot] = []

    def list_fields(self) -> list[ColumnSnapshot]:
        """The columns, and after each its paths as columns of the same place."""
        opened: dict[str, list[PathSnapshot]] = {}
        for each in self.paths:
            opened.setdefault(each.column, []).append(each)
        return [
            field
            for column in self.columns
            for field in (
                column,
                *(_as_column(each, column) for each in opened.get(column.name, ())),
            )
        ]


class TableRecord(Part, frozen=True, tag="table", tag_field="record"):
    """A dataset that is new or has changed, whole."""

    table: TableSnapshot


def _as_column(path: PathSnapshot, column: ColumnSnapshot) -> ColumnSnapshot:
    return ColumnSnapshot(
        name=path.name,
        ordinal=column.ordinal,
        native_type=path.native_type,
        type=path.type,
        profile=path.profile,
    )


class UnchangedRecord(Part, frozen=True, tag="unchanged", tag_field="record"):
    """A dataset whose content hash is the one the server already holds."""

    container: Container
    name: Name
    content_hash: Sha256


class FailedRecord(Part, frozen=True, tag="failed", tag_field="record"):
    """A dataset that is there but could not be read; never a sign that it was dropped."""

    container: Container
    name: Name
    code: Code
    # From a fixed list per code, never the driver's own text.
    message: Annotated[str, msgspec.Meta(max_length=500)]


class FilteredRecord(Part, frozen=True, tag="filtered", tag_field="record"):
    """A dataset that the source's include and exclude patterns leave out."""

    container: Container
    name: Name


Record = TableRecord | UnchangedRecord | FailedRecord | FilteredRecord
