"""Bad sources and hostile names: each run ends, says what is wrong and what to do, and renders."""

from __future__ import annotations

import re
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.edge_agent.test_sqlite import HOSTILE, quoted
from tests.live import Client, wait_until

from .crawl import read_pages

replace = msgspec.structs.replace
TRACES = ("Traceback", "psycopg", "pymysql", "sqlalchemy", "OperationalError")
NAMES = [*HOSTILE, "{}", "%", "%s%(x)s", "{{ 1234*5678 }}", "<b onclick=x>&amp;", "ünï ß 名前"]


def add_source(admin: Client, spec: ConnectionSpec) -> str:
    names = ("engine", "host", "port", "database", "username", "password")
    fields = {name: value for name in names if (value := getattr(spec, name))}
    return str(admin.call("POST", "sources/", {**fields, "name": uuid.uuid4().hex})["id"])


def sqlite_spec(path: Path) -> ConnectionSpec:
    return ConnectionSpec(engine="sqlite", database=str(path))


def wait_for_test(admin: Client, source: str) -> Any:
    """The steps of a connection test, once it is over."""
    test = admin.call("POST", f"sources/{source}/tests/")
    found: dict[str, Any] = {}

    def over() -> bool:
        found.update(admin.call("GET", f"tests/{test['id']}/"))
        return found["state"] not in ("waiting", "queued", "running", "leased")

    wait_until(over, what="the connection test to end")
    return found


def check_told(admin: Client, browser: Client, source: str, code: str) -> None:
    """The test's last step, the run, its page and its log all say the same in plain words."""
    test = wait_for_test(admin, source)
    last = test["steps"][-1]
    assert (last["ok"], last["code"]) == (False, code)
    assert last["message"]
    run = admin.discover(source)
    assert (run["state"], run["error_code"]) == ("failed", code)
    assert run["error_message"].endswith(".")
    for path in (f"/runs/{run['id']}/", f"/sources/{source}/", f"/sources/tests/{test['id']}/"):
        status, text = browser.open_page(path)
        assert status == 200
        assert run["error_message"].replace("'", "&#x27;") in text, path
        assert not [trace for trace in TRACES if trace in text]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.db", "file_missing"),
        ("folder", "file_missing"),
        ("text.txt", "not_a_database"),
        ("damaged.db", "not_a_database"),
    ],
)
def test_run_says_what_is_wrong_when_file_is_bad(
    admin: Client, browser: Client, tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("id,name\n1,Anna\n" * 500)
    (tmp_path / "damaged.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8_000)
    check_told(admin, browser, add_source(admin, sqlite_spec(tmp_path / name)), code)


POSTGRES_FAULTS: dict[str, dict[str, Any]] = {
    "auth_failed": {"username": "nobody_here", "password": "wrong"},
    "connect_refused": {"port": 1},
    "host_unresolved": {"host": "no-such-host.invalid"},
    "database_missing": {"database": "no_such_db"},
}


@pytest.mark.postgresql
@pytest.mark.parametrize("code", POSTGRES_FAULTS)
def test_run_says_what_is_wrong_when_postgresql_refuses(
    admin: Client, browser: Client, postgres: ConnectionSpec, code: str
) -> None:
    spec = replace(postgres, **POSTGRES_FAULTS[code])
    check_told(admin, browser, add_source(admin, spec), code)


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "nobody_here", "password": "wrong"}, "auth_failed"),
        ({"database": "no_such_db"}, "database_missing"),
    ],
)
def test_run_says_what_is_wrong_when_mysql_refuses(
    admin: Client, browser: Client, mysql: ConnectionSpec, changes: dict[str, Any], code: str
) -> None:
    check_told(admin, browser, add_source(admin, replace(mysql, **changes)), code)


@pytest.mark.postgresql
def test_rest_is_stored_and_grant_is_named_when_one_table_is_denied(
    admin: Client, browser: Client, postgres: ConnectionSpec
) -> None:
    role = f"edge_{uuid.uuid4().hex[:8]}"
    run_postgres(
        postgres,
        "CREATE TABLE open_one (email text); CREATE TABLE open_two (x int)",
        'CREATE TABLE "clo\'sed%" (secret text)',
        f"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON open_one, open_two TO {role}",
    )
    try:
        run = admin.discover(add_source(admin, replace(postgres, username=role, password="pw")))
    finally:
        run_postgres(postgres, f"DROP OWNED BY {role}; DROP ROLE {role}")
    grant = f'GRANT SELECT ON "public"."clo\'sed%" TO "{role}";'
    assert run["state"] == "completed_with_errors"
    assert run["balance"]["stored"] == 3
    log = admin.call("GET", f"runs/{run['id']}/log/?page_size=500")["results"]
    assert grant in " ".join(line["message"] for line in log)
    assert run["troubles"] == ["1 table was stored without a profile: the rows could not be read."]
    status, text = browser.open_page(f"/runs/{run['id']}/")
    assert status == 200
    assert "clo&#x27;sed%" in text
    assert "Grant the user SELECT" in text


@pytest.mark.postgresql
def test_run_completes_when_postgresql_is_empty(
    admin: Client, browser: Client, postgres: ConnectionSpec
) -> None:
    run = admin.discover(add_source(admin, postgres))
    assert (run["state"], run["balance"]["seen"]) == ("completed", 0)
    assert browser.open_page(f"/runs/{run['id']}/")[0] == 200
    assert browser.open_page(f"/catalog/?source={run['source']}")[0] == 200


