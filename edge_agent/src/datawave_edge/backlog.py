"""How much of an agent's work is not done yet, by its spool."""

from __future__ import annotations

import datetime as dt

from .spool import SpoolFile


def find_oldest_seconds(spool: SpoolFile) -> float | None:
    """Age of the oldest batch that waits for the server; None when none does."""
    with spool.reading() as connection:
        (oldest,) = connection.execute("SELECT min(put_at) FROM batches WHERE acked = 0").fetchone()
    if oldest is None:
        return None
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(oldest)
    # This host's clock may have been set back meanwhile.
    return max(0.0, age.total_seconds())


def count_open_jobs(spool: SpoolFile) -> int:
    """Jobs that have begun here and are not over."""
    with spool.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM jobs WHERE state = 'open'").fetchone()
    return int(count)
