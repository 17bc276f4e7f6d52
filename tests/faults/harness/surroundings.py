"""What an installation of the harness may stand on: small disks, false clocks, its own database."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg

from tests import servers
from tests.faults.harness.processes import Child
from tests.live import wait_until

HOME_MB, SPOOL_MB = 96, 8


def may_mount() -> bool:
    """Whether file systems of a given size can be made."""
    return os.geteuid() == 0 and Path("/proc/mounts").exists()


def mount_disks(home: Path, spool: Path) -> list[Path]:
    """File systems in memory that a fault can fill."""
    for place, size in ((home, HOME_MB), (spool, SPOOL_MB)):
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "tmpfs", str(place)]
        subprocess.run(command, check=True)
    return [spool, home]


def unmount(places: list[Path]) -> None:
    """Also when a process still has a file open there."""
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill(place: Path) -> Path:
    """Leave no room on the file system; delete the file to make room again."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            pass
    return ballast


def set_clock(offset: Path, hours: float) -> None:
    """From now on, that many hours off."""
    hidden = offset.with_suffix(".new")
    hidden.write_text(f"{hours * 3600:+.0f}\n", encoding="utf-8")
    hidden.rename(offset)


class OwnPostgres:
    """A PostgreSQL cluster whose postmaster may be killed; it is started again."""

    def __init__(self, folder: Path) -> None:
        user = servers._choose_user()
        programs = next(
            each
            for each in servers._list_postgres_folders()
            if servers._may_run(each / "initdb", user)
        )
        home = servers._make_home("postgres", user)
        data, port = home / "data", servers.find_free_port()
        install = [str(programs / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"]
        install += ["--username=postgres", f"--pgdata={data}"]
        subprocess.run(install, check=True, capture_output=True, user=user, cwd=home)
        # What is written must survive a kill -9 of the process, which the system's cache sees to.
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(home)]
        command += ["-h", "127.0.0.1", "-c", "fsync=off", "-c", "max_connections=80"]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        log = folder / "postgres.log"
        self.child = Child("postgres", command, dict(os.environ), log, user=user)

    def start(self) -> OwnPostgres:
        """Start it and wait until it answers."""
        self.child.start()
        wait_until(self.answers, seconds=30, what="PostgreSQL to answer")
        return self

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url, connect_timeout=3).close()
        except psycopg.Error:
            return False
        return True

    def stop(self) -> None:
        """End it for good."""
        self.child.stop()
