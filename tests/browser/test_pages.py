"""Every page: readable by everyone, in both themes and on a phone, silent, and small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.live import Client, LiveServer

from .conftest import Watched

pytestmark = pytest.mark.browser
FIRST_VISIT = 300 * 1024
PLAIN = ("/sign-in/", "/sign-in/link/not-a-link/")
PATHS = (
    "/", "/sources/", "/sources/add/", "/sources/?q=nothing-like-it", "/agents/",
    "/agents/{agent}/",
    "/runs/", "/runs/?state=failed", "/schedules/",
    "/inbox/", "/inbox/?show=unread", "/profile/", "/people/",
    "/catalog/", "/catalog/?q=customer", "/classification/", "/classification/?q=nothing-like-it",
    "/compliance/", "/compliance/rules/",
    "/sources/{source}/", "/sources/{source}/edit/", "/sources/{source}/delete/",
    "/sources/{source}/schedule/", "/sources/{source}/hours/", "/schedules/{schedule}/",
    "/sources/tests/{test}/", "/runs/{run}/", "/runs/{run}/undo/", "/runs/{run}/compare/",
    "/compliance/{finding}/", "/labels/{label}/",
    "/catalog/{dataset}/", "/catalog/{dataset}/?tab=profile", "/catalog/{dataset}/?tab=findings",
    "/catalog/{dataset}/?tab=relations", "/catalog/{dataset}/?tab=structure",
    "/catalog/{dataset}/?tab=history",
    "/compliance/?state=fixed", "/api/v1/docs/",
    "/catalog/{dataset}/?tab=sign-off", "/classification/sign-offs/", "/classification/review/",
    "/classification/types/new/", "/classification/thresholds/",
    "/classification/thresholds/contact.email/",
    "/classification/models/", "/classification/agreement/", "/classification/types/",
    "/classification/types/teach/?label={label}", "/replays/{replay}/",
)  # fmt: skip


@pytest.fixture(scope="session")
def ids(admin: Client, demo: Path) -> dict[str, str]:
    """One thing of each kind, after a discovery of the demo."""
    body = {"name": "pages", "engine": "sqlite", "database": str(demo)}
    source = admin.call("POST", "sources/", body)["id"]
    run = admin.call("POST", "runs/", {"source": source})["id"]
    done = admin.wait_for_run(run)
    assert done["state"] == "completed", done
    plan = {"source": source, "kind": "cron", "cron": "30 2 * * *"}
    return {
        "source": source,
        "schedule": admin.call("POST", "schedules/", plan)["id"],
        "run": run,
        "test": admin.call("POST", f"sources/{source}/tests/")["id"],
        "dataset": first_id(admin, "datasets/"),
        "label": first_id(admin, "labels/"),
        "finding": first_id(admin, "findings/"),
        "agent": first_id(admin, "agents/"),
        "replay": admin.call("POST", f"models/{first_id(admin, 'models/')}/preview/")["id"],
    }


def first_id(admin: Client, path: str) -> str:
    return str(admin.call("GET", path)["results"][0]["id"])


CONTRAST = {"runOnly": ["color-contrast"]}
ALL_BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
TABLE_LEAVES_CARD = """(() => {
    const right = (each) => each.getBoundingClientRect().right;
    const tables = [...document.querySelectorAll(".card > table")];
    return tables.some((each) => right(each) > right(each.parentElement) + 1);
})()"""


def find_faults(page: Page, name: str, **options: Any) -> list[str]:
    """What axe-core finds, and whether the page is wider than the window."""
    asked = {"resultTypes": ["violations"], **options}
    violations: list[dict[str, Any]] = Axe().run(page, options=asked).response["violations"]
    faults = [
        f"{name}: {violation['id']} at {violation['nodes'][0]['target']}"
        for violation in violations
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append(f"{name}: wider than the window")
    if page.evaluate(TABLE_LEAVES_CARD):
        faults.append(f"{name}: a table is wider than its card")
    return faults


def find_all_faults(watched: Watched, path: str) -> list[str]:
    """The dark theme changes nothing but colours, and a phone everything but those."""
    watched.page.set_viewport_size({"width": 1280, "height": 900})
    page = watched.open(path)
    faults = find_faults(page, "light")
    page.emulate_media(color_scheme="dark")
    faults += find_faults(page, "dark", **CONTRAST)
    page.set_viewport_size({"width": 390, "height": 844})
    faults += find_faults(page, "phone", **ALL_BUT_CONTRAST)
    return faults + watched.complaints


@pytest.mark.parametrize("path", PATHS)
def test_page_has_no_fault(person: Watched, ids: dict[str, str], path: str) -> None:
    assert find_all_faults(person, path.format(**ids)) == []


@pytest.mark.parametrize("path", PLAIN)
def test_page_has_no_fault_when_nobody_is_signed_in(stranger: Watched, path: str) -> None:
    assert find_all_faults(stranger, path) == []


@pytest.mark.parametrize("path", PATHS)
def test_first_visit_is_small(person: Watched, ids: dict[str, str], path: str) -> None:
    session = person.page.context.new_cdp_session(person.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    person.open(path.format(**ids))
    person.page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) <= FIRST_VISIT


def test_menu_and_palette_work_by_keyboard(person: Watched, ids: dict[str, str]) -> None:
    page = person.open("/")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/sources/")
    page.keyboard.press("Control+k")
    page.keyboard.type("inbox")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/")
    assert person.complaints == []


def test_queue_is_worked_off_by_keyboard(person: Watched, ids: dict[str, str]) -> None:
    page = person.open(f"/classification/review/?source={ids['source']}&q=note")
    current = "document.activeElement.closest('[data-row]')?.id ?? ''"
    page.keyboard.press("j")
    first = page.evaluate(current)
    page.keyboard.press("r")
    page.wait_for_selector(f"#{first}", state="detached")
    page.wait_for_function(f"{current} !== ''")
    page.keyboard.press("u")
    page.wait_for_selector(f"#{first}")
    page.wait_for_function(f"{current} !== ''")
    page.keyboard.press("c")
    page.wait_for_selector("#chooser[open]")
    assert person.complaints == []


REJECT_AT_ONCE = """document.addEventListener("DOMContentLoaded", () => {
    if (!sessionStorage.pressed) document.querySelector("[data-reject]").click();
    sessionStorage.pressed = "yes";
})"""


def test_press_counts_when_it_comes_before_the_page_is_loaded(
    person: Watched, ids: dict[str, str]
) -> None:
    person.page.add_init_script(REJECT_AT_ONCE)
    page = person.open(f"/classification/review/?source={ids['source']}&q=note")
    page.locator("[data-undo] button").click()
    page.wait_for_selector("[data-undo] button", state="detached")
    assert person.complaints == []


def test_stranger_sees_nothing_of_others(
    browser: Browser, server: LiveServer, ids: dict[str, str]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/sources/{ids['source']}/")
    assert "/sign-in/" in page.url
    context.close()
