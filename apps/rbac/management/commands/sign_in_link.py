"""Prints a link that signs a person in once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from apps.rbac import services
from apps.rbac.models import User
from apps.rbac.selectors import list_administrators
from datawave.launch.home import find_running_url


class Command(BaseCommand):
    """`manage.py sign_in_link [username]`; without a name, for the first administrator."""

    help = "Print a link that signs a person in once, within half an hour."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person."""
        parser.add_argument("username", nargs="?", default="")

    def handle(self, *, username: str, **_: Any) -> None:
        """Print the link."""
        secret = services.issue_sign_in_link(user=_find(username))
        path = reverse("rbac:sign-in-link", args=[secret])
        # The group may have been started with a port that this command was not told of.
        running = find_running_url(settings.HOME) if settings.EMBEDDED else ""
        self.stdout.write((running or settings.BASE_URL).rstrip("/") + path)


def _find(username: str) -> User:
    if not username:
        user = services.add_first_admin() or list_administrators().order_by("pk").first()
    else:
        user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError("There is no active person of that name.")
    return user
