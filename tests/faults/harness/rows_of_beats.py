"""Rows about sweepers and beats: none for a while, or several, with a schedule that falls due."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tests.faults.harness.checker import TERMINAL
from tests.faults.harness.trial import Trial
from tests.live import wait_until

EVERY_MINUTES = 5
PATIENCE = 30
# Long enough for every sweeper to have seen the same time.
ALL_LOOK_SECONDS = 1.5


def judge_schedule(trial: Trial) -> Iterable[str]:
    """F28: with sweepers doubled, each time that is due has one row, and at most one run.

    The first time begins a run, the second falls into it, and the third begins another.
    """
    call, flag = trial.installation.call, trial.installation.home / "sweeping-doubled"
    body = {"source": trial.source_id, "kind": "interval", "every_minutes": EVERY_MINUTES}
    schedule = call("POST", "schedules/", body)
    flag.touch()
    try:
        for fires in (1, 2):
            _fall_due(trial, fires)
        _wait_idle(trial)
        _fall_due(trial, 3)
        _wait_idle(trial)
        time.sleep(ALL_LOOK_SECONDS)
        yield from _list_doubles(trial)
    except AssertionError as error:
        yield f"I3 a schedule that fell due did not fire: {error}"
    finally:
        flag.unlink(missing_ok=True)
        call("DELETE", f"schedules/{schedule['id']}/")


def _fall_due(trial: Trial, fires: int) -> None:
    """Make the schedule due now, and wait until it has been seen that many times."""
    store = trial.installation.store
    now = "datetime('now')" if store.is_sqlite else "now()"
    store.query(f"UPDATE racine_schedule SET next_due_at = {now} WHERE source_id = {trial.source}")
    trial.note_done()
    wait_until(lambda: len(list_fires(trial)) >= fires, seconds=PATIENCE, what=f"fire {fires} of 3")
    # Else two times of SQLite's whole seconds would be one.
    time.sleep(1)


def _wait_idle(trial: Trial) -> None:
    ended = ", ".join(f"'{state}'" for state in TERMINAL)
    statement = (
        f"SELECT count(*) FROM racine_run WHERE source_id = {trial.source}"
        f" AND state NOT IN ({ended})"
    )
    store = trial.installation.store
    wait_until(lambda: store.get(statement) == 0, seconds=PATIENCE, what="its run to end")


def list_fires(trial: Trial) -> list[tuple[str, str, int | None]]:
    """Due time, outcome and run of each fire of the trial's source."""
    return [
        (str(due_at), state, run)
        for due_at, state, run in trial.installation.store.query(
            "SELECT f.due_at, f.state, f.run_id FROM racine_schedulefire f"
            " JOIN racine_schedule s ON s.id = f.schedule_id"
            f" WHERE s.source_id = {trial.source} ORDER BY f.id"
        )
    ]


def _list_doubles(trial: Trial) -> Iterable[str]:
    fires = list_fires(trial)
    times = {due_at for due_at, _, _ in fires}
    if len(fires) != 3 or len(times) != 3:
        yield f"I4 three times that were due made {len(fires)} fires: {fires}"
    runs = trial.installation.store.query(
        f"SELECT id FROM racine_run WHERE source_id = {trial.source} AND trigger = 'schedule'"
    )
    started = [run for _, state, run in fires if state == "started"]
    if sorted(run for (run,) in runs) != sorted(run or 0 for run in started):
        yield f"I4 schedules started the runs {runs}, and their fires tell of {started}"
    if [state for _, state, _ in fires][::2] != ["started", "started"]:
        yield f"I4 a source that was idle was not read when it was due: {fires}"
