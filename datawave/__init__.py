"""The Django project: settings, URLs, ASGI, Celery and what all apps share."""

from __future__ import annotations

# Imported here so that `shared_task` finds our broker in every process that loads Django.
from .celery import app as celery_app

__all__ = ["celery_app"]
