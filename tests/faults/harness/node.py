"""A server process of the harness: the product's own group, worker or sweeper, with traps in it.

`python -m tests.faults.harness.node ROLE [PORT]`
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests.faults.harness.cost import count_work
from tests.faults.harness.traps import SERVER_POINTS, Traps, plant
from tests.faults.harness.versions import add_novelties, drop_optional

if TYPE_CHECKING:
    from apps.rbac.models import User

TABLES_PER_BATCH, LARGE_BATCH = 2, 40
EXTRA_SWEEPERS = 2
SERVER_BYTES = 3 * 2**30


def main(role: str, port: int) -> None:
    """Run one role until killed."""
    # No orphans, whatever happens to the harness.
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    django.setup()
    if role == "prepare":
        _prepare()
        return
    if role == "migrate":
        _migrate()
        return
    if role == "alone":
        _work_alone(sys.argv[2:])
        return
    _make_small_batches()
    if folder := os.environ.get("BENCH_WORK"):
        # What is measured has no traps to pay for.
        count_work(Path(folder))
    else:
        _plant_faults(Path(os.environ["DATAWAVE_HOME"]))
    _run(role, port)


def _plant_faults(home: Path) -> None:
    _plant_poison()
    _skew_clock(Path(os.environ["FAULT_CLOCK"]))
    _speak_as_another(home)
    _control_sweeping(home)
    plant(Traps(Path(os.environ["FAULT_TRAPS"])), SERVER_POINTS)


def _skew_clock(offset: Path) -> None:
    """The process's own idea of the time, as the product asks for it."""
    from django.utils import timezone

    true_now = timezone.now

    def now() -> dt.datetime:
        try:
            seconds = float(offset.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            seconds = 0.0
        return true_now() + dt.timedelta(seconds=seconds)

    timezone.now = now


def _plant_poison() -> None:
    from apps.notifications import outbox
    from apps.racine.services import alone
    from tests.faults.harness import poison

    # More than is needed, and less than the machine has.
    resource.setrlimit(resource.RLIMIT_AS, (SERVER_BYTES, SERVER_BYTES))
    poison.plant(Path(os.environ["DATAWAVE_HOME"]) / "poison.json")
    alone.COMMAND = [sys.executable, "-m", "tests.faults.harness.node", "alone"]
    # A mail is tried again within a trial.
    outbox.BASE_SECONDS, outbox.CAP_SECONDS = 1, 2


def _work_alone(arguments: list[str]) -> None:
    from django.core.management import call_command

    from tests.faults.harness import poison

    poison.plant(Path(os.environ["DATAWAVE_HOME"]) / "poison.json")
    call_command("work_alone", *arguments)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _prepare() -> None:
    from django.conf import settings
    from django.core.management import call_command

    from apps.rbac import services as rbac
    from apps.rbac.selectors import find_first_admin
    from datawave.launch.agent import enlist_agent

    call_command("migrate", verbosity=0, interactive=False)
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    admin = rbac.add_first_admin() or find_first_admin()
    assert admin is not None
    _, token = rbac.issue_token(user=admin, name="faults")
    agent_token = enlist_agent(settings.HOME).read_text(encoding="utf-8")
    made = {"token": token, "agent_token": agent_token, "session": _sign_in(admin)}
    sys.stdout.write(json.dumps(made))


def _sign_in(admin: User) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(admin.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = admin.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _make_small_batches() -> None:
    from apps.racine.services import runs

    original, large = runs.current_tuning, Path(os.environ["DATAWAVE_HOME"]) / "large-batches"

    def choose(source: Any) -> Any:
        size = LARGE_BATCH if large.exists() else TABLES_PER_BATCH
        return replace(original(source), tables_per_batch=size)

    runs.current_tuning = choose


def _speak_as_another(home: Path) -> None:
    """Answer agents as a server of the next minor version does, or of the first one."""
    from apps.discovery import edge, edge_http

    render = edge_http.render

    def spoken(message: Any) -> Any:
        answer = render(message)
        if not answer.content:
            return answer
        if (home / "server-newer").exists():
            answer.content = json.dumps(
                add_novelties(json.loads(answer.content), type(message))
            ).encode()
            answer["DataWave-Edge"] = "1.999"
        elif (home / "server-older").exists():
            answer.content = json.dumps(drop_optional(message)).encode()
        return answer

    edge_http.render = edge.render = spoken


def _control_sweeping(home: Path) -> None:
    from apps.racine import services

    sweep = services.sweep

    def controlled(*steps: Any) -> None:
        if not (home / "sweeping-stopped").exists():
            sweep(*steps)

    def extra() -> None:
        while True:
            time.sleep(0.1)
            if (home / "sweeping-doubled").exists():
                sweep()

    services.sweep = controlled
    for _ in range(EXTRA_SWEEPERS):
        threading.Thread(target=extra, daemon=True).start()


def _run(role: str, port: int) -> None:
    from apps.racine.sweeper import run_sweeper
    from datawave.launch.group import Group
    from datawave.launch.home import bind_port
    from datawave.management.commands.start import run_worker

    if role == "worker":
        run_worker(2)
    elif role == "beat":
        run_sweeper(threading.Event())
    else:
        listener = bind_port("127.0.0.1", port)
        Group(listener, with_agent=False, with_worker=role == "all").run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 0)
