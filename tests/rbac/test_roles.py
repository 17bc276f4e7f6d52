"""Roles: what each allows, where, and what strangers get to see."""

from __future__ import annotations

import pytest

from apps.datasources.models import DataSource
from apps.rbac import services
from apps.rbac.selectors import may
from apps.rbac.types import ROLE_ACTIONS, Action, Role
from datawave.common.errors import NotThere, PermissionMissing
from tests.factories import make_source, make_user
from tests.people import People


def test_action_is_allowed_when_role_on_source_has_it(people: People) -> None:
    services.require(people.alice, Action.DISCOVER, people.source)


def test_permission_is_missing_when_viewer_discovers(people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.require(people.bob, Action.DISCOVER, people.source)


def test_source_is_not_there_when_stranger_discovers(people: People) -> None:
    with pytest.raises(NotThere):
        services.require(people.charlie, Action.DISCOVER, people.source)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_exactly_its_actions_are_allowed_when_role_is_given_everywhere(role: Role) -> None:
    user, source = make_user(), make_source()
    services.grant_role(user=user, role=role)
    assert {action for action in Action if may(user, action, source)} == ROLE_ACTIONS[role]


def test_only_permitted_sources_are_visible_when_listed(people: People) -> None:
    make_source("other")
    assert list(DataSource.objects.visible_to(people.bob)) == [people.source]
    assert not DataSource.objects.visible_to(people.charlie).exists()
    assert DataSource.objects.visible_to(people.ada).count() == 2


def test_other_role_stands_when_one_is_revoked(people: People) -> None:
    services.grant_role(user=people.alice, role=Role.VIEWER, scope=people.source)
    services.revoke_role(user=people.alice, role=Role.STEWARD, scope=people.source)
    alice = type(people.alice).objects.get(pk=people.alice.pk)
    assert may(alice, Action.VIEW, people.source)
    assert not may(alice, Action.DISCOVER, people.source)


def test_nothing_is_visible_when_person_is_deactivated(people: People) -> None:
    people.alice.is_active = False
    people.alice.save()
    assert not DataSource.objects.visible_to(people.alice).exists()
