"""Judging everything anew from stored profiles: columns a CPU second, and memory at two sizes.

The second size is eight times the first; memory that grew with the estate would show.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

SMALL, LARGE = 100, 800
COLUMNS = 25
# Runs in a process of its own, so that its peak of memory is its own.
CODE = "from bench.replay import measure; measure(int(__import__('sys').argv[1]))"


def measure(tables: int) -> None:
    """Fill a database with tables, replay them, and print columns, CPU seconds and megabytes."""
    import resource

    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fill(tables)
    replay = _start()
    from apps.classification import services

    before = time.process_time()
    while replay.is_open:
        services.advance_replay(replay_id=replay.pk)
        replay.refresh_from_db()
    used = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(replay.columns, f"{used:.1f}", f"{peak:.0f}")


def _fill(tables: int) -> None:
    import msgspec
    from django.utils import timezone

    from apps.discovery.models import Dataset, Field, TableSnapshot
    from tests.discovery.factories import make_column, make_profile, make_table
    from tests.factories import make_source

    source = make_source("estate")
    profile = make_profile(
        hits={"email": 0.5}, shapes={"a+@a+": 0.4}, letter_rate=0.8, mean_length=17.0
    )
    for number in range(tables):
        columns = [make_column(f"field_{n}_{number % 7}", profile=profile) for n in range(COLUMNS)]
        table = make_table(f"table_{number}", columns)
        dataset = Dataset.objects.create(
            source=source, container="main", name=table.name, kind="table"
        )
        dataset.snapshot = TableSnapshot.objects.create(
            dataset=dataset,
            content_hash=table.content_hash,
            payload=msgspec.to_builtins(table),
            valid_from=timezone.now(),
        )
        dataset.save()
        Field.objects.bulk_create(
            Field(dataset=dataset, name=c.name, ordinal=c.ordinal, native_type="TEXT", type=c.type)
            for c in columns
        )


def _start() -> Any:
    from apps.classification import services
    from tests.classification.versions import make_layer, store_layer

    model = store_layer("learned-1", make_layer(email="contact.email"))
    return services.start_preview(model=model, user=None)


def _run(tables: int) -> tuple[int, float, float]:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "DATAWAVE_HOME": home,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(tables)],
            env=environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    columns, used, peak = done.stdout.split()[-3:]
    return int(columns), float(used), float(peak)


def main() -> None:
    """Print the figures."""
    small, large = _run(SMALL), _run(LARGE)
    for columns, used, peak in (small, large):
        print(f"{columns:>7,} columns: {columns / used:,.0f} a CPU second, peak {peak:.0f} MB")
    print(f"memory at {LARGE // SMALL} times the columns: {large[2] / small[2]:.2f} times")


if __name__ == "__main__":
    main()
