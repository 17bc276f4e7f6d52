"""A running DataWave for whole flows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Client, LiveServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A fresh installation that runs until the test is over."""
    live = LiveServer(tmp_path).start()
    yield live
    live.stop()


@pytest.fixture
def admin(server: LiveServer) -> Client:
    """The first administrator, with an API token."""
    return Client(server).sign_in().make_token()
