"""`manage.py classify_columns IN.jsonl OUT.jsonl`: judges columns from a file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.classification.active import SHIPPED
from apps.classification.column_files import judge_rows, read_rows
from datawave.common.errors import DataWaveError


class Command(BaseCommand):
    """Reads one column a line, writes one verdict a line; docs/classification.md has the format."""

    help = "Judge columns from a JSONL file, by the code that a discovery uses."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The two files."""
        parser.add_argument("input", type=Path)
        parser.add_argument("output", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge and write."""
        try:
            rows = read_rows(options["input"].read_bytes().splitlines())
        except OSError as error:
            raise CommandError(f"{options['input']} can't be read: {error.strerror}.") from None
        except DataWaveError as error:
            raise CommandError(error.message) from None
        verdicts = [json.dumps(verdict) for verdict in judge_rows(SHIPPED, rows)]
        options["output"].write_text("\n".join([*verdicts, ""]), encoding="utf-8")
        self.stdout.write(f"{len(verdicts)} columns judged by {SHIPPED.version}.")
