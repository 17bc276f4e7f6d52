"""Rows about agents that are refused, copied, of another version, or ahead of their server."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from tests.faults.harness.fake_agent import make_newer
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.proxy import Rule
from tests.faults.harness.site import Site
from tests.faults.harness.trial import Trial

# A request that is under way when the agent is revoked may still be taken.
UNDER_WAY = 1.0
WATCHED_SECONDS = 2.5


def _open_site(trial: Trial) -> None:
    trial.site = Site(trial)
    trial.site.open()


def revoke_agent(dice: random.Random) -> Plan:
    """F19: the agent is revoked while it sends, or its signed answer is played again.

    Nothing more of it is taken in; let in again, it goes on. Its code was used by two at once.
    """
    replayed, moment = dice.random() < 0.5, round(dice.uniform(0, 1.2), 2)

    def act(trial: Trial) -> None:
        site = trial.site
        assert site
        trial.wait_to(moment)
        if replayed:
            _replay(trial, site)
        else:
            trial.installation.call("POST", f"agents/{site.id}/revoke/")
        site.wait(lambda: site.look()["revoked_at"] is not None, "the agent to be revoked")
        trial.note_done()
        _watch_silence(trial, site)
        site.renew()

    text = f"{'replay its token request' if replayed else 'revoke the agent'} after {moment} s"
    because = "replayed" if replayed else "admin"
    return Plan(
        [Injection(text, act)], prepare=_open_site, judge=_judge_revoked(because), interruptions=2
    )


def _replay(trial: Trial, site: Site) -> None:
    rule = Rule("repeat", "token$")
    trial.installation.proxy.rule = rule
    # Has the agent ask for another token at its next heartbeat, or when it is started again.
    site.restart()
    site.wait(rule.done.is_set, "the agent to ask for a token")


def _watch_silence(trial: Trial, site: Site) -> None:
    time.sleep(UNDER_WAY)
    before = site.count_batches()
    time.sleep(WATCHED_SECONDS)
    if (after := site.count_batches()) != before:
        trial.violations.append(f"I9 a revoked agent sent {after - before} batches more")


def _judge_revoked(because: str) -> Callable[[Trial], Iterable[str]]:
    def judge(trial: Trial) -> Iterable[str]:
        site, store = trial.site, trial.installation.store
        assert site
        revoked = [
            detail
            for (detail,) in store.query(
                "SELECT detail FROM rbac_auditentry WHERE action = 'agent_revoked'"
            )
            if f"site {trial.bench.number}" in str(detail)
        ]
        if len(revoked) != 1:
            yield f"I7 revoking was audited {len(revoked)} times"
        alerts = store.get(
            "SELECT count(*) FROM notifications_notice WHERE kind = 'agent_misused'"
            f" AND url LIKE '%{site.id}%'"
        )
        if alerts != int(because != "admin"):
            yield f"I12 {alerts} alerts of an agent that was revoked because: {because}"

    return judge


def copy_identity(dice: random.Random) -> Plan:
    """F20: a second agent runs with a copy of the first one's identity.

    It is noticed, both are refused and administrators are told; the one that is let in goes on.
    """
    moment = round(dice.uniform(0, 1.2), 2)

    def act(trial: Trial) -> None:
        site = trial.site
        assert site
        trial.wait_to(moment)
        site.copy()
        site.wait(lambda: site.look()["revoked_at"] is not None, "the copy to be noticed")
        trial.note_done()
        _watch_silence(trial, site)
        if (told := site.look()["revoked_because"]) != "copied":
            trial.violations.append(f"I12 a copied agent was revoked because: {told}")
        site.stop("copy")
        site.renew()

    text = f"start a copy of the agent after {moment} s"
    return Plan(
        [Injection(text, act)], prepare=_open_site, judge=_judge_revoked("copied"), interruptions=4
    )


def mix_versions(dice: random.Random) -> Plan:
    """F21: the agent or the server is of another version, and says more or less than is known."""
    if dice.random() < 0.5:
        return Plan([], drive=make_newer(random.Random(dice.random())))
    age = dice.choice(("newer", "older"))

    def act(trial: Trial) -> None:
        # Set before the run starts, and taken away by the trial's mending.
        (trial.installation.home / f"server-{age}").touch()
        trial.wait_to(0)
        while not trial.is_over():
            time.sleep(0.05)
        trial.note_done()

    return Plan([Injection(f"the server is {age} than its agent", act)])


def restore_backup(dice: random.Random) -> Plan:
    """F23: the server's database is set back to what it was earlier in the run, or before its end.

    The agent sends again what the server lacks, and the catalogue becomes what it was.
    """
    taken, later = round(dice.uniform(0, 0.8), 2), round(dice.uniform(0.2, 2.5), 2)

    def act(trial: Trial) -> None:
        trial.wait_to(taken)
        while not trial.run_number:
            time.sleep(0.01)
        backup = trial.installation.back_up()
        time.sleep(later)
        trial.installation.restore(backup)
        trial.note_done()

    text = f"a backup taken after {taken} s is restored {later} s later"
    # What the agent had closed is begun anew.
    return Plan([Injection(text, act)], interruptions=12)
