"""`python -m datawave.demo PATH [--large]` writes the demo database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .company import build_demo


def main() -> int:
    """Write the database and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m datawave.demo", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--large", action="store_true", help="add a table of 1,000,000 events")
    args = parser.parse_args()
    made = build_demo(args.path, seed=args.seed, large=args.large)
    sys.stdout.write(
        f"{made.path}: {made.tables} tables, {made.views} views, {made.columns} columns,"
        f" {made.rows:,} rows\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
