"""The last check: texts lose what looks like a value, misfits stay here."""

from __future__ import annotations

import msgspec
import pytest

from datawave_edge.connectors import TableRef
from datawave_edge.egress import (
    EgressRefused,
    check,
    clean_ref,
    clean_type,
    scrub_comment,
)
from datawave_edge.protocol import (
    ColumnProfile,
    ColumnSnapshot,
    TableRecord,
    TableSnapshot,
    content_hash,
    decode_records,
)


def table(**changes: object) -> TableSnapshot:
    column = ColumnSnapshot(name="a", ordinal=0, native_type="text", type="text")
    plain = TableSnapshot(
        container="s", name="t", kind="table", columns=[column], content_hash="0" * 64
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("native", "clean"),
    [
        ("enum('alice','bob')", "enum"),
        ("set('a')", "set"),
        ("varchar(40)", "varchar(40)"),
        ("numeric(10,2)", "numeric(10,2)"),
        ("decimal(10,2) unsigned zerofill", "decimal(10,2) unsigned zerofill"),
        ("timestamp(3) with time zone", "timestamp(3) with time zone"),
        ("integer[]", "integer[]"),
        ("TEXT CHECK (x <> 'secret')", "TEXT CHECK"),
        ("alice@example.org", "alice"),
        ("type 4111111111111111", "type …"),
        ("", ""),
    ],
)
def test_type_loses_its_literals_when_cleaned(native: str, clean: str) -> None:
    assert clean_type(native) == clean


@pytest.mark.parametrize(
    "value",
    [
        "anna@example.org", "555-123-4567", "+49 30 1234567", "4111 1111 1111 1111", "'Smith'",
        '"Smith"', "“Smith”", "123-45-6789", "https://u:p@host/x", "AKIA1234567890EXAMPLE",
        "2024-01-02", "DE89 3704 0044 0532 0130 00",
    ],
)  # fmt: skip
def test_comment_loses_values_when_scrubbed(value: str) -> None:
    clean = scrub_comment(f"For example {value} here")
    assert value not in clean
    assert not any(len(part) > 4 for part in clean.replace("example", "").split() if part.isdigit())
    assert clean.startswith("For example ")
    assert clean.endswith("here")


def test_comment_keeps_its_words_when_harmless() -> None:
    text = "Customers of the shop, one row each (see section 4.2)"
    assert scrub_comment(text) == text


def test_name_keeps_its_spelling_when_hostile() -> None:
    ref = TableRef('we"ird', "na'me %s {} \u202e 😀")
    assert clean_ref(ref) == ref


def test_name_becomes_readable_when_no_text_can_hold_it() -> None:
    assert clean_ref(TableRef("", "a\x00b\ud800")) == TableRef("", "a\ufffdb\ufffd")
    assert clean_ref(TableRef("", "")).name == "(nameless)"
    assert len(clean_ref(TableRef("", "x" * 3_000)).name) == 1_000


def test_record_is_sealed_with_its_hash_when_checked() -> None:
    record, line = check(TableRecord(table=table()))
    assert isinstance(record, TableRecord)
    assert record.table.content_hash == content_hash(record.table)
    assert decode_records(line) == [record]
    assert check(record) == (record, line)


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": [{"name": "a"}]},
        {"row_count": -1},
        {"kind": "secret"},
        {"size_bytes": 2**70},
        {"columns": [ColumnSnapshot(name="a", ordinal=0, native_type="", type="text",
                                    profile=ColumnProfile(rows=1, nulls=0, hits={"email": 7.0}))]},
        {"columns": [ColumnSnapshot(name="a", ordinal=0, native_type="", type="text",
                                    profile=ColumnProfile(rows=1, nulls=0, hits={"a@b.c": 0.5}))]},
    ],
)  # fmt: skip
def test_record_is_refused_when_it_breaks_the_protocol(changes: dict[str, object]) -> None:
    with pytest.raises(EgressRefused):
        check(TableRecord(table=table(**changes)))
