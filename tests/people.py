"""Alice owns the work, Bob is on her team, Charlie is a stranger; Ada administers."""

from __future__ import annotations

from dataclasses import dataclass

from apps.datasources.models import DataSource
from apps.rbac import services as rbac
from apps.rbac.models import User
from apps.rbac.types import Role

from .factories import make_source, make_user


@dataclass(frozen=True)
class People:
    """Four people around one source: steward, viewer, stranger, administrator."""

    alice: User
    bob: User
    charlie: User
    ada: User
    source: DataSource


def make_people() -> People:
    """Alice is steward of the source, Bob may view it, Charlie has no role, Ada is admin."""
    source = make_source("crm")
    alice, bob, charlie = make_user("alice"), make_user("bob"), make_user("charlie")
    ada = make_user("ada")
    rbac.grant_role(user=alice, role=Role.STEWARD, scope=source)
    rbac.grant_role(user=bob, role=Role.VIEWER, scope=source)
    rbac.grant_role(user=ada, role=Role.ADMIN)
    return People(alice=alice, bob=bob, charlie=charlie, ada=ada, source=source)
