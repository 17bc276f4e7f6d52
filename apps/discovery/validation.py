"""Whether the records of a batch make sense; what does not is a reason to quarantine it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from datawave_edge.protocol import (
    ColumnProfile,
    ForeignKey,
    Record,
    TableRecord,
    TableSnapshot,
    UnchangedRecord,
)

MAX_REASONS = 100
MAX_REASON = 500
# Longer names do not fit into an index of PostgreSQL.
MAX_NAME_BYTES = 2_000
SHOWN_NAME = 80

Key = tuple[str, str]


def key_of(record: Record) -> Key:
    """Container and name of the dataset that the record is about."""
    part = record.table if isinstance(record, TableRecord) else record
    return part.container, part.name


def find_faults(records: Sequence[Record]) -> list[str]:
    """Reasons, each as "code: record N: what is wrong", why the records can't be true."""
    faults = [
        f"{code}: record {number}: {fault}"
        for number, record in enumerate(records, start=1)
        for code, fault in _check_record(record)
    ]
    return limit_reasons([*_find_repeats(records), *faults])


def find_conflicts(
    records: Sequence[Record], *, hashes: dict[Key, str], sent: set[Key]
) -> list[str]:
    """Reasons why the records contradict what is held (`hashes`) or was `sent` before."""
    reasons = [
        f"duplicate_table: record {number}: {show(record)} was sent before in this stream."
        for number, record in enumerate(records, start=1)
        if key_of(record) in sent
    ]
    reasons += [
        f"unchanged_unknown: record {number}: the version of {show(record)} is not held here."
        for number, record in enumerate(records, start=1)
        if isinstance(record, UnchangedRecord) and hashes.get(key_of(record)) != record.content_hash
    ]
    return limit_reasons(reasons)


def limit_reasons(reasons: Sequence[str]) -> list[str]:
    """As many and as long as an acknowledgement may carry."""
    return [reason[:MAX_REASON] for reason in reasons[:MAX_REASONS]]


def show(record: Record) -> str:
    """The dataset's name for a reason, shortened."""
    return shorten(".".join(part for part in key_of(record) if part))


def shorten(name: str) -> str:
    """A hostile name, cut to what a line can bear."""
    return f"“{name if len(name) <= SHOWN_NAME else name[:SHOWN_NAME] + '…'}”"


def _find_repeats(records: Sequence[Record]) -> Iterator[str]:
    seen: set[Key] = set()
    for number, record in enumerate(records, start=1):
        if key_of(record) in seen:
            yield f"duplicate_table: record {number}: {show(record)} is in this batch twice."
        seen.add(key_of(record))


def _check_record(record: Record) -> Iterator[tuple[str, str]]:
    if len("".join(key_of(record)).encode()) > MAX_NAME_BYTES:
        yield "name_too_long", f"the name of {show(record)} is too long to be stored."
    if isinstance(record, TableRecord):
        yield from _check_table(record.table)


def _check_table(table: TableSnapshot) -> Iterator[tuple[str, str]]:
    where = shorten(table.name)
    columns = {column.name for column in table.columns}
    for path in table.paths:
        if path.column not in columns:
            yield "path_unknown", f"{where} has no column {shorten(path.column)} with paths."
    fields = table.list_fields()
    names = [field.name for field in fields]
    for name in _list_repeated(names):
        yield "duplicate_column", f"{where} has two columns called {shorten(name)}."
    for ordinal in _list_repeated(column.ordinal for column in table.columns):
        yield "duplicate_ordinal", f"{where} has two columns at place {ordinal}."
    places = sorted(column.key_position for column in table.columns if column.key_position)
    if places != list(range(1, len(places) + 1)):
        yield "key_broken", f"the places of {where}'s primary key are not 1, 2, …"
    known = {name.casefold() for name in columns}
    for key in table.foreign_keys:
        yield from _check_foreign_key(where, key, known)
    for column in fields:
        if len(column.name.encode()) > MAX_NAME_BYTES:
            yield "name_too_long", f"the column {shorten(column.name)} can't be stored."
        if column.profile and (fault := _find_profile_fault(column.profile)):
            yield "profile_inconsistent", f"{where}, column {shorten(column.name)}: {fault}"


def _check_foreign_key(where: str, key: ForeignKey, known: set[str]) -> Iterator[tuple[str, str]]:
    for name in key.columns:
        if name.casefold() not in known:
            yield "foreign_key_unknown", f"{where} has no column {shorten(name)} to refer with."
    if key.target_columns and len(key.target_columns) != len(key.columns):
        yield "foreign_key_uneven", f"a foreign key of {where} has sides of different length."


def _find_profile_fault(profile: ColumnProfile) -> str:
    filled = profile.rows - profile.nulls
    if filled < 0:
        return "more nulls than rows."
    if profile.empty > filled:
        return "more empty values than values."
    if profile.distinct > filled:
        return "more distinct values than values."
    if profile.min_length > profile.max_length:
        return "the shortest value is longer than the longest."
    return ""


def _list_repeated(values: Iterable[object]) -> list[str]:
    return [str(value) for value, count in Counter(values).items() if count > 1]
