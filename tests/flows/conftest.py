"""A running DataWave for whole flows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import Client, LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """An installation that runs until the module's tests are over."""
    live = LiveServer(tmp_path_factory.mktemp("live")).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def admin(server: LiveServer) -> Client:
    """The first administrator, with an API token."""
    return Client(server).sign_in().make_token()
