"""Connections of a worker's threads, which Celery's signals surround."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


def run_in_thread(act: Callable[[], Any]) -> Any:
    """As a worker's thread does, with a connection of its own."""
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(act())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def run_task() -> Any:
    """A task that asks the database something; the driver's connection after it."""
    task = Mock(**{"request.is_eager": False})
    task_prerun.send(sender=task, task=task)
    connection.ensure_connection()
    task_postrun.send(sender=task, task=task)
    return connection.connection


def test_file_stays_open_when_a_thread_works_on() -> None:
    if connection.vendor != "sqlite":
        assert run_in_thread(run_task) is None  # back in its pool
        return
    first, second = run_in_thread(lambda: (run_task(), run_task()))
    assert first is not None
    assert second is first


def test_file_is_opened_anew_when_it_was_open_for_long() -> None:
    def work() -> tuple[Any, Any]:
        first = run_task()
        connection.close_at = 0.0
        return first, run_task()

    first, second = run_in_thread(work)
    assert second is not first or connection.vendor != "sqlite"
