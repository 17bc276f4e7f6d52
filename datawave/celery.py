"""Celery: the broker carries ids as hints only; the database says what is to be done."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")

app = Celery("datawave")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
