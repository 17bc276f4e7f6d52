"""A running DataWave that may be killed, and installations that faults strike by seed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.harness.benches import Benches
from tests.flows.conftest import admin, browser, server

__all__ = ["admin", "browser", "server"]

# The whole table on request, else its smoke.
IS_TABLE_WANTED = bool(os.environ.get("SEEDS") or os.environ.get("SEED"))
collect_ignore = ["test_smoke.py"] if IS_TABLE_WANTED else ["test_table.py"]


@pytest.fixture(scope="module")
def benches() -> Iterator[Benches]:
    """Installations that live as long as the module's tests."""
    made = Benches()
    yield made
    made.drop()
