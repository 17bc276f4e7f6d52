"""The edge agent with traps in it, which writes down what was acknowledged and what it read."""

from __future__ import annotations

import datetime as dt
import json
import os
import pkgutil
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datawave_edge
from tests.faults.harness.traps import AGENT_POINTS, Traps, plant

BACKOFF_CAP = 0.7


def main() -> int:
    """Run the agent with the command line's arguments."""
    _skew_clock(Path(os.environ["FAULT_CLOCK"]))
    _keep_history(Path(os.environ["FAULT_HISTORY"]), float(os.environ.get("FAULT_PACE", "0")))
    plant(Traps(Path(os.environ["FAULT_TRAPS"])), AGENT_POINTS)
    from datawave_edge import transport
    from datawave_edge.cli import main as run

    # A site's agent spreads its tries over minutes; a trial has none to spare.
    transport.BACKOFF_CAP = BACKOFF_CAP
    return run(sys.argv[1:])


def _skew_clock(offset: Path) -> None:
    """The agent's own idea of the time; what only measures how long things take goes on."""
    true_time = time.time

    def skewed() -> float:
        try:
            return true_time() + float(offset.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return true_time()

    class Skewed(dt.datetime):
        """Asks the false clock."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.fromtimestamp(skewed(), tz)

    shim = SimpleNamespace(**vars(dt) | {"datetime": Skewed})
    time.time = skewed
    for found in pkgutil.iter_modules(datawave_edge.__path__):
        # Messages are declared by the true type.
        if found.name not in ("protocol", "__main__"):
            module = import_module(f"datawave_edge.{found.name}")
            if getattr(module, "dt", None) is dt:
                module.dt = shim


def _keep_history(path: Path, pace: float) -> None:
    from datawave_edge.connectors.sqlite import SqliteConnector
    from datawave_edge.transport import Transport

    send, sample = Transport.put_batch, SqliteConnector.sample

    def note(**fact: Any) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fact) + "\n")

    def put_batch(self: Transport, job: str, seq: int, sha: str, *rest: Any) -> Any:
        ack = send(self, job, seq, sha, *rest)
        note(kind="ack", job=job, seq=seq, sha=sha, status=ack.status)
        return ack

    def read(self: SqliteConnector, shape: Any, limit: int) -> Any:
        time.sleep(pace)
        note(kind="read", path=str(self._path), table=shape.ref.name)
        return sample(self, shape, limit)

    Transport.put_batch = put_batch
    SqliteConnector.sample = read


if __name__ == "__main__":
    sys.exit(main())
