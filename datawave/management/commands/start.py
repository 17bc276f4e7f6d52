"""Starts DataWave: everything in one group, or one role of it in full mode."""

from __future__ import annotations

import logging
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from celery.apps.worker import Worker
from celery.worker import state
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.urls import reverse

from apps.racine.sweeper import run_sweeper
from apps.rbac import services as rbac
from apps.rbac.models import User
from apps.rbac.selectors import find_first_admin
from datawave.celery import app
from datawave.common.demo import offer_demo
from datawave.common.env import read_bool, read_text
from datawave.common.errors import DataWaveError
from datawave.launch import home as homes
from datawave.launch.demo import describe_run, start_demo, wait_for_run
from datawave.launch.group import Group, prepare
from datawave.launch.heap import settle_heap
from datawave.launch.workers import WatchdogThread, end_process, restart_process

logger = logging.getLogger(__name__)
ROLES = ("all", "web", "worker", "beat")
# A worker that can't even start takes no processor for itself.
RESTART_SECONDS = 2
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Command(BaseCommand):
    """`start` runs all; `start web`, `start worker` and `start beat` run one role each."""

    help = "Start DataWave. PORT, DATAWAVE_HOME and DEMO=1 may be set."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The role, and where to listen."""
        parser.add_argument("role", nargs="?", default="all", choices=ROLES)
        parser.add_argument("--host", default=read_text("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--threads", type=int, default=4, help="Tasks at once in a worker.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        role = options["role"]
        if role in ("worker", "beat") and settings.EMBEDDED:
            raise CommandError(f"`start {role}` needs REDIS_URL; `start` alone runs everything.")
        try:
            if role == "worker":
                run_worker(options["threads"])
            elif role == "beat":
                run_sweeper(threading.Event())
            else:
                self._serve(role, options["host"], options["port"])
        except DataWaveError as error:
            raise CommandError(error.message) from None
        except (OperationalError, OSError) as error:
            raise CommandError(_explain(error)) from None
        except KeyboardInterrupt:
            sys.exit(0)

    def _serve(self, role: str, host: str, port: int) -> None:
        if settings.DEBUG and host not in LOOPBACK:
            raise CommandError("With DATAWAVE_DEBUG set, only this machine may be served.")
        lock = homes.lock_home(settings.HOME)
        try:
            listener = homes.bind_port(host, port)
            prepare(settings.HOME)
            admin = rbac.add_first_admin()
            if role == "all":
                offer_demo(lambda user: start_demo(settings.HOME, user).public_id)
            group = Group(listener, with_agent=role == "all", with_worker=role == "all")
            lock.publish(group.url)
            self._greet(group.url, admin)
            group.run()
        finally:
            lock.release()
        self.stdout.write("Stopped.")

    def _greet(self, url: str, new_admin: User | None) -> None:
        self.stdout.write(f"\nDataWave runs on {url}\n")
        admin = new_admin or find_first_admin()
        if admin and not admin.has_usable_password():
            path = reverse("rbac:sign-in-link", args=[rbac.issue_sign_in_link(user=admin)])
            self.stdout.write(f"Sign in (once, within 30 minutes): {url}{path}\n")
        if admin and read_bool("DEMO", default=False):
            threading.Thread(target=self._show_demo, args=(admin,), daemon=True).start()
        elif new_admin:
            self.stdout.write("To see it at work with a demo database: make demo\n")
        self.stdout.write("Stop with Ctrl-C.\n")
        self.stdout.flush()

    def _show_demo(self, admin: User) -> None:
        try:
            run = wait_for_run(start_demo(settings.HOME, admin))
        except DataWaveError as error:
            self.stderr.write(f"The demo could not be started: {error.message}")
            return
        self.stdout.write(describe_run(run))
        self.stdout.flush()


def _explain(error: OperationalError | OSError) -> str:
    """What stands in the way of starting, for the operator."""
    if isinstance(error, OSError):
        return f"{settings.HOME} can't be used: {error.strerror or type(error).__name__}."
    if connection.vendor == "sqlite":
        return f"The database in {settings.HOME} can't be used: {error}."
    return "PostgreSQL can't be reached. Check that it runs, and DATABASE_URL."


def run_worker(threads: int) -> None:
    """A Celery worker of full mode, with the sweeper beside it."""
    stopping = threading.Event()
    threading.Thread(target=run_sweeper, args=(stopping,), daemon=True).start()
    WatchdogThread(end_process, threads).start()
    worker: Worker = app.Worker(
        pool="threads", concurrency=threads, loglevel="WARNING", quiet=True,
        without_mingle=True, without_gossip=True,
    )  # fmt: skip
    settle_heap()
    try:
        worker.start()
    finally:
        stopping.set()
    # Celery returns also after an error that it calls unrecoverable, such as a Redis that was lost
    # while tasks were under way.
    if worker.exitcode and not _was_told_to_stop():
        logger.critical("The worker ended with an error and is started again.")
        time.sleep(RESTART_SECONDS)
        restart_process()
    sys.exit(worker.exitcode)


def _was_told_to_stop() -> bool:
    return state.should_stop is not None or state.should_terminate is not None
