"""A few faults of the table on every run of the suite, and whether the checker can fail at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.harness.benches import Benches, check_leaks, run_seed
from tests.faults.harness.fault_table import TABLE
from tests.faults.harness.plan import Plan
from tests.faults.harness.trial import Trial
from tests.faults.sabotage import (
    is_blindness_noticed,
    is_delay_noticed,
    is_lie_noticed,
    is_redis_searched,
    is_reread_noticed,
    is_swelling_noticed,
    list_unnoticed,
    list_unnoticed_late_writes,
)
from tests.servers import find_redis, skip_without

# Row -> a seed whose faults strike early in a first run.
SMOKE = {"F3": 6, "F12": 8, "F13": 0}

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def test_checker_stays_silent_under_faults_and_speaks_of_each_breakage(
    benches: Benches, tmp_path: Path
) -> None:
    """One test, for each would start an installation of its own in a parallel run."""
    rows = {row.name: row for row in TABLE}
    for name, seed in SMOKE.items():
        trial = run_seed(benches, "embedded", rows[name], seed)
        assert not trial.violations, (name, trial.told)
        assert trial.injected, f"{name} did not strike: {trial.told}"
    bench = benches.get("embedded")
    assert not check_leaks(bench)
    trial = Trial(bench, Plan([]))
    assert not trial.run()
    whole = tmp_path / "whole.sqlite3"
    bench.installation.store.query(f"VACUUM INTO '{whole}'")
    judged = (trial.expect(), trial.seen, bench.installation.history)
    assert not list(list_unnoticed(whole, tmp_path, *judged))
    assert not list(list_unnoticed_late_writes(whole, tmp_path, judged[0].source))
    assert is_lie_noticed(bench.installation.store, judged[0], judged[2])
    assert is_blindness_noticed(bench.installation.store, judged[0], judged[2])
    assert is_delay_noticed(bench.installation.store, judged[0], judged[2])
    assert is_swelling_noticed(bench.installation)
    assert is_reread_noticed(bench.installation.store, *judged)


def test_redis_is_searched_through() -> None:
    url = find_redis()
    if url is None:
        skip_without("Redis", "TEST_REDIS_URL")
    assert is_redis_searched(url)
