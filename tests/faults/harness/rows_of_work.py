"""Rows about stages that cannot get through, processes that are replaced, and clocks."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor

from tests.faults.harness.installation import NODE
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.poison import KINDS
from tests.faults.harness.trial import Trial
from tests.live import ROOT

STAGES = ("scan", "classification", "catalog", "compliance")
POISONED = ("customers", "payments", "patients", "products")
PATIENCE = 90


def poison_stage(dice: random.Random) -> Plan:
    """F17: a stage raises, loops, blocks, swells or crashes on one batch, each time.

    The others finish, the run ends with errors, and after the cure a retry makes it whole.
    """
    kind, stage, table = dice.choice(KINDS), dice.choice(STAGES), dice.choice(POISONED)

    def act(trial: Trial) -> None:
        flag = trial.installation.home / "poison.json"
        flag.write_text(json.dumps({"kind": kind, "stage": stage, "table": table}))
        trial.wait_to(0)
        _wait_over(trial)
        flag.unlink()
        _cure(trial, kind)

    deaths = (-signal.SIGSEGV,) if kind == "segfault" else ()
    return Plan([Injection(f"{stage} {kind}s at {table}", act)], deaths=deaths)


def _wait_over(trial: Trial) -> None:
    deadline = time.monotonic() + PATIENCE
    while not trial.is_over() and time.monotonic() < deadline:
        time.sleep(0.1)


def _cure(trial: Trial, kind: str) -> None:
    call = trial.installation.call
    run = call("GET", f"runs/{trial.run_id}/")
    if run["state"] == "completed" and trial.changed:
        # The table has not changed since the first run, so nobody looked at it.
        trial.notes.append("(the poisoned batch was not worked on)")
        return
    # What blocks returns at last, and may have been in time.
    if run["state"] != "completed_with_errors":
        trial.violations.append(f"I12 a run with a stage that {kind}s is {run['state']}")
        return
    aside = call("GET", f"runs/{trial.run_id}/set-aside/")
    if len(aside) != 1 or not aside[0]["message"]:
        trial.violations.append(f"I4 set aside: {aside}")
    call("POST", f"runs/{trial.run_id}/set-aside/{aside[0]['id']}/requeue/")
    trial.note_done()


def resume_cancelled(dice: random.Random) -> Plan:
    """F24c: the run is cancelled and resumed, by two people at once, perhaps amid a kill."""
    moment, rest = round(dice.uniform(0, 1.3), 2), round(dice.choice((0, 0, 1.5)), 1)
    killed = dice.choice(("", "server", "agent"))

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        if not trial.press_cancel():
            return
        trial.wait_for_end()
        time.sleep(rest)
        if trial.get_state() == "cancelled":
            with ThreadPoolExecutor(2) as pool:
                taken = list(pool.map(lambda _: _press_resume(trial), range(2)))
            if not all(taken):
                trial.violations.append(f"I4 resuming twice was answered {taken}")
        if killed:
            trial.installation.children[killed].kill()
        trial.note_done()

    text = f"cancel after {moment} s, resume {rest} s later{killed and f', kill the {killed}'}"
    return Plan([Injection(text, act)], interruptions=3)


def _press_resume(trial: Trial) -> bool:
    try:
        trial.installation.call("POST", f"runs/{trial.run_id}/resume/")
    except urllib.error.HTTPError:
        return False
    return True


def deploy(dice: random.Random) -> Plan:
    """F22: each process is replaced by a new one while the run goes on, around a migration."""
    moment, gap = round(dice.uniform(0, 0.8), 2), round(dice.uniform(0.1, 1), 2)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        installation = trial.installation
        _expand(trial)
        prepare = [*NODE, "migrate"]
        subprocess.run(prepare, cwd=ROOT, env=installation.environment, check=True)
        for name in [each for each in installation.children if each != "agent"]:
            installation.children[name].restart()
            time.sleep(gap)
        trial.note_done()

    return Plan([Injection(f"deploy after {moment} s, {gap} s between processes", act)])


def _expand(trial: Trial) -> None:
    """What a newer version would add: columns that the old one does not know."""
    for table in ("racine_run", "racine_stagerun", "discovery_batch"):
        column = f"added_{trial.bench.number}"
        trial.installation.store.query(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER")
