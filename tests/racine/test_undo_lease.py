"""Whoever takes a run back keeps it as long as it takes, and gives it away when it hangs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.utils import timezone

from apps.racine import services
from apps.racine.models import Undo
from apps.racine.services import undoing
from apps.racine.types import UndoState
from tests.people import People

from .conftest import WorkOff
from .test_undo import CUSTOMER, CUSTOMER_GROWN, discover

pytestmark = pytest.mark.django_db(transaction=True)


def test_undo_keeps_its_lease_when_a_step_takes_long(
    people: People,
    work_off: WorkOff,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.STAGE_LEASE_SECONDS = 0.9
    discover(people, [CUSTOMER], work_off)
    run = discover(people, [CUSTOMER_GROWN], work_off)
    undo = services.request_undo(run=run, user=people.alice)
    load_tables, seen = undoing.load_tables_by_job, []

    def take_long(ids: list[int]) -> Any:
        time.sleep(2)
        # Nobody else may take it up meanwhile.
        seen.append(Undo.objects.filter(lease_until__gt=timezone.now()).exists())
        return load_tables(ids)

    monkeypatch.setattr(undoing, "load_tables_by_job", take_long)
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert (undo.state, seen) == (UndoState.DONE, [True])


def test_undo_is_tried_again_when_a_step_hangs(
    people: People, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    discover(people, [CUSTOMER], work_off)
    run = discover(people, [CUSTOMER_GROWN], work_off)
    undo = services.request_undo(run=run, user=people.alice)

    def hang(ids: list[int]) -> Any:
        while True:
            time.sleep(0.01)

    settings.STAGE_LIMIT_SECONDS = 1
    monkeypatch.setattr(undoing, "load_tables_by_job", hang)
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert (undo.state, undo.failures) == (UndoState.OPEN, 1)
    monkeypatch.undo()
    settings.STAGE_LIMIT_SECONDS = 900
    Undo.objects.update(lease_until=None)
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert undo.state == UndoState.DONE
