"""What the agent costs its host: packages, megabytes, start and idle memory.

Beside a floor measured in the same environment: importing the libraries that any agent for
PostgreSQL needs. Needs the package index; run it on a quiet machine.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from bench.demo import read_memory
from tests.edge_agent.fake_server import TOKEN, serve_fake
from tests.installed_agent import Installed, install_agent

STARTS = 5
IDLE_SECONDS = 10
FLOOR = "import sqlalchemy, psycopg"


def read_cpu_of(command: list[str], installed: Installed) -> float:
    """CPU seconds of the best of some starts: a loaded machine stretches the clock, not this."""
    return min(_time_once(command, installed) for _ in range(STARTS))


def _time_once(command: list[str], installed: Installed) -> float:
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True,"
        " stdout=subprocess.DEVNULL); used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        " print(used.ru_utime + used.ru_stime)"
    )
    done = subprocess.run(
        [str(installed.python), "-c", code, *command], env=installed.environment(),
        user=installed.user, cwd="/", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def measure_idle(installed: Installed) -> float:
    """Resident megabytes of an agent that waits for work."""
    with tempfile.TemporaryDirectory() as folder, serve_fake() as server:
        process = installed.start(
            Path(folder) / "log", DATAWAVE_TOKEN=TOKEN, DATAWAVE_SERVER=server.url
        )
        try:
            server.wait_for(lambda: any(b"/heartbeat" in each for each in list(server.heard)))
            time.sleep(IDLE_SECONDS)
            return read_memory([process.pid])
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Print the figures."""
    with install_agent("postgres") as installed:
        packages = installed.list_packages()
        start = read_cpu_of(installed.command("--version"), installed)
        floor = read_cpu_of([str(installed.python), "-c", FLOOR], installed)
        print(f"packages             {len(packages)} (goal: 20 at most)")
        print(f"installed            {installed.count_bytes() / 2**20:.1f} MiB (goal: 120 at most)")
        print(f"start --version      {start:.3f} CPU s, {start / floor:.2f} x of '{FLOOR}'")
        print(f"idle memory          {measure_idle(installed):.1f} MB (goal: 100 at most)")


if __name__ == "__main__":
    main()
