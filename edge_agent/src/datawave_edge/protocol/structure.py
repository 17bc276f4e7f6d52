"""What the catalogue of a source says of a dataset beside its columns.

Each class says what it can reveal. Names are the catalogue's own; whatever a person may have
written a value into (checks, views, bounds, members) comes without its literals, or as a count.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .shape import Container, Count, Name, Part, Text

NormalType = Literal[
    "integer", "decimal", "float", "boolean", "text", "date", "time", "datetime", "interval",
    "uuid", "json", "binary", "array", "enum", "network", "geometry", "other",
]  # fmt: skip
DatasetKind = Literal[
    "table", "view", "materialized_view", "foreign_table", "partition", "file"
]  # fmt: skip
# "always": no writer may choose the number; "default": one may.
IdentityKind = Literal["", "always", "default"]


class DatasetName(Part, frozen=True):
    """Another dataset of the same source, by name."""

    container: Container
    name: Name


class ForeignKey(Part, frozen=True):
    """A declared reference to another dataset of the same source."""

    columns: Annotated[list[Name], msgspec.Meta(min_length=1)]
    target_container: Container
    target_name: Name
    target_columns: list[Name]
    name: Container = ""


class Index(Part, frozen=True):
    """An index: its name, columns and whether it enforces uniqueness."""

    name: Container
    columns: list[Name]
    unique: bool = False
    # Whether it covers only rows that meet a condition; the condition may hold values and stays.
    partial: bool = False
    # The access method, such as btree or gin.
    method: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Constraint(Part, frozen=True):
    """A rule that the source enforces; a check is told without the values in it."""

    kind: Literal["unique", "check", "exclusion"]
    name: Container = ""
    columns: list[Name] = []
    # The text of a check with "?" for every literal; empty when it could not be cleaned.
    expression: Text = ""


class Sequence(Part, frozen=True):
    """A sequence by name; where it stands would tell how much is sold, so that stays."""

    name: Name
    # The column that it numbers; empty when it only belongs to the table.
    column: Container = ""


class Partitioning(Part, frozen=True):
    """How a table is split; the bounds are values and stay."""

    strategy: Annotated[str, msgspec.Meta(max_length=40)]
    columns: list[Name] = []
    partitions: Count = 0


class Grants(Part, frozen=True):
    """Who may reach a dataset, as counts; role names stay at the edge."""

    public_read: bool = False
    public_write: bool = False
    # Roles that are named in a grant.
    read_roles: Count = 0
    write_roles: Count = 0
    # Sign-ins that may do so, with membership in roles followed; absent when it can't be seen.
    read_logins: Count | None = None
    write_logins: Count | None = None
    # Columns that have grants of their own.
    column_grants: Count = 0
