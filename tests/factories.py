"""Makes rows that tests start from; each factory fills only what must be there."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from django.contrib.auth import get_user_model

from apps.datasources.models import Agent, DataSource
from apps.rbac.models import User

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"


def make_user(username: str = "", **fields: Any) -> User:
    """A person without any role, whose password is PASSWORD."""
    name = username or f"person{next(_numbers)}"
    user = get_user_model().objects.create_user(
        username=name, email=f"{name}@example.test", password=PASSWORD, **fields
    )
    assert isinstance(user, User)
    return user


def make_source(name: str = "", **fields: Any) -> DataSource:
    """An SQLite source that nobody has been given a role on."""
    values: dict[str, Any] = {"engine": "sqlite", "database": "/nowhere/crm.sqlite", **fields}
    return DataSource.objects.create(name=name or f"source{next(_numbers)}", **values)


def make_agent(name: str = "", token: str = "", **fields: Any) -> Agent:
    """An agent; give a token to call the edge API as it."""
    number = next(_numbers)
    secret = token or f"dwa_token{number}"
    return Agent.objects.create(
        name=name or f"agent{number}",
        token_hash=hashlib.sha256(secret.encode()).hexdigest(),
        **fields,
    )
