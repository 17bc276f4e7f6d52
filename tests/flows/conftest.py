"""A running DataWave for whole flows, and real databases to discover."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge_agent.conftest import mysql, mysql_url, postgres, postgres_url
from tests.live import Client, LiveServer
from tests.prepared import place_database

__all__ = ["mysql", "mysql_url", "postgres", "postgres_url"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """An installation that runs until the module's tests are over."""
    home = tmp_path_factory.mktemp("live")
    place_database(home / "home")
    live = LiveServer(home).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def browser(server: LiveServer) -> Client:
    """The first administrator, signed in as a person."""
    return Client(server).sign_in()


@pytest.fixture(scope="module")
def admin(browser: Client) -> Client:
    """The first administrator, with an API token."""
    return browser.make_token()
