"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, settings

from apps.classification.vocabulary import refresh_vocabulary
from apps.rbac.models import User

from .people import People, make_people

SignIn = Callable[[User], Client]
# How slow a machine is that has other work says nothing about what is tested.
settings.register_profile("datawave", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("datawave")


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empties tables by DELETE: cheap for few rows, while PostgreSQL's TRUNCATE makes new files."""

    def sql_flush(_style: Any, tables: list[str], **_: Any) -> list[str]:
        # Foreign keys are checked at the end, so any order will do; but the history of a run
        # can't be deleted while the run is there.
        ordered = sorted(tables, key=lambda table: table == "racine_statechange")
        return [f"DELETE FROM {connection.ops.quote_name(table)}" for table in ordered]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", lambda _self, *a, **k: sql_flush(*a, **k))
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What another test left in the cache belongs to rows that are gone."""
    cache.clear()


@pytest.fixture
def people(db: None) -> People:
    """Alice, Bob, Charlie and Ada around one source."""
    # Each process reads the types once, which is no part of what a test counts.
    refresh_vocabulary()
    return make_people()


@pytest.fixture
def sign_in() -> SignIn:
    """Makes a browser client that is signed in as the person."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make
