"""`manage.py train_classifier`: makes the model anew from invented and labelled columns."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.classification.model.store import SHIPPED, save_model


class Command(BaseCommand):
    """The same files, counts and seed give the same model; docs/model-card.md has the format."""

    help = "Train the judge from invented columns and labelled JSONL files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where from, where to and how much."""
        parser.add_argument("--labelled", type=Path, action="append", default=[])
        parser.add_argument("--invented", type=int, default=1500, help="tables to invent")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--output", type=Path, default=SHIPPED)

    def handle(self, *args: Any, **options: Any) -> None:
        """Gather, fit and write."""
        try:
            from apps.classification.training.examples import (
                read_labelled,
                teach_invented,
                teach_labelled,
                teach_public,
            )
            from apps.classification.training.fitting import fit_model
            from apps.classification.training.public import find_public, read_public
            from apps.classification.training.synthetic import invent_tables

            taught = list(teach_invented(invent_tables(options["invented"], options["seed"])))
            taught += teach_public(read_public(find_public()))
        except ImportError as error:
            raise CommandError(f"Install the dependency group `train`: no {error.name}.") from None
        for path in options["labelled"]:
            taught += teach_labelled(read_labelled(path))
        self.stdout.write(f"{len(taught)} examples")
        model = fit_model(taught, version="model-4", seed=options["seed"])
        digest = save_model(model, options["output"])
        self.stdout.write(f"{len(model.types)} types, sha256 {digest}")
