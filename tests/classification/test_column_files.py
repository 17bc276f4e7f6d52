"""Columns from a file: what comes out, and what is said of a file that does not fit."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

MAILS = [f"person{number}@example.org" for number in range(30)]


def classify(folder: Path, *rows: Any) -> dict[str, Any]:
    given, taken = folder / "in.jsonl", folder / "out.jsonl"
    given.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    call_command("classify_columns", str(given), str(taken), stdout=StringIO())
    lines = taken.read_text(encoding="utf-8").splitlines()
    return {verdict["id"]: verdict for verdict in map(json.loads, lines)}


def make_row(key: str, column: str, values: list[Any], **fields: Any) -> dict[str, Any]:
    return {"id": key, "column": column, "values": values, "table": "customers", **fields}


def test_it_works(tmp_path: Path) -> None:
    verdicts = classify(tmp_path, make_row("a", "email", MAILS, declared_type="text"))
    assert verdicts["a"]["semantic"] == "contact.email"
    assert verdicts["a"]["sensitive"] > 0.5
    assert verdicts["a"]["evidence"]


def test_no_value_comes_out_when_evidence_is_given(tmp_path: Path) -> None:
    verdicts = classify(tmp_path, make_row("a", "email", MAILS))
    assert not [mail for mail in MAILS if mail in json.dumps(verdicts)]


def test_rows_explain_each_other_when_they_share_a_table(tmp_path: Path) -> None:
    cities = ["Berlin", "Paris", "Madrid", "Rome", "London"] * 6
    people = [make_row("a", "email", MAILS), make_row("b", "first_name", ["Anna", "Otto"] * 15)]
    alone = classify(tmp_path, make_row("c", "city", cities, table="airports"))
    among = classify(tmp_path, *people, make_row("c", "city", cities))
    assert alone["c"]["sensitive"] < 0.5 < among["c"]["sensitive"]


@pytest.mark.parametrize(
    "values", [[], [None] * 5, [1], [b"\xff".hex()], [{"a": 1}], ["x" * 10**6]]
)
def test_column_is_judged_when_values_are_odd(tmp_path: Path, values: list[Any]) -> None:
    assert "a" in classify(tmp_path, make_row("a", "列", values))


def test_line_is_named_when_it_does_not_fit(tmp_path: Path) -> None:
    given = tmp_path / "in.jsonl"
    given.write_text('{"id": "a", "column": "b"}\n{"id": 3}\n', encoding="utf-8")
    with pytest.raises(CommandError, match="Line 2"):
        call_command("classify_columns", str(given), str(tmp_path / "out"))


def test_file_is_named_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.jsonl"):
        call_command("classify_columns", str(tmp_path / "nothing.jsonl"), str(tmp_path / "out"))
