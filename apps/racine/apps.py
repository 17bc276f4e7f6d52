"""App configuration of racine."""

from __future__ import annotations

from django.apps import AppConfig


class RacineConfig(AppConfig):
    """Conducts runs: start, fan-out, join, retry, resume, cancel."""

    name = "apps.racine"
    verbose_name = "Runs"
