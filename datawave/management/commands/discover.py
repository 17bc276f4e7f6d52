"""Discovers a database from the terminal, with a progress bar and a summary."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from apps.datasources import services as datasources
from apps.datasources.models import DataSource
from apps.datasources.selectors import find_source
from apps.datasources.types import Tls
from apps.racine import services as racine
from apps.racine.models import Run
from apps.racine.selectors import load_live
from apps.racine.types import ACTIVE_RUN_STATES, RunState, Trigger
from apps.rbac import services as rbac
from apps.rbac.models import User
from apps.rbac.selectors import find_first_admin
from datawave.common.errors import DataWaveError
from datawave.launch import home as homes
from datawave.launch.group import Group, prepare
from datawave.launch.target import Target, parse_target

EXIT_CODES: dict[str, int] = {
    RunState.COMPLETED: 0,
    RunState.COMPLETED_WITH_ERRORS: 1,
    RunState.FAILED: 2,
    RunState.CANCELLED: 3,
}
POLL_SECONDS = 0.15


class Command(BaseCommand):
    """`manage.py discover TARGET`; exit code 0 completed, 1 with errors, 2 failed, 3 cancelled."""

    help = "Discover a database: a file, or a URL such as postgresql://user@host/database."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The database, and the name of its source."""
        parser.add_argument("target", help="Path of a database file or a folder, or a URL.")
        parser.add_argument("--name", default="", help="Name of the source; made up when absent.")
        parser.add_argument(
            "--tls",
            choices=Tls.values,
            help="Encryption of a server's connection; verify-full on other hosts when absent.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Use the group that runs with this home, or run one for as long as it takes."""
        # Lines of the group's parts would tear the progress bar.
        logging.disable(logging.WARNING)
        try:
            target = parse_target(options["target"])
            with _running_group():
                run = _discover(target, options["name"] or target.name, options["tls"] or "")
        except DataWaveError as error:
            raise CommandError(" ".join(filter(None, (error.message, error.hint)))) from None
        finally:
            logging.disable(logging.NOTSET)
        sys.exit(EXIT_CODES[run.state])


@contextlib.contextmanager
def _running_group() -> Iterator[None]:
    if homes.find_running_url(settings.HOME):
        yield
        return
    lock = homes.lock_home(settings.HOME)
    prepare(settings.HOME)
    group = Group(
        homes.bind_port("127.0.0.1", 0), with_agent=True, with_worker=True, quiet_agent=True
    )
    lock.publish(group.url)
    thread = group.run_in_thread()
    try:
        yield
    finally:
        group.stop()
        thread.join(timeout=20)
        lock.release()


def _discover(target: Target, name: str, tls: str) -> Run:
    user = rbac.add_first_admin() or find_first_admin()
    if user is None:
        raise DataWaveError("There is no administrator yet. Run: manage.py start")
    source = _ensure_source(user, target, name, tls)
    run = racine.start_run(source=source, user=user, trigger=Trigger.COMMAND)
    console = Console()
    try:
        _show_progress(run, console)
    except KeyboardInterrupt:
        racine.cancel_run(run=run, user=user)
        console.print("Cancelling ...")
        _show_progress(run, console)
    _show_summary(run, console)
    return run


def _ensure_source(user: User, target: Target, name: str, tls: str) -> DataSource:
    fields: dict[str, Any] = {
        "engine": target.engine,
        "host": target.host,
        "port": target.port,
        "database": target.database,
        "username": target.username,
        "tls": tls,
    }
    if target.password:
        fields["password"] = target.password
    source = find_source(user=user, name=name)
    if source is None:
        return datasources.add_source(user=user, name=name, **fields)
    return datasources.change_source(source=source, user=user, **fields)


def _show_progress(run: Run, console: Console) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(run.source.name, total=100, note="")
        while run.state in ACTIVE_RUN_STATES:
            live = load_live(run)
            counts = live["counts"]
            note = f"{counts['seen']}/{counts['listed']} tables, {counts['labels']} labels"
            progress.update(task, completed=live["progress"], note=note)
            time.sleep(POLL_SECONDS)
            run.refresh_from_db()


def _show_summary(run: Run, console: Console) -> None:
    table = Table(title=f"{run.source.name}: {run.get_state_display().lower()}", title_style="bold")
    table.add_column("Found")
    table.add_column("Number", justify="right")
    for name, number in run.summary.get("counts", {}).items():
        table.add_row(name.replace("_", " "), f"{number:,}")
    console.print(table)
    if run.error_message:
        console.print(f"{run.error_message} {run.error_hint}".strip(), markup=False)
