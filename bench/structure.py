"""Structure of many tables against plain catalogue queries: `python -m bench.structure`.

Each side runs in a process of its own, from its start to its end, one after the other, and the
ratios are printed: of the clock, and of the CPU of both ends together, which a loaded machine does
not stretch. PEER=1 adds acryl-datahub[postgres], installed from PyPI into an environment of its
own; TABLES=30,1000,10000 gives the sizes (default 30,1000), ENGINE=mysql takes MySQL or MariaDB.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import pymysql

from bench.many_tables.estate import make_mysql, make_postgres
from datawave_edge.protocol import ConnectionSpec

SIZES: Final = [int(each) for each in os.environ.get("TABLES", "30,1000").split(",")]
ENGINE: Final = os.environ.get("ENGINE", "postgresql")
POSTGRES: Final = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)
MYSQL: Final = os.environ.get("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/")
APPLICATION: Final = "datawave-edge"


def main() -> None:
    """Measure each size."""
    for tables in SIZES:
        _measure(tables)


def _measure(tables: int) -> None:
    """Make the database unless it is there, run each side, print the ratios."""
    spec = _spec(tables)
    with _database(spec, tables), tempfile.TemporaryDirectory() as folder:
        sides = {
            "catalogue queries": _side("floor"),
            "agent, first run": _side("agent", folder),
            "agent, again": _side("agent", folder),
        }
        if os.environ.get("PEER"):
            sides["acryl-datahub"] = _peer(spec, Path(folder))
        floor: dict[str, Any] = {}
        print(f"{ENGINE}, {tables:,} tables")
        for title, command in sides.items():
            told = _run(command, spec)
            floor = floor or told
            learnt = _run(_side("learn", folder), spec)["said"] if "agent" in title else ""
            cpu = told["cpu"] + told["server"]
            print(
                f"  {title:18} {told['wall']:6.2f} s ({told['wall'] / floor['wall']:5.2f} x)"
                f"  CPU {cpu:6.2f} s ({cpu / (floor['cpu'] + floor['server']):5.2f} x)"
                f" = own {told['cpu']:.2f} + database {told['server']:.2f}"
                f"  {told['rss']:4.0f} MB  {told['said']} {learnt}"
            )


def _side(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.many_tables.sides", *arguments]


def _spec(tables: int) -> ConnectionSpec:
    parts = urlsplit(POSTGRES if ENGINE == "postgresql" else MYSQL)
    return ConnectionSpec(
        engine="postgresql" if ENGINE == "postgresql" else "mysql",
        host=parts.hostname or "127.0.0.1",
        port=parts.port,
        username=parts.username or "",
        password=parts.password or "",
        database=f"bench_structure_{tables}",
    )


@contextlib.contextmanager
def _database(spec: ConnectionSpec, tables: int) -> Iterator[None]:
    """Kept with KEEP=1, for it takes longer to make than to read."""
    if ENGINE == "postgresql":
        _make_postgres(spec, tables)
    else:
        _make_mysql(spec, tables)
    yield
    if not os.environ.get("KEEP"):
        _drop(spec)


def _make_postgres(spec: ConnectionSpec, tables: int) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        if admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [spec.database]
        ).fetchone():
            return
        admin.execute(f"CREATE DATABASE {spec.database}".encode())
    with psycopg.connect(POSTGRES, dbname=spec.database) as connection:
        make_postgres(connection, tables)


def _make_mysql(spec: ConnectionSpec, tables: int) -> None:
    with _mysql(spec, "") as admin, admin.cursor() as cursor:
        if cursor.execute("SHOW DATABASES LIKE %s", [spec.database]):
            return
        cursor.execute(f"CREATE DATABASE {spec.database}")
    with _mysql(spec, spec.database) as connection:
        make_mysql(connection, tables)


def _mysql(spec: ConnectionSpec, database: str) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host=spec.host, port=spec.port or 3306, user=spec.username, password=spec.password,
        database=database or None,
    )  # fmt: skip


def _drop(spec: ConnectionSpec) -> None:
    if ENGINE == "postgresql":
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {spec.database}".encode())
        return
    with _mysql(spec, "") as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {spec.database}")


def _run(command: list[str], spec: ConnectionSpec) -> dict[str, Any]:
    fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
    environment = {**os.environ, "SPEC": json.dumps(fields)}
    # As an installed agent starts: with its modules compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    watch = _ServerWatch(spec)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    lines = done.stdout.splitlines()
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return {
        "wall": wall,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "rss": told.get("rss", 0),
        "server": watch.stop(),
        "said": told.get("said", ""),
    }


class _ServerWatch:
    """CPU of the database where it runs on this host.

    PostgreSQL's: of the backends that appear meanwhile. MySQL's: of the whole server.
    """

    def __init__(self, spec: ConnectionSpec) -> None:
        self._database = spec.database
        self._ticks: dict[int, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._before = 0 if spec.engine == "postgresql" else _count_mysql_ticks()
        if spec.engine == "postgresql":
            self._thread.start()

    def stop(self) -> float:
        """Seconds of CPU."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        ticks = _count_mysql_ticks() - self._before if self._before else sum(self._ticks.values())
        return ticks / os.sysconf("SC_CLK_TCK")

    def _watch(self) -> None:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            while not self._over.wait(0.02):
                for (pid,) in connection.execute(query, [self._database]):
                    with contextlib.suppress(OSError):
                        self._ticks[pid] = _count_ticks(Path(f"/proc/{pid}/stat"))


def _count_mysql_ticks() -> int:
    names = ((path, path.read_text().strip()) for path in Path("/proc").glob("[0-9]*/comm"))
    servers = [path for path, name in names if name in ("mariadbd", "mysqld")]
    return sum(_count_ticks(path.with_name("stat")) for path in servers)


def _count_ticks(stat: Path) -> int:
    fields = stat.read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _peer(spec: ConnectionSpec, folder: Path) -> list[str]:
    """DataHub with its own environment and a file for a sink."""
    environment = Path(tempfile.gettempdir()) / "bench-datahub"
    if not (environment / "bin" / "datahub").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "pip"), "install", "--quiet", "acryl-datahub[postgres]"]
        subprocess.run(pip, check=True)
    recipe = folder / "recipe.yml"
    place = f"{spec.host}:{spec.port or 5432}"
    recipe.write_text(
        "source: {type: postgres, config: {"
        f"host_port: '{place}', database: {spec.database}, username: {spec.username},"
        " include_view_lineage: true}}\n"
        f"sink: {{type: file, config: {{filename: '{folder}/datahub.json'}}}}\n"
    )
    return [str(environment / "bin" / "datahub"), "ingest", "-c", str(recipe)]


if __name__ == "__main__":
    main()
