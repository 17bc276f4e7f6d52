"""Works on one stage run or settles one run in this process; started by a worker, not by people."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.racine import services as racine
from apps.racine.services.alone import MEMORY_EXIT
from apps.racine.transitions import FenceLost

WORK = {
    "stage": lambda pk, fence: racine.finish_alone(stage_run_id=pk, fence=fence),
    "settle": lambda pk, fence: racine.settle_claimed(run_id=pk, fence=fence),
}


class Command(BaseCommand):
    """A worker's child for work that has cost workers before."""

    help = "Used by workers: work on one thing in a process of its own."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to work on, and the fence under which it was claimed."""
        parser.add_argument("kind", choices=sorted(WORK))
        parser.add_argument("pk", type=int)
        parser.add_argument("fence", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Work within the limit of memory, and no longer than the parent lives."""
        threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
        limit = settings.STAGE_MEMORY_MB * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        # From here on the parent counts the time.
        self.stdout.write("working")
        self.stdout.flush()
        try:
            WORK[options["kind"]](options["pk"], options["fence"])
        except FenceLost:
            return
        except MemoryError:
            sys.exit(MEMORY_EXIT)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
