"""Registers the demo database, starts its discovery, and tells when it has ended."""

from __future__ import annotations

import time
from pathlib import Path

from apps.datasources import services as datasources
from apps.datasources.selectors import find_source
from apps.racine import services as racine
from apps.racine.models import Run
from apps.racine.types import ACTIVE_RUN_STATES, Trigger
from apps.rbac.models import User
from datawave.demo import build_demo

NAME = "Demo company"


def start_demo(home: Path, user: User) -> Run:
    """Build the demo database when it is not there, register it, and discover it."""
    path = home / "demo" / "company.sqlite3"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        build_demo(path)
    source = find_source(user=user, name=NAME) or datasources.add_source(
        user=user,
        name=NAME,
        engine="sqlite",
        database=str(path),
        description="A made-up company: CRM, sales, HR, billing, web and a clinic.",
        environment="production",
        region="DE",
    )
    return racine.start_run(source=source, user=user, trigger=Trigger.DEMO)


def wait_for_run(run: Run, *, poll_seconds: float = 0.1) -> Run:
    """The run once it has ended."""
    while True:
        run.refresh_from_db()
        if run.state not in ACTIVE_RUN_STATES:
            return run
        time.sleep(poll_seconds)


def describe_run(run: Run) -> str:
    """One line: what the demo run found and how long it took."""
    counts = run.summary.get("counts", {})
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    found = ", ".join(
        f"{counts.get(name, 0)} {name}" for name in ("tables", "columns", "labels", "findings")
    )
    return f"demo run {run.get_state_display().lower()}: {found} in {seconds:.1f} s"
