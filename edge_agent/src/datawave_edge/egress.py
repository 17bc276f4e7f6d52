"""The last check before anything is spooled: shape, scrubbing, refusal.

Names come from the catalogue and may pass; texts that people write into a catalogue (comments,
type literals) can repeat values and are scrubbed; whatever is not declared in the protocol can't
pass at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from .connectors.contract import TableRef
from .protocol import (
    MAX_STRING,
    BatchRejected,
    ColumnSnapshot,
    Constraint,
    ContainerListing,
    DatasetName,
    FailedRecord,
    ForeignKey,
    Index,
    Partitioning,
    PathSnapshot,
    Record,
    Sequence,
    TableRecord,
    TableSnapshot,
    content_hash,
    decode_records,
    encode_records,
)

MAX_NAME: Final = 1_000
# SQLite allows a column whose name is empty; the protocol does not.
NAMELESS: Final = "(nameless)"
MAX_COMMENT: Final = 2_000
MAX_TYPE: Final = 200

_SCRUBBED: Final = (
    (re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+"), "…@…"),
    (re.compile(r"\b\w+://\S+"), "…"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|“[^”]*”|‘[^’]*’|«[^»]*»|„[^“”]*[“”]"), "“…”"),
    # Digits, also when spaces, dots or dashes part them: dates, phones, cards, keys.
    (re.compile(r"\+?\d(?:[\s./:()_-]{0,2}\d){4,}"), "…"),
    # Keys and codes: long words with several digits in them.
    (re.compile(r"\b(?=[A-Za-z]*\d)(?=(?:[A-Za-z]*\d){3})[A-Za-z0-9]{8,}\b"), "…"),
)
# Without one of these a text is left as it is by all of the above.
_SUSPECT: Final = re.compile(r"[@'\"`\d“‘«„]|://")
_EXPRESSION: Final = re.compile(
    r"'[^']*'|\"[^\"]*\"|\S@\S|^[\d.,+-]+$|^0x[0-9A-Fa-f]+$"
    r"|[-+*/%=<>|&(,]\s*\d[\d.]*\s*(?:$|[-+*/%=<>|&),])|^\d[\d.]*\s*[-+*/%=<>|&]"
)
_QUOTED_NAME: Final = re.compile(r"\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`")
_LITERAL: Final = re.compile(r"'|--|/\*|(?<![\w$.])\d|\$\w*\$")
_BAD_CHARS: Final = re.compile(r"[\x00\ud800-\udfff]")
_PLAIN_TYPE: Final = re.compile(
    r"^\"?[^\W\d_][\w .\"\[\]]*(?:\(\s*-?\d{1,6}\s*(?:,\s*-?\d{1,6}\s*)?\))?[\w \[\]]*$"
)


class EgressRefused(Exception):
    """A record does not fit the declared protocol and stays on this host."""


class Checked(NamedTuple):
    """A record as it may leave, and the line that says it."""

    record: Record
    line: bytes


def check(record: Record) -> Checked:
    """Clean a record, then read its line back through the protocol's own decoder.

    Raises EgressRefused.
    """
    try:
        if isinstance(record, TableRecord):
            record = TableRecord(table=seal(record.table))
        line = encode_records([record])
        return Checked(decode_records(line)[0], line)
    except (BatchRejected, UnicodeError, msgspec.MsgspecError, TypeError, AttributeError):
        raise EgressRefused from None


def seal(table: TableSnapshot) -> TableSnapshot:
    """The table, cleaned and with the hash over everything but the hash."""
    cleaned = clean_table(table)
    return msgspec.structs.replace(cleaned, content_hash=content_hash(cleaned))


def refuse(ref: TableRef, code: str, message: str) -> FailedRecord:
    """A failed record for a table."""
    return FailedRecord(
        container=clean_container(ref.container),
        name=clean_name(ref.name),
        code=code,
        message=message,
    )


def clean_text(text: str) -> str:
    """A line for people that any message can hold, whatever the names in it are."""
    return text if text.isascii() else _BAD_CHARS.sub("\ufffd", text)


def clean_name(name: str) -> str:
    """A name that any JSON reader and database can hold; its spelling is kept otherwise."""
    if name.isascii() and name.isprintable() and 0 < len(name) <= MAX_NAME:
        return name
    return _BAD_CHARS.sub("\ufffd", name)[:MAX_NAME] or NAMELESS


def clean_container(name: str) -> str:
    """A container's name; empty where the engine has none."""
    return name and clean_name(name)


@lru_cache(maxsize=32_768)
def clean_ref(ref: TableRef) -> TableRef:
    """Both names, cleaned. A walk asks for each several times."""
    return TableRef(clean_container(ref.container), clean_name(ref.name))


