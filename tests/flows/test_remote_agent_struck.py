"""An installed agent at another site, struck wherever its work may be: the end is the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pymysql
import pytest

from datawave_edge.protocol import ConnectionSpec
from tests.edge_agent.conftest import run_mysql, run_postgres
from tests.faults.harness.canonical import compare, load_picture
from tests.faults.harness.proxy import Proxy, Rule
from tests.faults.harness.store import Store
from tests.flows.test_remote_agent import Site, add_source, enrolled, installed
from tests.installed_agent import Installed
from tests.live import Client, LiveServer

__all__ = ["installed"]
pytestmark = pytest.mark.faults
TABLES = 12
BATCH = r"/batches/"


@pytest.fixture
def proxy(server: LiveServer) -> Iterator[Proxy]:
    between = Proxy(server.port).start()
    yield between
    between.stop()


@pytest.fixture
def site(installed: Installed, admin: Client, proxy: Proxy, tmp_path: Path) -> Iterator[Site]:
    """An agent whose way to the server can be cut."""
    url = f"http://127.0.0.1:{proxy.port}"
    with enrolled(Site(installed, admin, tmp_path, url=url)) as made:
        yield made


def list_statements() -> Iterator[str]:
    for number in range(TABLES):
        yield f"CREATE TABLE t{number:02} (id int PRIMARY KEY, email varchar(80), born date)"
        rows = ", ".join(f"({n}, 'a{n}@shop.example', '1990-01-0{n % 9 + 1}')" for n in range(20))
        yield f"INSERT INTO t{number:02} VALUES {rows}"


@contextmanager
def held_postgres(spec: ConnectionSpec, table: str) -> Iterator[Callable[[], bool]]:
    """Keep everyone else from a table; tells whether the agent waits for it."""
    with psycopg.connect(
        host=spec.host, port=spec.port, user=spec.username, password=spec.password,
        dbname=spec.database,
    ) as holder:  # fmt: skip
        holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield lambda: bool(
            holder.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE d.datname = current_database() AND NOT l.granted"
            ).fetchone()[0]  # type: ignore[index]  # a count is always there
        )


@contextmanager
def held_mysql(spec: ConnectionSpec, table: str) -> Iterator[Callable[[], bool]]:
    """The same for MariaDB."""
    with pymysql.connect(
        host=spec.host, port=spec.port or 3306, user=spec.username, password=spec.password,
        database=spec.database,
    ) as holder:  # fmt: skip
        cursor = holder.cursor()
        cursor.execute(f"LOCK TABLES {table} WRITE")

        def is_waiting() -> bool:
            return bool(
                cursor.execute(
                    "SELECT id FROM information_schema.processlist WHERE state LIKE '%lock%'"
                    f" AND info LIKE '%{table}%' AND id <> connection_id()"
                )
            )

        yield is_waiting


class Strikes:
    """What befalls one run, one after the other."""

    def __init__(self, site: Site, server: LiveServer, proxy: Proxy, secret: str) -> None:
        self.site, self.server, self.proxy = site, server, proxy
        self.secret = {"SITE_PASSWORD": secret} if secret else {}
        self.process: subprocess.Popen[bytes] = site.start(**self.secret)

    def kill_agent(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def start_agent(self) -> None:
        self.process = self.site.start(**self.secret)

    def wait_for_batch(self, kind: str) -> None:
        """Until the next batch is on its way, which has a bad one."""
        rule = self.proxy.rule = Rule(kind, BATCH, seconds=1.0)
        self.site.wait(lambda: rule.seen > 0, "a batch to be sent")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("postgres", marks=pytest.mark.postgresql),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ],
)
def test_end_is_the_same_when_all_parts_were_struck(
    request: pytest.FixtureRequest, site: Site, server: LiveServer, proxy: Proxy, engine: str
) -> None:
    spec: ConnectionSpec = request.getfixturevalue(engine)
    fill, held = (run_postgres, held_postgres) if engine == "postgres" else (run_mysql, held_mysql)
    fill(spec, *list_statements())
    sources = [add_source(site, spec, f"{engine}-{name}") for name in ("struck", "calm")]
    strikes = Strikes(site, server, proxy, spec.password)
    site.wait(lambda: site.show()["is_live"], "the agent to be heard of")

    # While it reads the structure and while it reads rows: where a lock makes it wait.
    places = ["pg_catalog.pg_description", "t05"] if engine == "postgres" else ["t05"]
    with held(spec, places[0]) as is_waiting:
        run_id = site.admin.call("POST", "runs/", {"source": sources[0]})["id"]
        site.wait(is_waiting, "the agent to read")
        strikes.kill_agent()
    for place in places[1:]:
        with held(spec, place) as is_waiting:
            strikes.start_agent()
            site.wait(is_waiting, "the agent to read on")
            strikes.kill_agent()

    # While it sends: the agent, the server, and the network between.
    strikes.start_agent()
    strikes.wait_for_batch("hole")
    strikes.kill_agent()
    strikes.start_agent()
    strikes.wait_for_batch("lose_reply")
    assert site.admin.call("GET", f"runs/{run_id}/")["state"] == "running"
    server.kill()
    server.start()
    proxy.refuse(2.0)
    run = site.admin.wait_for_run(run_id, seconds=120)
    calm = site.admin.discover(sources[1])

    for each in (run, calm):
        assert (each["state"], each["balance"]["seen"]) == ("completed", TABLES)
    store = Store(server.home / "home" / "datawave.sqlite3")
    ids = [
        store.query(f"SELECT id FROM datasources_datasource WHERE name = '{engine}-{name}'")[0][0]
        for name in ("struck", "calm")
    ]
    struck, undisturbed = (load_picture(store, each) for each in ids)
    assert len(undisturbed["datasets"]) == TABLES
    assert compare(struck, undisturbed) == []
