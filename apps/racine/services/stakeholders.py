"""Who is told what happens to a source by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from apps.rbac.selectors import list_people_with_role, may
from apps.rbac.types import Action, Role

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.racine.models import Run
    from apps.rbac.models import User


def list_stakeholders(source: DataSource) -> list[User]:
    """The source's owner and stewards, else the administrators."""
    near = [source.owner, *_list_stewards(source)]
    return _keep_viewers(source, near if any(near) else list_people_with_role(Role.ADMIN))


def list_askers(run: Run) -> list[User]:
    """Who started it, who planned it, and who owns the source."""
    planner = run.schedule.created_by if run.schedule is not None else None
    return _keep_viewers(run.source, [run.started_by, planner, run.source.owner])


def list_alarmed(source: DataSource, runs: Iterable[Run]) -> list[User]:
    """Who hears of an incident in these runs: when it opens, and the same people when it clears."""
    people = [source.owner, *_list_stewards(source), *list_people_with_role(Role.ADMIN)]
    for run in runs:
        people += list_askers(run)
    return _keep_viewers(source, people)


def _list_stewards(source: DataSource) -> Iterable[User]:
    return list_people_with_role(Role.STEWARD, object_key=str(source.public_id))


def _keep_viewers(source: DataSource, people: Iterable[User | None]) -> list[User]:
    once = {user.pk: user for user in people if user is not None}
    return [user for user in once.values() if may(user, Action.VIEW, source)]
