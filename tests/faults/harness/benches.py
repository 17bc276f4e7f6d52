"""Installations for one trial after another, and the search for what is enough to fail."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress

from tests.faults.harness.fault_table import Row
from tests.faults.harness.installation import Kind, Mode
from tests.faults.harness.leaks import check_canaries, read_redis
from tests.faults.harness.plan import Plan
from tests.faults.harness.trial import Bench, Trial


class Benches:
    """One installation of a mode at a time; a new one after a violation, for the old may be ill."""

    def __init__(self) -> None:
        self.bench: Bench | None = None

    def get(self, mode: Mode, kind: Kind = "plain") -> Bench:
        """The installation of the mode and kind."""
        if self.bench is None or (self.bench.mode, self.bench.kind) != (mode, kind):
            self.drop()
            self.bench = Bench(mode, kind)
        return self.bench

    def drop(self, *, keep: bool = False) -> None:
        """End it."""
        if self.bench is not None:
            self.bench.stop(keep=keep)
        self.bench = None


def run_seed(benches: Benches, mode: Mode, row: Row, seed: int, keep: int = 99) -> Trial:
    """One run of the row."""
    keep = int(os.environ.get("KEEP", keep))
    return run_plan(benches.get(mode, row.kind), row.make, f"{row.name}:{seed}", keep)


def explain(benches: Benches, mode: Mode, row: Row, seed: int, trial: Trial) -> str:
    """The violations, with the shortest prefix of the faults that brings one about again."""
    folder = benches.get(mode, row.kind).installation.folder
    benches.drop(keep=True)
    found = "\n    ".join(trial.violations[:5])
    shortest = find_shortest(lambda keep: run_seed(benches, mode, row, seed, keep), trial)
    benches.drop()
    again = f"make faults MODE={mode} ROW={row.name} SEED={seed}"
    if shortest is None:
        return f"  {again}  (not each time) {trial.told}\n    {found}\n    see {folder}"
    return f"  {again} KEEP={shortest}  {trial.told[:shortest]}\n    {found}\n    see {folder}"


def find_shortest(run: Callable[[int], Trial], trial: Trial) -> int | None:
    """How many of the faults are enough; None when it does not happen again."""
    for keep in range(1, max(1, len(trial.told)) + 1):
        with suppress(AssertionError):
            if run(keep).violations:
                return keep
    return None


def check_leaks(bench: Bench) -> list[str]:
    """I8, over all that the installation has written so far."""
    installation = bench.installation
    url = installation.environment.get("REDIS_URL", "")
    more = {"Redis": read_redis(url)} if url else {}
    return check_canaries(installation.store, [installation.folder], more)


def run_plan(bench: Bench, make: Callable[[random.Random], Plan], seed: str, keep: int) -> Trial:
    """Draw the plan by seed and run its first `keep` faults; violations are in the notes."""
    dice = random.Random(seed)
    plan = make(dice)
    plan.injections = plan.injections[:keep]
    trial = Trial(bench, plan, changed=dice.random() < 1 / 3)
    # Asked before, for the oracle must meet no faults.
    bench.get_picture(changed=trial.changed)
    trial.violations = trial.run()
    return trial