def clean_listing(listing: ContainerListing) -> ContainerListing:
    """A container's listing, its name cleaned."""
    return ContainerListing(
        name=clean_container(listing.name),
        authoritative=listing.authoritative,
        tables=listing.tables,
        sequences=listing.sequences,
    )


def scrub_comment(text: str) -> str:
    """A comment without anything that looks like a value."""
    if not text:
        return ""
    text = _BAD_CHARS.sub("\ufffd", text)[: MAX_COMMENT * 2]
    if not _SUSPECT.search(text):
        return text[:MAX_COMMENT]
    for pattern, replacement in _SCRUBBED:
        text = pattern.sub(replacement, text)
    return text[:MAX_COMMENT]


@lru_cache(maxsize=4_096)
def clean_type(native: str) -> str:
    """A native type without literals: enum('a','b') is enum."""
    text = _BAD_CHARS.sub("\ufffd", native).strip()
    # What an enum or a check lists are values; a length or a precision is not.
    if not _PLAIN_TYPE.match(text):
        text = re.split(r"[^\w .\[\]]", text, maxsplit=1)[0].strip()
    for pattern, replacement in _SCRUBBED[:1]:
        text = pattern.sub(replacement, text)
    text = re.sub(r"\d{7,}", "…", text)
    return text[:MAX_TYPE]


def clean_sql(text: str) -> str:
    """SQL that came without literals: what still looks like one means that the cut went wrong."""
    bare = _QUOTED_NAME.sub("n", text)
    return "" if _LITERAL.search(bare) else _BAD_CHARS.sub("\ufffd", text)[:MAX_STRING]


def clean_table(table: TableSnapshot) -> TableSnapshot:
    """All texts of a table, cleaned."""
    columns = [_clean_column(each, table.kind) for each in table.columns]
    names = {old.name: new.name for old, new in zip(table.columns, columns, strict=True)}
    return msgspec.structs.replace(
        table,
        container=clean_container(table.container),
        name=clean_name(table.name),
        comment=scrub_comment(table.comment),
        columns=columns,
        paths=[_clean_path(each, names[each.column]) for each in table.paths],
        foreign_keys=[_clean_foreign_key(each) for each in table.foreign_keys],
        indexes=[_clean_index(each) for each in table.indexes],
        constraints=[_clean_constraint(each) for each in table.constraints],
        sequences=[
            Sequence(name=clean_name(each.name), column=clean_container(each.column))
            for each in table.sequences
        ],
        parents=[
            DatasetName(container=clean_container(each.container), name=clean_name(each.name))
            for each in table.parents
        ],
        partitioning=table.partitioning and _clean_partitioning(table.partitioning),
        definition=clean_sql(table.definition),
    )


def _clean_column(column: ColumnSnapshot, kind: str) -> ColumnSnapshot:
    name = clean_name(column.name)
    # A view's column without an alias is named by its expression, literals and all.
    if kind in ("view", "materialized_view") and _EXPRESSION.search(name):
        name = unname(column).name
    native, base = clean_type(column.native_type), clean_type(column.base_type)
    comment = scrub_comment(column.comment)
    if (name, native, base, comment) == (
        column.name, column.native_type, column.base_type, column.comment
    ):  # fmt: skip
        return column
    return msgspec.structs.replace(
        column, name=name, native_type=native, base_type=base, comment=comment
    )


def unname(column: ColumnSnapshot) -> ColumnSnapshot:
    """The column under its place instead of a name that repeats a value."""
    return msgspec.structs.replace(column, name=f"(expression {column.ordinal + 1})")


def _clean_path(path: PathSnapshot, column: str) -> PathSnapshot:
    return msgspec.structs.replace(path, column=column, path=clean_name(path.path))


def _clean_foreign_key(key: ForeignKey) -> ForeignKey:
    return ForeignKey(
        columns=[clean_name(each) for each in key.columns],
        target_container=clean_container(key.target_container),
        target_name=clean_name(key.target_name),
        target_columns=[clean_name(each) for each in key.target_columns],
        name=key.name and clean_name(key.name),
    )


def _clean_index(index: Index) -> Index:
    return msgspec.structs.replace(
        index, name=clean_name(index.name), columns=[clean_name(each) for each in index.columns]
    )


def _clean_constraint(constraint: Constraint) -> Constraint:
    return msgspec.structs.replace(
        constraint,
        name=clean_container(constraint.name),
        columns=[clean_name(each) for each in constraint.columns],
        expression=clean_sql(constraint.expression),
    )


def _clean_partitioning(partitioning: Partitioning) -> Partitioning:
    return msgspec.structs.replace(
        partitioning, columns=[clean_name(each) for each in partitioning.columns]
    )
