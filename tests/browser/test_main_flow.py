"""A newcomer's way: sign in, add a source, test it, discover it, decide, read what is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.live import Client

from .conftest import Watched, make_sign_in_link

pytestmark = pytest.mark.browser
RUN_TIME = 60_000
SOURCE = 'Company "50%" {crm}'


def sign_in(watched: Watched) -> Page:
    page = watched.page
    page.goto(make_sign_in_link(watched.server))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good ")
    return page


def add_source(page: Page, database: Path) -> None:
    page.get_by_role("link", name="Data sources").click()
    page.get_by_role("link", name="Add data source").click()
    page.get_by_text("PostgreSQL", exact=True).click()
    expect(page.get_by_label("Host", exact=False).first).to_be_visible()
    page.get_by_text("SQLite", exact=True).click()
    expect(page.locator("[name=host]")).to_be_hidden()
    page.locator("[name=name]").fill(SOURCE)
    page.locator("[name=database]").fill(str(database))
    page.get_by_role("button", name="Save and test the connection").click()


def watch_run(page: Page) -> None:
    """From the button to the end on one page, never loaded again."""
    page.get_by_role("button", name="Start discovery").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Discovery #")
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("[data-run-log]")).to_contain_text("accepted", timeout=RUN_TIME)
    expect(page.locator("[data-run-state]")).to_have_text("Completed", timeout=RUN_TIME)
    expect(page.get_by_role("button", name="Discover again")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("Every table is accounted for")).to_be_visible()
    expect(page.locator("[data-run-field=progress]")).to_have_text("100%")
    assert page.evaluate("window.neverReloaded") is True


def read_waiting(page: Page) -> int:
    return int(page.locator("#waiting-all").inner_text().replace(",", ""))


def decide_and_undo(page: Page) -> None:
    page.get_by_role("link", name="Classification").click()
    waiting = read_waiting(page)
    page.locator("tr[data-row] [data-accept]").first.click()
    expect(page.locator("#waiting-all")).to_have_text(str(waiting - 1))
    page.locator("[data-undo]").get_by_role("button", name="Undo").click()
    expect(page.locator("#waiting-all")).to_have_text(str(waiting))


def test_newcomer_gets_from_sign_in_to_findings(stranger: Watched, demo: Path) -> None:
    page = sign_in(stranger)
    add_source(page, demo)
    expect(page.get_by_text("The connection works.")).to_be_visible()
    watch_run(page)
    decide_and_undo(page)
    page.get_by_role("link", name="Compliance").click()
    page.locator("#findings td.lead a").first.click()
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name=re.compile("Completed: discovery of")).first.click()
    expect(page.locator("[data-run-state]")).to_have_text("Completed")
    assert stranger.complaints == []


def test_failure_is_explained_and_resumed_without_a_reload(
    person: Watched, admin: Client, tmp_path: Path
) -> None:
    missing = tmp_path / "later.sqlite3"
    body = {"name": "not there yet", "engine": "sqlite", "database": str(missing)}
    source = admin.call("POST", "sources/", body)["id"]
    run = admin.call("POST", "runs/", {"source": source})["id"]
    page = person.open(f"/runs/{run}/")
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("[data-run-state]")).to_have_text("Failed", timeout=RUN_TIME)
    expect(page.get_by_role("alert")).to_contain_text("The file was not found.")
    missing.write_bytes(b"")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-run-state]")).to_have_text("Completed", timeout=RUN_TIME)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("window.neverReloaded") is True
    assert person.complaints == []
