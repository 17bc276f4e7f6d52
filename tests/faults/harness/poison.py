"""A stage that cannot get through with one table, planted in a server process of the harness."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

KINDS = ("raise", "loop", "block", "memory", "segfault")
# Longer than any stage may take, and an end all the same: no later trial must find it.
BLOCK_SECONDS = 15
GIB = 2**30


def plant(flag: Path) -> None:
    """Wrap each stage: what the flag names goes wrong, each time."""
    from apps.discovery.stages import list_stages

    for stage in list_stages():
        stage.compute = _wrap(stage, stage.compute, flag)


def _wrap(stage: Any, compute: Any, flag: Path) -> Any:
    def poisoned(batch: Any) -> Any:
        if kind := _is_meant(stage.name, batch, flag):
            _go_wrong(kind)
        return compute(batch)

    return poisoned


def _is_meant(stage: str, batch: Any, flag: Path) -> str:
    try:
        poison = json.loads(flag.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    names = {table.fqn.rpartition(".")[2] for table in batch.tables}
    return str(poison["kind"]) if stage == poison["stage"] and poison["table"] in names else ""


def _go_wrong(kind: str) -> None:
    if kind == "raise":
        raise ValueError("poison")
    if kind == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "block":
        time.sleep(3_600 if "work_alone" in sys.argv or "alone" in sys.argv else BLOCK_SECONDS)
    if kind == "memory":
        held = []
        while True:
            # Asked for and never touched: the limit is met, the machine is spared.
            held.append(bytearray(GIB // 4))
    until = time.monotonic() + 60
    while kind == "loop" and time.monotonic() < until:
        time.sleep(0.01)
