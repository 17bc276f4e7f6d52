"""What takes work away strikes that work, and nothing that its thread does later."""

from __future__ import annotations

import threading
import time

import pytest

from apps.racine.leases import LeaseKeeper, WorkTakenAway


def keep(*, limit: float) -> LeaseKeeper:
    """A keeper of a lease that nobody takes."""
    return LeaseKeeper(lambda: True, 0.03, limit=limit, give_away=lambda: None)


class StruckLock:
    """Lets its holder be struck just before the first time it takes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder = threading.get_ident()
        self.struck = False

    def __enter__(self) -> None:
        if threading.get_ident() == self._holder and not self.struck:
            self.struck = True
            raise WorkTakenAway
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_later_work_is_spared_when_the_strike_comes_on_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeper, lock = keep(limit=0.2), StruckLock()
    monkeypatch.setattr(keeper, "_ending", lock)
    with pytest.raises(WorkTakenAway), keeper:
        pass
    # Long enough for the keeper to strike here, had it not been stopped.
    time.sleep(0.5)
    assert lock.struck


def test_work_is_ended_when_it_takes_longer_than_its_limit() -> None:
    with pytest.raises(WorkTakenAway):
        work_for_ever(keep(limit=0.05))


def work_for_ever(keeper: LeaseKeeper) -> None:
    with keeper:
        while True:
            time.sleep(0.01)
