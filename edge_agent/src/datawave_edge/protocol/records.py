"""Records of a batch: what an agent says of one table and its columns.

Each field says what it can reveal. None holds a value read from a row: names and types come from
the catalogue, the rest are counts and rates over a sample.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .limits import MAX_STRING

# A name from the source's catalogue: hostile text, up to 1,000 characters.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_STRING)]
Rate = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]

NormalType = Literal[
    "integer", "decimal", "float", "boolean", "text", "date", "time", "datetime", "interval",
    "uuid", "json", "binary", "array", "enum", "network", "geometry", "other",
]  # fmt: skip
DatasetKind = Literal[
    "table", "view", "materialized_view", "foreign_table", "partition", "file"
]  # fmt: skip
# What stored values look like from shape alone; "hashed_keyed" can only be declared by a person.
Protection = Literal[
    "none", "masked", "truncated", "tokenized", "encrypted", "hashed_unkeyed", "unknown"
]  # fmt: skip


class Shape(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every message part: immutable, and closed to fields it does not declare."""


class NumberShape(Shape, frozen=True):
    """Numeric column: reveals the rough size of its numbers, never one of them."""

    # Powers of ten of the 5th and 95th percentile of absolute values, so 12,345 reads as 4.
    low_magnitude: int
    high_magnitude: int
    negative_rate: Rate = 0.0
    integer_rate: Rate = 0.0
    zero_rate: Rate = 0.0
    # Share of sorted neighbours that differ by exactly one: close to 1 for a running number.
    sequential_rate: Rate = 0.0


class DateShape(Shape, frozen=True):
    """Date column: reveals decades and a coarse age, never a date."""

    oldest_decade: int
    newest_decade: int
    # Days since the oldest row, rounded down to a multiple of 30; absent when not plausible.
    oldest_age_days: Count | None = None
    with_time_rate: Rate = 0.0
    precision: Literal["year", "month", "day", "time"] = "day"


class ColumnProfile(Shape, frozen=True):
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
    # Recogniser name -> share of values of free text that mention one inside.
    mentions: dict[Code, Rate] = {}
    # Collapsed shape such as "A+ a+" -> share; only shapes shared by many values are sent.
    shapes: dict[Annotated[str, msgspec.Meta(max_length=64)], Rate] = {}
    number: NumberShape | None = None
    date: DateShape | None = None
    protection: Protection = "unknown"
    # Pattern -> rows of the whole table in which the database found it; see `Counting`.
    rare: dict[Code, Count] = {}
    # Trait -> share in hundredths over at least five different values; docs/features.md lists them.
    traits: dict[Code, Rate] = {}


class ColumnSnapshot(Shape, frozen=True):
    """One column as the catalogue of the source describes it, with its profile when it was read."""

    name: Name
    ordinal: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    native_type: Annotated[str, msgspec.Meta(max_length=1_000)]
    type: NormalType
    nullable: bool = True
    # Place in the primary key, from 1; 0 when it is no part of it.
    key_position: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    unique: bool = False
    generated: bool = False
    has_default: bool = False
    max_length: Count | None = None
    # Scrubbed on the edge of anything that looks like a value.
    comment: Text = ""
    profile: ColumnProfile | None = None


class ForeignKey(Shape, frozen=True):
    """A declared reference to another dataset of the same source."""

    columns: Annotated[list[Name], msgspec.Meta(min_length=1)]
    target_container: Annotated[str, msgspec.Meta(max_length=1_000)]
    target_name: Name
    target_columns: list[Name]
    name: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class Index(Shape, frozen=True):
    """An index: its name, columns and whether it enforces uniqueness."""

    name: Annotated[str, msgspec.Meta(max_length=1_000)]
    columns: list[Name]
    unique: bool = False


class Grants(Shape, frozen=True):
    """Who may reach a dataset, as counts; role names stay at the edge."""

    public_read: bool = False
    public_write: bool = False
    read_roles: Count = 0
    write_roles: Count = 0


class Counting(Shape, frozen=True):
    """The counting pass for rare, sensitive patterns: reveals how many rows, never which."""

    # "whole": every row was looked at; "part": a share of them; else why there are no counts.
    state: Literal["whole", "part", "timeout", "budget", "failed", "unsupported"]
    # Share of the table that was looked at.
    share: Rate = 0.0
    columns: Count = 0


class TableSnapshot(Shape, frozen=True):
    """One table, view or file: structure, size and column profiles."""

    # Schema or database that holds it; empty where the engine has none.
    container: Annotated[str, msgspec.Meta(max_length=1_000)]
    name: Name
    kind: DatasetKind
    columns: list[ColumnSnapshot]
    # SHA-256 over everything else here: two runs that see the same send the same.
    content_hash: Sha256
    comment: Text = ""
    foreign_keys: list[ForeignKey] = []
    indexes: list[Index] = []
    row_count: Count | None = None
    row_count_exact: bool = False
    size_bytes: Count | None = None
    grants: Grants | None = None
    # Why there is no profile although one was asked for: a reason code, else empty.
    profile_error: Annotated[str, msgspec.Meta(max_length=64)] = ""
    # Absent where it was switched off or there is no text to look through.
    counting: Counting | None = None


class TableRecord(Shape, frozen=True, tag="table", tag_field="record"):
    """A dataset that is new or has changed, whole."""

    table: TableSnapshot


class UnchangedRecord(Shape, frozen=True, tag="unchanged", tag_field="record"):
    """A dataset whose content hash is the one the server already holds."""

    container: Annotated[str, msgspec.Meta(max_length=1_000)]
    name: Name
    content_hash: Sha256


class FailedRecord(Shape, frozen=True, tag="failed", tag_field="record"):
    """A dataset that is there but could not be read; never a sign that it was dropped."""

    container: Annotated[str, msgspec.Meta(max_length=1_000)]
    name: Name
    code: Code
    # From a fixed list per code, never the driver's own text.
    message: Annotated[str, msgspec.Meta(max_length=500)]


class FilteredRecord(Shape, frozen=True, tag="filtered", tag_field="record"):
    """A dataset that the source's include and exclude patterns leave out."""

    container: Annotated[str, msgspec.Meta(max_length=1_000)]
    name: Name


Record = TableRecord | UnchangedRecord | FailedRecord | FilteredRecord
