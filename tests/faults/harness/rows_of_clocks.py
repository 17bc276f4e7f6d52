"""Rows about clocks that jump, and about what is promised while they are wrong."""

from __future__ import annotations

import random
import time

from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.site import Site
from tests.faults.harness.surroundings import set_clock
from tests.faults.harness.trial import Trial

LEASED = ("racine_run", "racine_stagerun", "discovery_discoveryjob")
# One lease of the harness, a sweep, and some time for a busy machine.
LEASE_PATIENCE = 10
# What an agent is given lives for a quarter of an hour, and no clock may make it an hour.
TOKEN_PATIENCE = 40
CLAIMS = ("claim.after", "load.after", "store.before")


def skew_clocks(dice: random.Random) -> Plan:
    """F18: a process's clock jumps by a day, ahead or back, and returns."""
    name = dice.choice(("server", "worker1", "worker2", "beat", "agent", "agent"))
    hours, moment = dice.choice((24, -24, 1, -1)), round(dice.uniform(0.3, 1.2), 2)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        found = name if name in trial.installation.children else "server"
        offset = trial.installation.folder / f"clock-{found}"
        set_clock(offset, hours)
        time.sleep(4)
        set_clock(offset, 0)
        _demand_near_leases(trial)
        time.sleep(1.5)
        trial.note_done()

    return Plan([Injection(f"clock of {name} {hours:+} h after {moment} s", act)])


def leave_lease(dice: random.Random) -> Plan:
    """F18b: a process whose clock is ahead takes work and dies; then all clocks are right.

    What it left must be taken up after a lease, not when the false time has come.
    """
    hours, point, nth = dice.choice((1, 24)), dice.choice(CLAIMS), dice.randint(1, 4)

    def act(trial: Trial) -> None:
        _set_all(trial, hours)
        trial.spring(point, nth, "kill")
        _set_all(trial, 0)
        _demand_near_leases(trial)

    return Plan([Injection(f"clocks {hours:+} h, kill at {point} #{nth}, clocks right", act)])


def _set_all(trial: Trial, hours: float) -> None:
    for name in trial.installation.children:
        set_clock(trial.installation.folder / f"clock-{name}", hours)


def _demand_near_leases(trial: Trial) -> None:
    """While the run goes on, a lease from the false time lasts no longer than another."""
    deadline = time.monotonic() + LEASE_PATIENCE
    while (ahead := count_far_leases(trial)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if ahead:
        trial.violations.append(
            f"I3 {ahead} leases of the false time still hold after {LEASE_PATIENCE} s"
        )
        # What follows is known, and waiting for the end of the run would tell no more.
        _void_far_leases(trial)


def count_far_leases(trial: Trial) -> int:
    """Leases that lie further ahead than any that is given."""
    store = trial.installation.store
    return sum(
        int(store.get(f"SELECT count(*) FROM {table} WHERE lease_until > {_far(trial)}"))
        for table in LEASED
    )


def _void_far_leases(trial: Trial) -> None:
    now = "datetime('now')" if trial.installation.store.is_sqlite else "now()"
    for table in LEASED:
        trial.installation.store.query(
            f"UPDATE {table} SET lease_until = {now} WHERE lease_until > {_far(trial)}"
        )


def _far(trial: Trial) -> str:
    is_sqlite = trial.installation.store.is_sqlite
    return "datetime('now', '+30 minutes')" if is_sqlite else "now() + interval '30 minutes'"


def stretch_token(dice: random.Random) -> Plan:
    """F18c: an agent is given a token by a server whose clock is ahead, and it expires in time."""
    hours, moment = dice.choice((1, 24)), round(dice.uniform(0, 0.6), 2)

    def act(trial: Trial) -> None:
        assert trial.site
        trial.wait_to(moment)
        offset = trial.installation.folder / "clock-server"
        set_clock(offset, hours)
        # It asks for another token as soon as it is started.
        trial.site.restart()
        trial.site.wait(lambda: _is_stretched(trial), "the agent to be given a token")
        set_clock(offset, 0)
        trial.note_done()
        _demand_fresh_token(trial)

    text = f"clock of server {hours:+} h after {moment} s, and a token given meanwhile"
    return Plan([Injection(text, act)], prepare=_open_site, interruptions=2)


def _open_site(trial: Trial) -> None:
    trial.site = Site(trial)
    trial.site.open()


def _is_stretched(trial: Trial) -> bool:
    assert trial.site
    plain = trial.site.id.replace("-", "")
    return bool(
        trial.installation.store.get(
            "SELECT count(*) FROM datasources_agent WHERE"
            f" replace(CAST(public_id AS TEXT), '-', '') = '{plain}'"
            f" AND token_expires_at > {_far(trial)}"
        )
    )


def _demand_fresh_token(trial: Trial) -> None:
    """While the agent is there to be refused: what a false clock gave it is not taken for long."""
    deadline = time.monotonic() + TOKEN_PATIENCE
    while _is_stretched(trial) and time.monotonic() < deadline:
        time.sleep(0.5)
    if _is_stretched(trial):
        trial.violations.append(
            f"I9 a token of the false time is still good {TOKEN_PATIENCE} s after the jump back"
        )
