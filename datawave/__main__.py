"""The command `datawave`: Django's command line with our settings."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from datawave.common.env import SettingInvalid


def main() -> None:
    """Run the command that the arguments name, such as `datawave start`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingInvalid as fact:
        sys.exit(f"{fact}")


if __name__ == "__main__":
    main()