@pytest.mark.mysql
def test_run_completes_when_mysql_is_empty(admin: Client, mysql: ConnectionSpec) -> None:
    run = admin.discover(add_source(admin, mysql))
    assert (run["state"], run["balance"]["seen"]) == ("completed", 0)


@pytest.mark.postgresql
def test_nothing_else_is_lost_when_table_is_dropped_meanwhile(
    admin: Client, postgres: ConnectionSpec
) -> None:
    for n in range(12):
        run_postgres(postgres, f"CREATE TABLE t{n:02} AS SELECT generate_series(1, 9) AS x")
    # The run waits on this view until the last table is gone.
    run_postgres(postgres, "CREATE VIEW t00_slow AS SELECT pg_sleep(1.5)::text AS s")
    started = admin.call("POST", "runs/", {"source": add_source(admin, postgres)})

    def profiling() -> bool:
        return bool(admin.call("GET", f"runs/{started['id']}/")["live"]["counts"]["listed"])

    wait_until(profiling, what="the tables to be listed")
    run_postgres(postgres, "DROP TABLE t11")
    run = admin.wait_for_run(started["id"])
    assert run["state"] in ("completed", "completed_with_errors")
    assert run["balance"]["seen"] == 13
    assert run["balance"]["failed"] == 1
    datasets = admin.call("GET", f"datasets/?source={run['source']}&state=active")["results"]
    assert {f"t{n:02}" for n in range(11)} <= {each["name"] for each in datasets}
    troubles = " ".join(run["troubles"])
    assert troubles == "1 table could not be read."
    log = admin.call("GET", f"runs/{run['id']}/log/?page_size=500")["results"]
    assert [line for line in log if "t11" in line["message"] and line["level"] == "warning"]


def check_names(admin: Client, browser: Client, source: str, names: list[str]) -> None:
    run = admin.discover(source)
    assert run["state"] == "completed", run["troubles"]
    datasets = admin.call("GET", f"datasets/?source={source}&page_size=500")["results"]
    fields = admin.call("GET", f"fields/?source={source}&page_size=500")["results"]
    assert {each["name"] for each in datasets} == set(names) == {each["name"] for each in fields}
    starts = [f"/catalog/{each['id']}/" for each in datasets]
    filtered = [f"/{name}/?source={source}" for name in ("catalog", "classification", "compliance")]
    for path, status, text in read_pages(browser, *starts, *filtered, alike=0):
        assert status == 200, path
        assert "<b onclick" not in text
        assert "<script>" not in text
        assert "7006652" not in text
    for path in filtered:
        status, text = browser.open_page(f"{path}&format=csv")
        assert status == 200
        assert not re.search(r"(?:^|,)\"?[=+@-]", text, re.MULTILINE)


def test_names_arrive_and_pages_render_when_hostile_on_sqlite(
    admin: Client, browser: Client, tmp_path: Path
) -> None:
    path = tmp_path / "it's %s {} 名前 <b>.db"
    with sqlite3.connect(path) as connection:
        for name in NAMES:
            connection.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT PRIMARY KEY)")
            connection.execute(f"INSERT INTO {quoted(name)} VALUES ('anna@example.org')")
    connection.close()
    check_names(admin, browser, add_source(admin, sqlite_spec(path)), NAMES)


@pytest.mark.postgresql
def test_names_arrive_and_pages_render_when_hostile_on_postgresql(
    admin: Client, browser: Client, postgres: ConnectionSpec
) -> None:
    names = [name for name in NAMES if len(name.encode()) <= 63]
    database = f"it's % {{}} \" {uuid.uuid4().hex[:6]}"
    run_postgres(postgres, f"CREATE DATABASE {quoted(database)}")
    odd = replace(postgres, database=database)
    try:
        for name in names:
            table = f"{quoted(name)}.{quoted(name)}"
            run_postgres(
                odd,
                f"CREATE SCHEMA {quoted(name)}",
                f"CREATE TABLE {table} ({quoted(name)} text PRIMARY KEY)",
                f"INSERT INTO {table} VALUES ('anna@example.org')",
            )
        check_names(admin, browser, add_source(admin, odd), names)
    finally:
        run_postgres(postgres, f"DROP DATABASE {quoted(database)} WITH (FORCE)")


@pytest.mark.mysql
def test_names_arrive_and_pages_render_when_hostile_on_mysql(
    admin: Client, browser: Client, mysql: ConnectionSpec
) -> None:
    names = [name for name in NAMES if len(name) <= 63 and max(map(ord, name)) < 0x10000]
    for name in names:
        known = "`" + name.replace("`", "``") + "`"
        run_mysql(mysql, f"CREATE TABLE {known} ({known} varchar(50) PRIMARY KEY)")
    check_names(admin, browser, add_source(admin, mysql), names)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "runs/", {"source": str(uuid.uuid4())}, 404),
        ("POST", "runs/", {"source": "x' OR 1=1"}, 400),
        ("POST", "runs/", {}, 400),
        ("POST", "runs/", [], 400),
        ("POST", "sources/", {"name": "x", "engine": "oracle9"}, 400),
        ("POST", "sources/", {"name": "x", "engine": "postgresql", "port": 70000}, 400),
        ("GET", "runs/%00/", None, 404),
        ("GET", "runs/00000000-0000-4000-8000-000000000000/", None, 404),
        ("GET", "datasets/?page=0", None, 404),
        ("DELETE", "datasets/", None, 405),
    ],
)
def test_problem_has_a_code_when_request_is_bad(
    admin: Client, method: str, path: str, body: Any, status: int
) -> None:
    problem = admin.call(method, path, body, expect=status)
    assert problem["code"]
    assert problem["status"] == status
    assert not [trace for trace in TRACES if trace in str(problem)]
