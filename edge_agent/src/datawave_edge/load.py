"""Reckoning with what a run cost its source."""

from __future__ import annotations

from .protocol import Load


def subtract(whole: Load, told: Load, *, seconds: float) -> Load:
    """What `whole` has more than `told`; the slowest statement is told each time."""
    kinds = {
        kind: spent - told.by_kind.get(kind, 0.0)
        for kind, spent in whole.by_kind.items()
        if spent > told.by_kind.get(kind, 0.0)
    }
    return Load(
        queries=whole.queries - told.queries,
        rows_read=whole.rows_read - told.rows_read,
        seconds=seconds,
        busy_seconds=whole.busy_seconds - told.busy_seconds,
        slept_seconds=whole.slept_seconds - told.slept_seconds,
        paused_seconds=whole.paused_seconds - told.paused_seconds,
        by_kind=kinds,
        slowest_kind=whole.slowest_kind,
        slowest_seconds=whole.slowest_seconds,
    )


def add_loads(one: Load, other: Load) -> Load:
    """Both together."""
    kinds = {
        kind: round(one.by_kind.get(kind, 0.0) + other.by_kind.get(kind, 0.0), 6)
        for kind in sorted({*one.by_kind, *other.by_kind})
    }
    slower = max(one, other, key=lambda load: load.slowest_seconds)
    return Load(
        queries=one.queries + other.queries,
        rows_read=one.rows_read + other.rows_read,
        seconds=one.seconds + other.seconds,
        busy_seconds=one.busy_seconds + other.busy_seconds,
        slept_seconds=one.slept_seconds + other.slept_seconds,
        paused_seconds=one.paused_seconds + other.paused_seconds,
        by_kind=kinds,
        slowest_kind=slower.slowest_kind,
        slowest_seconds=slower.slowest_seconds,
    )
