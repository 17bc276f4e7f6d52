"""Notices and deliveries to start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.notifications import services
from apps.notifications.models import Notice
from apps.rbac.models import User

Tell = Callable[..., list[Notice]]


@pytest.fixture
def tell() -> Tell:
    """Tells one person something; fields may be given."""

    def make(user: User, **fields: Any) -> list[Notice]:
        values: dict[str, Any] = {
            "kind": "run_finished",
            "level": "success",
            "title": "Discovery #1 completed",
            "body": "30 tables, 4 findings",
            "url": "/runs/1/",
            "dedupe_key": "run:1:finished",
            **fields,
        }
        return services.notify(users=[user], **values)

    return make
