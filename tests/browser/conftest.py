"""A real Chromium in front of a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from datawave.demo import build_demo
from tests.live import ROOT, Client, LiveServer
from tests.prepared import place_database

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# What the browser waits for; the machine may have other work.
PATIENCE = 20_000


@dataclass
class Watched:
    """A page with all that its console complained of."""

    page: Page
    server: LiveServer
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path of the server and wait until its scripts have run."""
        answer = self.page.goto(self.server.url + path)
        assert answer is not None
        assert answer.ok, f"{path} answered {answer.status}"
        return self.page


def find_chromium() -> str | None:
    """An installed browser: named by CHROMIUM, or on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


# Of a module, not of the session: Playwright's loop would stand in the way of other tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none, CI fails and others skip."""
    path = find_chromium()
    if path is None:
        lacking = "Chromium was not found; install it or name it in CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """An installation of its own, empty at first, with files compressed as in real use."""
    storage = "servestatic.storage.CompressedManifestStaticFilesStorage"
    home = tmp_path_factory.mktemp("browser")
    place_database(home / "home")
    live = LiveServer(home, DATAWAVE_STATIC_STORAGE=storage).start()
    yield live
    live.stop()


@pytest.fixture(scope="session")
def admin(server: LiveServer) -> Client:
    """The first administrator, by cookies."""
    return Client(server).sign_in()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's database."""
    path = tmp_path_factory.mktemp("demo") / "company.sqlite3"
    build_demo(path)
    return path


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of a stranger: nobody is signed in."""
    made = browser.new_context(reduced_motion="reduce", viewport={"width": 1440, "height": 900})
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def stranger(context: BrowserContext, server: LiveServer) -> Watched:
    """A page before signing in."""
    return watch(context, server)


@pytest.fixture
def person(context: BrowserContext, server: LiveServer, admin: Client) -> Watched:
    """A page of the signed-in administrator."""
    context.add_cookies(
        [{"name": c.name, "value": c.value or "", "url": server.url} for c in admin.cookies]
    )
    return watch(context, server)


def watch(context: BrowserContext, server: LiveServer) -> Watched:
    """A new page whose console is listened to."""
    watched = Watched(context.new_page(), server)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on(
        "console",
        lambda said: (
            watched.complaints.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    return watched


def make_sign_in_link(server: LiveServer) -> str:
    """A one-time link, as an administrator makes it on the server."""
    command = [sys.executable, "manage.py", "sign_in_link"]
    done = subprocess.run(
        command, cwd=ROOT, env=server.environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1]
