"""Enrols an agent from the command line and prints its token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.datasources import services
from apps.datasources.selectors import find_agent_named
from datawave.common.errors import DataWaveError


class Command(BaseCommand):
    """`manage.py add_agent NAME`; prints the token alone, for a file of mode 0600."""

    help = "Enrol an agent and print its token, which is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """The agent's name, and whether it only needs another token."""
        parser.add_argument("name")
        parser.add_argument(
            "--renew", action="store_true", help="give an agent that is there a new token"
        )

    def handle(self, *, name: str, renew: bool, **_: Any) -> None:
        """Print the token."""
        try:
            token = _renew(name) if renew else services.add_agent(name=name)[1]
        except DataWaveError as error:
            raise CommandError(error.message) from None
        self.stdout.write(token)


def _renew(name: str) -> str:
    agent = find_agent_named(name)
    if agent is None:
        raise CommandError("There is no agent of that name.")
    return services.renew_token(agent=agent)
