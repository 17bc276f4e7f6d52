"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apps.rbac.models import User

from .people import People, make_people

SignIn = Callable[[User], Client]


@pytest.fixture
def people(db: None) -> People:
    """Alice, Bob, Charlie and Ada around one source."""
    return make_people()


@pytest.fixture
def sign_in() -> SignIn:
    """Makes a browser client that is signed in as the person."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make
