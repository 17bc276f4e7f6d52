"""Celery: the broker carries ids as hints only; the database says what is to be done."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")

app = Celery("datawave")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery would close a thread's connection around every task; `tend_connection` does better.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
KEEP_SECONDS = 60


@task_prerun.connect(dispatch_uid="datawave.tend_connection_before")
@task_postrun.connect(dispatch_uid="datawave.tend_connection_after")
def tend_connection(task: Task[..., Any], **_: Any) -> None:
    """Give PostgreSQL's connection back to its pool, and keep an SQLite file open for a while.

    Opening the file costs as much as a small task does.
    """
    from django.db import close_old_connections, connection

    if task.request.is_eager:
        return
    close_old_connections()
    if connection.vendor == "sqlite" and connection.connection is None:
        connection.ensure_connection()
        connection.close_at = time.monotonic() + KEEP_SECONDS
