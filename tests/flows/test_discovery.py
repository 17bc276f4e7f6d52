"""One discovery through every participant, by REST with a token, on real processes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from datawave.demo import build_demo
from tests.live import Client, LiveServer


def add_sqlite(admin: Client, path: Path) -> str:
    # A test's own folder gives a name that no other test uses.
    body = {"name": path.parent.name, "engine": "sqlite", "database": str(path)}
    source = admin.call("POST", "sources/", body)
    return str(source["id"])


def test_run_completes_with_labels_and_findings_when_demo_is_discovered(
    admin: Client, tmp_path: Path
) -> None:
    summary = build_demo(tmp_path / "company.sqlite3")
    source = add_sqlite(admin, tmp_path / "company.sqlite3")
    run = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert run["state"] == "completed"
    balance = run["balance"]
    assert balance["seen"] == summary.tables + summary.views
    assert balance["seen"] == sum(
        balance[name] for name in ("stored", "unchanged", "filtered", "failed")
    )
    assert run["counts"]["columns"] == summary.columns
    assert admin.call("GET", f"labels/?source={source}&semantic_type=contact.email")["count"] > 0
    assert admin.call("GET", f"findings/?source={source}&severity=critical")["count"] > 0
    notices = admin.call("GET", "notices/")["results"]
    assert [notice for notice in notices if run["id"] in notice["url"]]


def test_every_table_is_unchanged_when_nothing_has_changed(admin: Client, tmp_path: Path) -> None:
    build_demo(tmp_path / "company.sqlite3")
    source = add_sqlite(admin, tmp_path / "company.sqlite3")
    first = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    second = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert second["state"] == "completed"
    assert second["balance"]["unchanged"] == first["balance"]["seen"]


def test_change_is_told_when_column_is_added(admin: Client, tmp_path: Path) -> None:
    path = tmp_path / "company.sqlite3"
    build_demo(path)
    source = add_sqlite(admin, path)
    admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE crm_customers ADD COLUMN nickname TEXT")
    connection.close()
    admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    changes = admin.call("GET", f"schema-changes/?source={source}&kind=column_added")
    assert [change["field_name"] for change in changes["results"]] == ["nickname"]


def test_failure_says_what_to_do_when_file_is_missing(admin: Client, tmp_path: Path) -> None:
    source = add_sqlite(admin, tmp_path / "nothing.sqlite3")
    run = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert run["state"] == "failed"
    assert run["error_code"] == "file_missing"
    assert run["error_message"]


def test_run_completes_when_database_is_empty(admin: Client, tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE gone (a)")
        connection.execute("DROP TABLE gone")
    connection.close()
    source = add_sqlite(admin, path)
    run = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert run["state"] == "completed"
    assert run["balance"]["seen"] == 0


def test_second_run_is_refused_when_one_is_active(admin: Client, tmp_path: Path) -> None:
    build_demo(tmp_path / "company.sqlite3")
    source = add_sqlite(admin, tmp_path / "company.sqlite3")
    first = admin.call("POST", "runs/", {"source": source})
    problem = admin.call("POST", "runs/", {"source": source}, expect=409)
    assert problem["code"] == "source_busy"
    admin.wait_for_run(first["id"])


def test_everything_is_found_again_when_started_a_second_time(
    server: LiveServer, admin: Client, tmp_path: Path
) -> None:
    build_demo(tmp_path / "company.sqlite3")
    source = add_sqlite(admin, tmp_path / "company.sqlite3")
    admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert server.stop() == 0
    assert server.list_agent_pids() == []
    server.start()
    assert admin.call("GET", f"sources/{source}/")["name"] == tmp_path.name
    again = admin.wait_for_run(admin.call("POST", "runs/", {"source": source})["id"])
    assert again["state"] == "completed"
