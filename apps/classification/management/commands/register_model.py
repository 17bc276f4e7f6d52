"""`manage.py register_model PATH`: stores a trained model as a version that can be activated."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.classification import services
from datawave.common.errors import DataWaveError


class Command(BaseCommand):
    """What `manage.py train_classifier --output` wrote; a damaged or foreign file is refused."""

    help = "Store a trained model (PATH.npz and PATH.json) as a version of the judge."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the files are, and a word on them."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--note", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, store and say what to do next."""
        try:
            made = services.register_model(path=options["path"], note=options["note"])
        except DataWaveError as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            f"Stored {made.version} ({made.file.sha256[:12]}). "
            "Preview and activate it under Classification, Models."
        )
