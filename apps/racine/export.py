"""Lists of runs as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from .models import Run

HEADER = ("number", "source", "state", "trigger", "started_by", "started_at", "finished_at",
          "seconds", "tables", "columns", "labels", "findings")  # fmt: skip
RISKY = ("=", "+", "-", "@", "\t", "\r")


def write_csv(runs: Iterable[Run]) -> Iterator[str]:
    """Line by line, so that a long list needs no memory."""
    yield _write_line(HEADER)
    for run in runs:
        yield _write_line(_list_cells(run))


def _list_cells(run: Run) -> list[object]:
    counts = run.summary.get("counts", {})
    return [
        run.pk,
        run.source.name,
        run.state,
        run.trigger,
        run.started_by.username if run.started_by else "",
        run.started_at.isoformat(),
        run.finished_at.isoformat() if run.finished_at else "",
        run.seconds if run.seconds is not None else "",
        *(counts.get(name, "") for name in ("tables", "columns", "labels", "findings")),
    ]


def _write_line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_defuse(str(cell)) for cell in cells])
    return line.getvalue()


def _defuse(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text
