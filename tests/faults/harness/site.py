"""An agent at a site of its own: enrolled by a code, with an identity that may be copied."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datawave_edge.enrolment import EnrolmentRefused, enrol
from datawave_edge.transport import ServerUnavailable
from tests.faults.harness.processes import Child
from tests.live import wait_until

if TYPE_CHECKING:
    from tests.faults.harness.installation import Installation
    from tests.faults.harness.trial import Trial

COMMAND = [sys.executable, "-m", "tests.faults.harness.agent_node", "run"]
AT_ONCE = 2
PATIENCE = 90


class Site:
    """A host with an agent that serves one source."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.folder = trial.installation.folder / f"site-{trial.bench.number}"
        self.id = ""
        self._children: dict[str, Child] = {}

    @property
    def installation(self) -> Installation:
        """Where its server is."""
        return self.trial.installation

    @property
    def server(self) -> str:
        """The server, behind the proxy."""
        return f"http://127.0.0.1:{self.installation.proxy.port}"

    def open(self) -> None:
        """Enrol with a code that two hosts use at once, and serve the trial's source."""
        number = self.trial.bench.number
        made = self.installation.call("POST", "agent-codes/", {"name": f"site {number}"})
        self._race(made["code"])
        self.id = self._find_id(f"site {number}")
        self.installation.call("POST", f"agents/{self.id}/serve/", {"source": self.trial.source_id})
        self.start("site", self.folder)

    def _race(self, code: str) -> None:
        folders = [self.folder.with_name(f"{self.folder.name}-{n}") for n in range(AT_ONCE)]
        barrier = threading.Barrier(AT_ONCE)

        def use(folder: Path) -> bool:
            barrier.wait()
            return self.enrol(code, folder)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            won = [folder for folder, ok in zip(folders, pool.map(use, folders), strict=True) if ok]
        self.trial.injected += 1
        if len(won) != 1:
            self.trial.violations.append(f"I9 a code let {len(won)} agents in")
        won[0].rename(self.folder)

    def enrol(self, code: str, folder: Path) -> bool:
        """Use a code; whether it was taken."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                enrol(server=self.server, code=code, directory=folder, replace=True)
            except EnrolmentRefused:
                return False
            except ServerUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(2)
            else:
                return True

    def _find_id(self, name: str) -> str:
        found = self.installation.call("GET", "agents/?page_size=500")["results"]
        return next(str(each["id"]) for each in found if each["name"] == name)

    def start(self, name: str, folder: Path) -> None:
        """Run an agent with the identity in the folder."""
        environment = dict(self.installation.environment)
        environment["FAULT_CLOCK"] = str(self.installation.folder / f"clock-{name}")
        log = self.installation.folder / f"{name}.log"
        command = [*COMMAND, "--spool", str(folder)]
        self._children[name] = Child(name, command, environment, log).start()

    def copy(self) -> None:
        """Start another agent with the same identity, as after a copied disk."""
        folder = self.folder.with_name(f"{self.folder.name}-copy")
        folder.mkdir()
        shutil.copy(self.folder / "identity.json", folder)
        self.start("copy", folder)

    def restart(self) -> None:
        """Have the first agent started again."""
        self._children["site"].restart()

    def stop(self, name: str) -> None:
        """End one agent for good."""
        self._children.pop(name).stop()

    def look(self) -> Any:
        """The agent as the API tells of it."""
        return self.installation.call("GET", f"agents/{self.id}/")

    def renew(self) -> None:
        """Let the agent in again, as an administrator does."""
        made = self.installation.call("POST", f"agents/{self.id}/renew/", {})
        assert self.enrol(made["code"], self.folder), "The agent could not be enrolled again."

    def count_batches(self) -> int:
        """Batches of the trial's run that the server has taken in."""
        return int(
            self.installation.store.get(
                "SELECT count(*) FROM discovery_batch b JOIN racine_run r ON r.job_id = b.job_id"
                f" WHERE r.id = {self.trial.run_number}"
            )
        )

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Until it holds."""
        wait_until(holds, seconds=PATIENCE, what=what)

    def close(self) -> None:
        """End its agents, and give the source to nobody else."""
        for name in list(self._children):
            self.stop(name)
