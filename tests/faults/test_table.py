"""The fault table: `make faults SEEDS=n` runs every row n times in both modes.

ROW=F3,F4 runs these rows, MODE=embedded one mode, SEED=7 KEEP=1 one run with its first fault.
Without SEEDS or SEED only test_smoke.py is collected.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.harness.benches import Benches, check_leaks, explain, run_seed
from tests.faults.harness.fault_table import TABLE, Row
from tests.faults.harness.installation import Mode, may_start
from tests.servers import find_postgres, find_redis_binary, skip_without

SEED = os.environ.get("SEED", "")
SEEDS = [int(SEED)] if SEED else range(int(os.environ.get("SEEDS", "") or 0))
MODES: tuple[Mode, ...] = ("embedded", "full")
ROW_SECONDS = 3_600

pytestmark = [pytest.mark.faults, pytest.mark.timeout(ROW_SECONDS)]


def list_cases() -> list[tuple[Mode, Row]]:
    """Rows by mode, as the environment wants them."""
    wanted = os.environ.get("ROW", "").split(",")
    return [
        (mode, row)
        for mode in MODES
        for row in TABLE
        if mode in row.modes
        and (wanted == [""] or row.name in wanted)
        and may_start(row.kind)
        and os.environ.get("MODE", mode) == mode
    ]


CASES = list_cases()


@pytest.mark.parametrize(("mode", "row"), CASES, ids=[f"{m}-{r.name}" for m, r in CASES])
def test_nothing_is_lost_or_doubled_when_faults_strike(
    mode: Mode, row: Row, benches: Benches, capsys: pytest.CaptureFixture[str]
) -> None:
    if mode == "full" and not (find_postgres() and find_redis_binary()):
        skip_without("PostgreSQL or Redis", "TEST_POSTGRES_URL")
    runs = faults = 0
    failing: list[str] = []
    for seed in SEEDS:
        trial = run_seed(benches, mode, row, seed)
        runs, faults = runs + 1, faults + trial.injected
        if trial.violations:
            failing.append(explain(benches, mode, row, seed, trial))
    leaks = check_leaks(benches.get(mode, row.kind))
    with capsys.disabled():
        print(render_line(mode, row, runs, faults, len(failing) + len(leaks)))  # noqa: T201  # its output is the result
        for text in failing + leaks:
            print(text)  # noqa: T201  # its output is the result
    assert faults, "No fault struck, so nothing was tested."
    assert not failing
    assert not leaks


def render_line(mode: Mode, row: Row, runs: int, faults: int, violations: int) -> str:
    """What is printed of a row."""
    return (
        f"\n{row.name:5} {mode:9} {row.title:50} {runs:4} runs {faults:5} faults"
        f" {violations:3} violations"
    )
