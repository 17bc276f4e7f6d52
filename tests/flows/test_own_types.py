"""A type made of patterns and words, found by the real agent in the next discovery."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from tests.live import Client, LiveServer

from .test_discovery import add_sqlite

BODY = {
    "title": "Debtor number", "sensitivity": "confidential", "personal": True,
    "patterns": [r"ZQ[A-Z]-\d{6}"], "words": ["zqx unknown"], "fitting": ["ZQX-004711"],
    "others": ["INV-004711"],
}  # fmt: skip


def find_labels(admin: Client, source: str) -> dict[str, Any]:
    rows = admin.call("GET", f"labels/?source={source}")["results"]
    return {row["column"]: row for row in rows}


def test_type_is_suggested_when_its_pattern_was_counted_on_the_host(
    server: LiveServer, admin: Client, browser: Client, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, c1 TEXT, c2 TEXT)")
        rows = [(f"ZQX-{n:06}" if n % 10 else "zqx  Unknown", f"note {n}") for n in range(300)]
        made.executemany("INSERT INTO ledger (c1, c2) VALUES (?, ?)", rows)
    source = add_sqlite(admin, path)
    assert admin.discover(source)["state"] == "completed"
    own = admin.call("POST", "own-types/recognised/", BODY)
    assert find_labels(admin, source)["c1"]["semantic_type"] != own["name"]
    run = admin.discover(source)
    assert run["state"] == "completed"
    found = find_labels(admin, source)
    assert found["c1"]["semantic_type"] == own["name"]
    assert (found["c1"]["sensitivity"], found["c1"]["personal"]) == ("confidential", True)
    assert "100 % of the values fit" in found["c1"]["evidence"][0]["text"]
    assert found["c2"]["semantic_type"] != own["name"]
    status, page = browser.open_page(f"/labels/{found['c1']['id']}/")
    assert (status, "Debtor number" in page) == (200, True)
    # Neither the pattern nor a word is where it need not be.
    said = server.read_log()
    kept = b"".join(file.read_bytes() for file in (server.home / "home" / "agent").rglob("*.*"))
    for secret in (r"ZQ[A-Z]", "zqx unknown"):
        assert secret not in said
        assert secret.encode() not in kept
