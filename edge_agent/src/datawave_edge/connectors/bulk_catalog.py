"""Shapes of tables from rows that catalogue views gave in bulk, a schema at a time.

SQL Server and Oracle word their catalogues so differently that their queries bring the rows into
one form, described below for each part; what follows is the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, cast

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import (
    ColumnSnapshot,
    Constraint,
    DatasetKind,
    ForeignKey,
    Index,
    Partitioning,
)
from datawave_edge.protocol.structure import IdentityKind, NormalType
from datawave_edge.sqltext import strip_literals

from .contract import TableRef, TableShape
from .server import group
from .session import Row, Session

# Part -> SQL with :schema and :name, which is NULL for all tables of the schema. Its first column
# is the table's name; what follows is
#   tables      kind, comment, rows, bytes, text of a view
#   columns     name, native type, nullable, identity, generated, has a default, comment, length
#   keys        constraint, P or U or C, column or NULL, text of a check
#   references  constraint, column, schema, table and column of the target
#   indexes     index, unique, partial, method, column or NULL
#   partitions  strategy, column, partitions
Part = Literal["tables", "columns", "keys", "references", "indexes", "partitions"]
Queries = Mapping[Part, str]
PARTS: Final[tuple[Part, ...]] = (
    "tables", "columns", "keys", "references", "indexes", "partitions",
)  # fmt: skip


class _Parts(NamedTuple):
    """What the catalogue says of one table, as rows."""

    columns: list[Row]
    keys: list[Row]
    references: list[Row]
    indexes: list[Row]
    partitions: list[Row]


class BulkCatalog:
    """Reads structure, a schema at a time, and hands it out in pieces."""

    def __init__(
        self,
        session: Session,
        queries: Queries,
        quoting: Literal["mssql", "oracle"],
        normal: Callable[[str], NormalType],
    ) -> None:
        self._session = session
        self._queries = queries
        self._quoting: Literal["mssql", "oracle"] = quoting
        self._normal = normal
        self._read: set[str] = set()
        self._ahead: dict[TableRef, TableShape] = {}

    def read(self, refs: Sequence[TableRef]) -> Mapping[TableRef, TableShape | SourceFault]:
        """Structure of some tables; those that are gone are left out."""
        if len(refs) == 1:
            return self._read_schema(refs[0].container, refs[0].name)
        for schema in sorted({ref.container for ref in refs} - self._read):
            self._ahead.update(self._read_schema(schema, None))
            self._read.add(schema)
        return {ref: self._ahead.pop(ref) for ref in refs if ref in self._ahead}

    def _read_schema(self, schema: str, name: str | None) -> dict[TableRef, TableShape]:
        asked = {"schema": schema, "name": name}
        tables, *parts = (group(self._session.rows(self._queries[part], asked)) for part in PARTS)
        return {
            TableRef(schema, table): self._shape(
                TableRef(schema, table), rows[0], _Parts(*(part.get(table, []) for part in parts))
            )
            for table, rows in tables.items()
        }

    def _shape(self, ref: TableRef, row: Row, parts: _Parts) -> TableShape:
        kind, comment, count, size, text = row
        columns, keys, references, indexes, partitions = parts
        constraints = self._constraints(keys)
        primary = [each[2] for each in keys if each[1] == "P"]
        told = _indexes(indexes)
        enforced = [each.columns for each in told if each.unique and not each.partial]
        enforced += [each.columns for each in constraints if each.kind == "unique"]
        alone = {names[0] for names in (primary, *enforced) if len(names) == 1}
        return TableShape(
            ref=ref,
            kind=cast("DatasetKind", kind),
            columns=[self._column(at, each, primary, alone) for at, each in enumerate(columns)],
            comment=str(comment or ""),
            foreign_keys=_foreign_keys(references),
            indexes=told,
            constraints=constraints,
            partitioning=_partitioning(partitions),
            definition=strip_literals(str(text or ""), self._quoting),
            row_count=None if count is None else int(count),
            size_bytes=None if size is None else int(size),
        )

    def _column(self, place: int, row: Row, primary: list[str], alone: set[str]) -> ColumnSnapshot:
        name, native, nullable, identity, generated, default, comment, length = row
        return ColumnSnapshot(
            name=name,
            ordinal=place,
            native_type=native,
            type=self._normal(native),
            nullable=bool(nullable),
            key_position=primary.index(name) + 1 if name in primary else 0,
            unique=name in alone,
            identity=cast("IdentityKind", (identity or "").strip()),
            generated=bool(generated),
            has_default=bool(default),
            max_length=int(length) if length and int(length) > 0 else None,
            comment=str(comment or ""),
        )

    def _constraints(self, keys: list[Row]) -> list[Constraint]:
        grouped: dict[str, list[Row]] = {}
        for row in keys:
            if row[1] != "P":
                grouped.setdefault(row[0], []).append(row)
        return [
            Constraint(
                kind="check" if rows[0][1] == "C" else "unique",
                name=name,
                columns=list(dict.fromkeys(row[2] for row in rows if row[2] is not None)),
                expression=strip_literals(str(rows[0][3] or ""), self._quoting),
            )
            for name, rows in grouped.items()
        ]


def _indexes(rows: list[Row]) -> list[Index]:
    return [
        Index(
            name=name,
            columns=[str(row[3]) if row[3] is not None else "(expression)" for row in parts],
            unique=bool(parts[0][0]),
            partial=bool(parts[0][1]),
            method=str(parts[0][2] or "").lower()[:64],
        )
        for name, parts in group(rows).items()
    ]


def _foreign_keys(rows: list[Row]) -> list[ForeignKey]:
    return [
        ForeignKey(
            columns=[row[0] for row in parts],
            target_container=parts[0][1],
            target_name=parts[0][2],
            target_columns=[row[3] for row in parts],
            name=name,
        )
        for name, parts in group(rows).items()
    ]


def _partitioning(rows: list[Row]) -> Partitioning | None:
    if not rows:
        return None
    return Partitioning(
        strategy=str(rows[0][0]).lower()[:40],
        columns=[row[1] for row in rows if row[1] is not None],
        partitions=int(rows[0][2] or 0),
    )
