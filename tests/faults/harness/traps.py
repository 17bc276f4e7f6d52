"""Points of the product's code at which a process may be made to die, stop or fail."""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

# Where the server may be caught: name -> module and attribute that is called there.
SERVER_POINTS = {
    "claim": ("apps.racine.services.stage_work", "claim_stage"),
    "load": ("apps.racine.services.stage_work", "load_batch"),
    "store": ("apps.racine.services.stage_work", "finish_stage"),
    "stored": ("apps.racine.services.stage_work", "_announce_end"),
    "win": ("apps.racine.services.settling", "_win_settling"),
    "settle_claim": ("apps.racine.services.settling", "claim_settling"),
    "settle_step": ("apps.racine.services.settling", "_settle_step"),
    "tell": ("apps.racine.services.settling", "tell_end"),
    "finish": ("apps.racine.services.settling", "finish_run"),
    "deliver": ("apps.notifications.services", "send_notice"),
    "fan_out": ("apps.racine.services", "add_stage_runs"),
    "hint": ("apps.racine.receivers", "_enqueue"),
    "body": ("apps.discovery.edge", "read_body"),
    "ingest": ("apps.discovery.services.stream", "store_records"),
    "batch": ("apps.discovery.services", "accept_batch"),
    "open": ("apps.discovery.services", "open_stream"),
    "lease": ("apps.discovery.services", "lease_job"),
    "progress": ("apps.discovery.services", "record_progress"),
    "closing": ("apps.discovery.services.stream", "_close"),
    "close": ("apps.discovery.services", "close_job"),
    "closed": ("apps.racine.services", "close_reading"),
}
# Polled also when there is nothing to do, which is no point of a run.
POLLED = {"claim", "settle_claim", "lease"}
AGENT_POINTS = {
    "agent.work": ("datawave_edge.agent", "Agent._discover"),
    "agent.open": ("datawave_edge.transport", "Transport.open_stream"),
    "agent.connect": ("datawave_edge.connectors.sqlite", "SqliteConnector.connect"),
    "agent.list": ("datawave_edge.connectors.sqlite", "SqliteConnector.list_tables"),
    "agent.describe": ("datawave_edge.connectors.sqlite", "SqliteConnector.describe"),
    "agent.sample": ("datawave_edge.connectors.sqlite", "SqliteConnector.sample"),
    "agent.put": ("datawave_edge.outbox", "Outbox.put_packed"),
    "agent.sending": ("datawave_edge.outbox", "Outbox.mark_sending"),
    "agent.sent": ("datawave_edge.transport", "Transport.put_batch"),
    "agent.acked": ("datawave_edge.outbox", "Outbox.mark_acked"),
    "agent.close": ("datawave_edge.transport", "Transport.close_stream"),
    "agent.end": ("datawave_edge.outbox", "Outbox.end_job"),
}


class Traps:
    """The trap that is set in a folder; whoever reaches it first springs it, once."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "trap.json"
        self._folder = folder
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, point: str) -> None:
        """Called where the code is; does what the trap says when it is set here."""
        try:
            trap = json.loads(self._armed.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if trap["point"] != point:
            return
        with self._lock:
            self._seen[trap["id"]] += 1
            if self._seen[trap["id"]] < trap["nth"]:
                return
        try:
            self._armed.rename(self._folder / f"sprung-{trap['id']}")
        except OSError:
            return
        self._do(trap)

    def _do(self, trap: dict[str, Any]) -> None:
        if trap["action"] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif trap["action"] == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif trap["action"] == "wait":
            time.sleep(trap["seconds"])
        elif trap["action"] == "fail":
            from django.db import OperationalError

            raise OperationalError("injected")


def plant(traps: Traps, points: dict[str, tuple[str, str]]) -> None:
    """Put a reach before and after each of the points."""
    for name, (module, path) in points.items():
        owner: Any = import_module(module)
        *parents, attribute = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        setattr(owner, attribute, _watch(traps, name, getattr(owner, attribute)))


def _watch(traps: Traps, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if name not in POLLED:
            traps.reach(f"{name}.before")
        result = call(*args, **kwargs)
        if name not in POLLED or result is not None:
            traps.reach(f"{name}.after")
        return result

    return watched
