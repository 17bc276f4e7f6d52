"""Who is told what happens to a source by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.rbac.selectors import list_people_with_role, may
from apps.rbac.types import Action, Role

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User


def list_stakeholders(source: DataSource, *others: User | None) -> list[User]:
    """The source's owner and stewards, else the administrators; and the others who may view it."""
    key = str(source.public_id)
    near = [source.owner, *list_people_with_role(Role.STEWARD, object_key=key)]
    people = {user.pk: user for user in (*near, *others) if user is not None}
    if not any(near):
        people |= {user.pk: user for user in list_people_with_role(Role.ADMIN)}
    return [user for user in people.values() if may(user, Action.VIEW, source)]
