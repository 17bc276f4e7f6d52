"""The fault table: each row draws the faults of one run by seed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.harness import (
    fake_agent,
    rows_of_agents,
    rows_of_beats,
    rows_of_brokers,
    rows_of_clocks,
    rows_of_disks,
    rows_of_doors,
    rows_of_size,
    rows_of_work,
)
from tests.faults.harness.installation import Kind, Mode
from tests.faults.harness.phases import (
    AGENT_POINTS,
    FAILING_POINTS,
    PHASES,
    REQUESTS,
    WEB_POINTS,
    WORK_POINTS,
)
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.proxy import Rule
from tests.faults.harness.trial import Trial

BOTH: tuple[Mode, ...] = ("embedded", "full")
FULL: tuple[Mode, ...] = ("full",)
EMBEDDED: tuple[Mode, ...] = ("embedded",)


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    title: str
    make: Callable[[random.Random], Plan]
    modes: tuple[Mode, ...] = BOTH
    # What the installation needs: small disks, a clock that can be set, a mail server, ...
    kind: Kind = "plain"


def _trap(dice: random.Random, points: dict[str, int], action: str = "kill") -> Injection:
    point = dice.choice(sorted(points))
    # Less than all, for those that another process or thread passes do not count.
    nth = dice.randint(1, max(1, points[point] // 2))
    seconds = round(dice.uniform(0.2, 3.5), 2)

    def act(trial: Trial) -> None:
        trial.spring(point, nth, action, seconds)

    return Injection(f"{action} at {point} #{nth}", act, phase=PHASES.index(point))


def _some(dice: random.Random, make: Callable[[], Injection], most: int = 3) -> list[Injection]:
    made = [make() for _ in range(dice.randint(1, most))]
    # In the order of the phases, or the later ones would find the run over.
    return sorted(made, key=lambda injection: injection.phase)


def kill_work(dice: random.Random) -> Plan:
    """F1: kill -9 of the process that works, at each phase."""
    return Plan(_some(dice, lambda: _trap(dice, WORK_POINTS)))


def stop_worker(dice: random.Random) -> Plan:
    """F2: one worker of two is killed, or held for longer than its lease and let go."""
    return Plan(_some(dice, lambda: _strike(dice, ("worker1", "worker2", "beat"))))


def _strike(dice: random.Random, names: tuple[str, ...]) -> Injection:
    name, moment = dice.choice(names), round(dice.uniform(0, 1.5), 2)
    held = dice.choice((0.0, 2.5, 4.0))

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        child = trial.installation.children[name]
        if held:
            child.freeze()
            time.sleep(held)
            child.thaw()
        else:
            child.kill()
        trial.note_done()

    return Injection(f"{f'hold {held} s' if held else 'kill'} {name} after {moment} s", act)


def kill_agent(dice: random.Random) -> Plan:
    """F3: kill -9 of the agent at each phase."""
    return Plan(_some(dice, lambda: _trap(dice, AGENT_POINTS)))


def hold_agent(dice: random.Random) -> Plan:
    """F3b: the agent is held for longer than its lease, and goes on."""
    return Plan([_strike_held(dice)])


def _strike_held(dice: random.Random) -> Injection:
    moment, held = round(dice.uniform(0, 1), 2), round(dice.uniform(3.5, 6), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        trial.installation.children["agent"].freeze()
        time.sleep(held)
        trial.installation.children["agent"].thaw()
        trial.note_done()

    return Injection(f"hold the agent for {held} s after {moment} s", act)


def kill_web(dice: random.Random) -> Plan:
    """F4: kill -9 of the web process in the middle of a body, or between commit and answer."""
    return Plan(_some(dice, lambda: _trap(dice, WEB_POINTS)))


def lose_redis(dice: random.Random) -> Plan:
    """F5: Redis is killed without having stored anything, or emptied."""

    def make() -> Injection:
        moment, kill = round(dice.uniform(0, 1.5), 2), dice.random() < 0.5

        def act(trial: Trial) -> None:
            trial.wait_to(moment)
            if kill and trial.installation.redis:
                trial.installation.redis.kill()
            else:
                trial.installation.flush_redis()
            trial.note_done()

        return Injection(f"{'kill Redis' if kill else 'FLUSHALL'} after {moment} s", act)

    return Plan(_some(dice, make, 4))


def hold_redis(dice: random.Random) -> Plan:
    """F6: Redis answers nothing for a while."""
    moment, held = round(dice.uniform(0, 1), 2), round(dice.uniform(1, 6), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        assert trial.installation.redis
        trial.installation.redis.freeze()
        time.sleep(held)
        trial.installation.redis.thaw()
        trial.note_done()

    return Plan([Injection(f"hold Redis for {held} s after {moment} s", act)])


def cut_postgres(dice: random.Random) -> Plan:
    """F7: every connection to PostgreSQL is ended, again and again."""

    def make() -> Injection:
        moment = round(dice.uniform(0, 1.2), 2)

        def act(trial: Trial) -> None:
            trial.wait_to(moment)
            trial.installation.store.terminate_others()
            trial.note_done()

        return Injection(f"end all PostgreSQL backends after {moment} s", act)

    return Plan(_some(dice, make, 4))


def fail_database(dice: random.Random) -> Plan:
    """F8: a statement fails as after a deadlock or a lost connection."""
    return Plan(_some(dice, lambda: _trap(dice, FAILING_POINTS, "fail")))


def harm_network(dice: random.Random) -> Plan:
    """F11: cuts, holes, losses and lies between the agent and the server."""
    return Plan(_some(dice, lambda: _harm(dice)))


def _harm(dice: random.Random) -> Injection:
    kinds = ("reset", "hole", "hold", "lose_reply", "half_reply", "cut_body", "captive",
             "half_open")  # fmt: skip
    spans = ("refuse", "freeze", "latency", "loss")
    kind = dice.choice(kinds + spans)
    seconds = round(dice.uniform(0.5, 4), 1)
    if kind in spans:
        return _harm_span(kind, seconds, round(dice.uniform(0, 1), 2))
    match, most = dice.choice(REQUESTS)
    return harm_request(Rule(kind, match, dice.randint(1, most), seconds))


def _harm_span(kind: str, seconds: float, moment: float) -> Injection:
    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        proxy = trial.installation.proxy
        if kind == "refuse":
            proxy.refuse(seconds)
        elif kind == "freeze":
            proxy.freeze(seconds)
        elif kind == "latency":
            proxy.latency = seconds / 4
        else:
            proxy.loss = 0.3
        time.sleep(seconds)
        proxy.heal()
        trial.note_done()

    return Injection(f"{kind} for {seconds} s after {moment} s", act)


def harm_request(rule: Rule) -> Injection:
    """A fault that one request meets on its way."""

    def act(trial: Trial) -> None:
        trial.installation.proxy.rule = rule
        trial.wait_to(0)
        while not rule.done.wait(0.02):
            if trial.is_over():
                trial.notes.append(f"({rule.match} #{rule.nth} was not asked)")
                return
        trial.note_done()

    phases = {"open$": 1, "progress": 20, "batches": 21, "close$": 40}
    text = f"{rule.kind} of {rule.match} #{rule.nth}"
    return Injection(text, act, phase=phases[rule.match] + rule.nth)


def repeat_requests(dice: random.Random) -> Plan:
    """F12: requests arrive twice or ten times at once, at once or much later."""

    def make() -> Injection:
        match, most = dice.choice(REQUESTS)
        copies, later = dice.choice((1, 10)), dice.choice((0.0, 0.0, 0.5, 2.0))
        return harm_request(Rule("repeat", match, dice.randint(1, most), later, copies))

    return Plan(_some(dice, make, 4))


def reorder_batches(dice: random.Random) -> Plan:
    """F13: batches arrive in any order, with gaps, twice and in parallel."""
    return Plan([], drive=fake_agent.make_reordering(random.Random(dice.random())))


def damage_batches(dice: random.Random) -> Plan:
    """F14: batches are cut short, have bits flipped and wrong headers, before the right ones."""
    drive = fake_agent.make_damaging(random.Random(dice.random()))
    # An agent that contradicts itself fails the run, and another makes it whole.
    return Plan([], drive=drive, states=("completed", "failed"))


def cancel(dice: random.Random) -> Plan:
    """F24: a person stops the run at any phase, also when it is just ending."""
    points = WORK_POINTS | WEB_POINTS
    point = dice.choice(sorted(set(points) - {"hint.before", "deliver.before", "deliver.after"}))
    # The longest leaves a worker at its work when the run has ended.
    nth, hold = dice.randint(1, points[point]), dice.choice((0.0, 0.05, 0.3, 1.5))

    def act(trial: Trial) -> None:
        if trial.spring(point, nth, "wait", hold):
            trial.injected -= 1
            trial.press_cancel()
            trial.note_done()

    states = ("cancelled", "completed")
    return Plan([Injection(f"cancel at {point} #{nth}, held {hold} s", act)], states=states)


def cancel_and_kill(dice: random.Random) -> Plan:
    """F24b: the run is stopped, and then the agent or the server is killed too."""
    moment, name = round(dice.uniform(0, 1.2), 2), dice.choice(("agent", "server"))

    def act(trial: Trial) -> None:
        trial.wait_to(moment)
        trial.press_cancel()
        trial.note_done()
        trial.installation.children[name].kill()

    text = f"cancel after {moment} s and kill the {name}"
    return Plan([Injection(text, act)], states=("cancelled", "completed"))


def confuse_sweepers(dice: random.Random) -> Plan:
    """F28: three sweepers at once, or none for a while, with a kill that needs one."""
    kind = dice.choice(("stopped", "doubled"))
    seconds = round(dice.uniform(1, 5), 1)

    def act(trial: Trial) -> None:
        flag = trial.installation.home / f"sweeping-{kind}"
        flag.touch()
        trial.wait_to(seconds)
        flag.unlink(missing_ok=True)
        trial.note_done()

    sweeping = Injection(f"sweeping {kind} for {seconds} s", act)
    if kind == "stopped":
        return Plan([sweeping, _trap(dice, WORK_POINTS)], judge=rows_of_beats.judge_schedule)
    faults = [_double(), *_some(dice, lambda: _trap(dice, WORK_POINTS))]
    return Plan(faults, judge=rows_of_beats.judge_schedule)


def _double() -> Injection:
    def act(trial: Trial) -> None:
        # Until the trial is mended.
        (trial.installation.home / "sweeping-doubled").touch()
        trial.note_done()

    return Injection("three sweepers at once", act)


def mix(dice: random.Random) -> Plan:
    """MIX: faults of several rows in one run."""
    makers = (
        lambda: _trap(dice, WORK_POINTS),
        lambda: _trap(dice, WEB_POINTS),
        lambda: _trap(dice, AGENT_POINTS),
        lambda: _trap(dice, FAILING_POINTS, "fail"),
        lambda: _harm(dice),
    )
    made = [dice.choice(makers)() for _ in range(dice.randint(2, 4))]
    return Plan(sorted(made, key=lambda injection: injection.phase))


TABLE = (
    Row("F1", "kill -9 of the worker at each phase", kill_work),
    Row("F2", "one of two workers killed or held past its lease", stop_worker, FULL),
    Row("F3", "kill -9 of the agent at each phase", kill_agent),
    Row("F3b", "agent held past its lease", hold_agent),
    Row("F4", "kill -9 of the web process around commits", kill_web),
    Row("F5", "Redis killed or emptied", lose_redis, FULL),
    Row("F6", "Redis held", hold_redis, FULL),
    Row("F6b", "Redis full", rows_of_brokers.fill_redis, FULL),
    Row("F7", "PostgreSQL backends ended", cut_postgres, FULL),
    Row("F8", "statements fail", fail_database),
    Row("F7b", "kill -9 of PostgreSQL", rows_of_disks.kill_postgres, FULL, "postgres"),
    Row("F8b", "database slow or locked", rows_of_disks.slow_database),
    Row("F9", "the server's disk is full", rows_of_disks.fill_server, EMBEDDED, "disks"),
    Row("F10", "the agent's disk is full", rows_of_disks.fill_spool, EMBEDDED, "disks"),
    Row("F11", "network cut, held, slow, lossy, captive", harm_network),
    Row("F12", "requests repeated", repeat_requests),
    Row("F13", "batches reordered, with gaps, in parallel", reorder_batches),
    Row("F14", "batches damaged", damage_batches),
    Row("F15", "bombs", rows_of_doors.throw_bombs),
    Row("F16", "slow senders", rows_of_doors.trickle),
    Row("F17", "a stage raises, hangs, swells, crashes", rows_of_work.poison_stage),
    Row("F18", "clocks jump by a day", rows_of_clocks.skew_clocks),
    Row("F18b", "a lease left behind by a false clock", rows_of_clocks.leave_lease),
    Row("F18c", "a token given by a false clock", rows_of_clocks.stretch_token),
    Row("F19", "agent revoked, token replayed, code used twice", rows_of_agents.revoke_agent),
    Row("F20", "identity copied", rows_of_agents.copy_identity),
    Row("F21", "agent and server of different versions", rows_of_agents.mix_versions),
    Row("F22", "processes replaced around a migration", rows_of_work.deploy),
    Row("F23", "database set back to a backup", rows_of_agents.restore_backup),
    Row("F24", "cancel at each phase", cancel),
    Row("F24b", "cancel and kill", cancel_and_kill),
    Row("F24c", "cancelled and resumed", rows_of_work.resume_cancelled),
    Row("F25", "many tables, a wide one, a long one", rows_of_size.discover_large),
    Row("F26", "the schema changes meanwhile", rows_of_disks.harm_source),
    Row("F27", "the source is locked", rows_of_disks.lock_source),
    Row("F28", "sweeper stopped or doubled", confuse_sweepers),
    Row("F29", "live pages cut off", rows_of_doors.lose_live),
    Row("F30", "mail down, slow, refused, forgotten", rows_of_doors.harm_mail, BOTH, "mail"),
    Row("MIX", "several at once", mix),
)
