"""A worker that has stopped to work is found out, and one that works hard is not."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from apps.racine import pulse, watchdog
from apps.racine.models import Run
from apps.racine.types import RunState
from apps.racine.watchdog import Watchdog
from tests.discovery.factories import feed_job, make_table

from .conftest import FakeStage, WorkOff

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(pulse.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(pulse, "_last_claim", self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In place of the real one, for the watchdog and the pulse."""
    return Clock(monkeypatch)


def never() -> None:
    pytest.fail("The process was ended.")


def test_it_speaks_up_when_ready_work_is_not_taken_up(run: Run, clock: Clock) -> None:
    dog = Watchdog(2, never)
    feed_job(run.source, [make_table("a")], run=run)
    assert dog.look() == ""
    clock.now += 119
    assert dog.look() == ""
    clock.now += 2
    assert "none was taken up" in dog.look()


def test_it_speaks_up_when_a_run_is_not_settled(run: Run, clock: Clock, stage: FakeStage) -> None:
    dog = Watchdog(2, never)
    feed_job(run.source, [], run=run)
    run.refresh_from_db()
    assert run.state == RunState.SETTLING
    dog.look()
    clock.now += 121
    assert "none was taken up" in dog.look()


def test_it_stays_silent_when_nothing_is_ready(
    run: Run, clock: Clock, work_off: WorkOff, stage: FakeStage
) -> None:
    dog = Watchdog(2, never)
    feed_job(run.source, [make_table("a")], run=run)
    dog.look()
    work_off()
    clock.now += 500
    assert dog.look() == ""
    # What is ready from now on has its own time.
    clock.now += 500
    assert dog.look() == ""


def test_it_stays_silent_when_work_was_taken_up_meanwhile(run: Run, clock: Clock) -> None:
    dog = Watchdog(2, never)
    feed_job(run.source, [make_table("a")], run=run)
    dog.look()
    clock.now += 100
    with pulse.working():
        pass
    clock.now += 100
    assert dog.look() == ""


def test_it_stays_silent_when_every_thread_is_busy(run: Run, clock: Clock) -> None:
    dog = Watchdog(1, never)
    feed_job(run.source, [make_table("a")], run=run)
    with pulse.working():
        dog.look()
        clock.now += 300
        assert dog.look() == ""


def test_it_speaks_up_when_every_thread_hangs(clock: Clock, settings: Any) -> None:
    settings.STAGE_LIMIT_SECONDS = 10
    dog = Watchdog(1, never)
    with pulse.working():
        clock.now += 60
        assert dog.look() == ""
        clock.now += 20
        assert "does not end" in dog.look()
    assert dog.look() == ""


def test_process_is_ended_once_when_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.01)
    ended: list[bool] = []
    dog = Watchdog(1, lambda: ended.append(True))
    monkeypatch.setattr(dog, "look", lambda: "a reason")
    dog.run(threading.Event())
    assert ended == [True]


def test_process_becomes_a_new_one_when_it_is_restarted() -> None:
    """The same command again, with nothing left of the threads that hung."""
    code = (
        "import os, sys, threading, time\n"
        "from datawave.launch.workers import restart_process\n"
        "if os.environ.get('SECOND'): print('second', os.getpid()); sys.exit(0)\n"
        "os.environ['SECOND'] = '1'; print('first', os.getpid(), flush=True)\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "restart_process()\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"}
    start = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    first, second = (line.split() for line in done.stdout.splitlines())
    assert (first[0], second[0]) == ("first", "second")
    assert first[1] == second[1]
