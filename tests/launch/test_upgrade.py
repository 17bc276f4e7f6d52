"""A database with runs in it goes from one version's tables to the next's and loses nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.live import ROOT, LiveServer

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT);
INSERT INTO customers (email) VALUES ('anna@example.org'), ('ben@example.org');
"""


class Installation:
    """A home with one discovery in it, and what its database holds."""

    def __init__(self, home: Path) -> None:
        self.live = LiveServer(home)
        shop = home / "shop.db"
        with closing(sqlite3.connect(shop)) as connection:
            connection.executescript(SHOP)
        self.manage("discover", str(shop))

    def manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.live.environment, capture_output=True, text=True,
            timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        path = Path(self.live.environment["DATAWAVE_HOME"]) / "datawave.sqlite3"
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchall()

    def count_rows(self) -> dict[str, object]:
        tables = self.ask(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND (name LIKE 'racine_%' OR name LIKE 'discovery_%') ORDER BY name"
        )
        return {str(name): self.ask(f"SELECT count(*) FROM {name}")[0][0] for (name,) in tables}

    def list_triggers(self) -> list[tuple[object, ...]]:
        return self.ask("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("upgrade"))


def test_nothing_is_lost_when_tables_with_guards_are_remade(installation: Installation) -> None:
    rows, triggers = installation.count_rows(), installation.list_triggers()
    assert rows["racine_run"] == 1
    assert len(triggers) > 5
    installation.manage("migrate", "racine", "0005")
    assert installation.list_triggers() == triggers
    installation.manage("migrate")
    assert installation.count_rows() == rows
    assert installation.list_triggers() == triggers
    assert installation.ask("PRAGMA foreign_key_check") == []
