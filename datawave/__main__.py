"""The command `datawave`: Django's command line with our settings."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the arguments name, such as `datawave start`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
