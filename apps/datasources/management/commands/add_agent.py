"""Makes an enrolment code from the command line and prints it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.datasources import services
from apps.datasources.models import Agent
from apps.datasources.selectors import find_agent_named
from datawave.common.errors import DataWaveError


class Command(BaseCommand):
    """`manage.py add_agent NAME`; prints the code alone, so that a script can hand it on."""

    help = "Print a one-time code for `datawave-edge enroll URL CODE`."

    def add_arguments(self, parser: CommandParser) -> None:
        """The agent's name, whether it is there already, and how long the code works."""
        parser.add_argument("name")
        parser.add_argument(
            "--renew", action="store_true", help="let an agent that is there enrol again"
        )
        parser.add_argument("--minutes", type=int, default=services.CODE_MINUTES)

    def handle(self, *, name: str, renew: bool, minutes: int, **_: Any) -> None:
        """Print the code."""
        agent = _get_agent(name) if renew else None
        try:
            _code, secret = services.make_code(name=name, agent=agent, minutes=minutes)
        except DataWaveError as error:
            raise CommandError(error.message) from None
        self.stdout.write(secret)


def _get_agent(name: str) -> Agent:
    agent = find_agent_named(name)
    if agent is None:
        raise CommandError("There is no agent of that name.")
    return agent
