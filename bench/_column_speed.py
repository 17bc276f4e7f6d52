"""Columns a second and memory of the agent's profile and of the server's judge, beside a floor."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence

from apps.classification.column_files import ColumnRow, describe_tables
from apps.classification.judge import judge_all
from apps.classification.model.judging import ModelJudge
from apps.classification.model.store import load_model

_AT_ONCE = 50
_PASSES = 3
_CLASSES = str.maketrans(
    {**dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"), **dict.fromkeys("0123456789", "9")}
)


def print_speed(rows: Sequence[ColumnRow]) -> None:
    """CPU time on one core. The floor translates and counts the same characters once."""
    before = _memory()
    started = time.process_time()
    judge = ModelJudge(load_model())
    loading = time.process_time() - started
    tables = describe_tables(rows)
    parts = [tables[start : start + _AT_ONCE] for start in range(0, len(tables), _AT_ONCE)]
    judge_all(judge, parts[0])
    profile = _time(lambda: describe_tables(rows))
    judging = _time(lambda: [judge_all(judge, part) for part in parts])
    floor = _time(lambda: [_count(row) for row in rows])
    count = len(rows)
    for name, seconds in (
        ("floor", floor), ("profile", profile), ("judge", judging), ("both", profile + judging)
    ):  # fmt: skip
        print(f"{name:8} {count / seconds:8,.0f} columns/s, {seconds / floor:6.1f} floors")
    print(f"loading the model {loading * 1000:.0f} ms; all of it {_memory() - before:.0f} MiB more")


def _count(row: ColumnRow) -> int:
    return len(Counter("".join(map(str, row.values)).translate(_CLASSES)))


def _time(work: Callable[[], object]) -> float:
    """The least CPU time of some passes."""
    times = []
    for _ in range(_PASSES):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
