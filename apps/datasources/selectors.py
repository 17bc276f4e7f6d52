"""Reads of data sources, agents and connection tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from datawave.common.crypto import decrypt
from datawave.common.errors import NotThere
from datawave_edge.protocol import ConnectionSpec

from .models import Agent, ConnectionTest, DataSource, DataSourceQuerySet, EnrolmentCode
from .types import AgentCondition

if TYPE_CHECKING:
    from apps.rbac.models import User


def list_visible_sources(user: User) -> DataSourceQuerySet:
    """Sources that the person may view."""
    return DataSource.objects.visible_to(user)


def name_sources(user: User, given: Iterable[str]) -> tuple[str, ...]:
    """Names of sources for addresses that give either a name or a public id."""
    values = list(given)
    ids = [value for value in values if _is_uuid(value)]
    if not ids:
        return tuple(values)
    found = list_visible_sources(user).filter(public_id__in=ids)
    names = {str(public_id): name for public_id, name in found.values_list("public_id", "name")}
    return tuple(names.get(value.lower(), value) for value in values)


def get_source(*, user: User, public_id: uuid.UUID | str) -> DataSource:
    """The source. Raises NotThere when it is not there or the person may not view it."""
    source = list_visible_sources(user).select_related("agent", "owner").filter(public_id=public_id)
    if found := source.first():
        return found
    raise NotThere


def load_source(source_id: int) -> DataSource:
    """The source of that id, for work that nobody in particular asked for. Raises NotThere."""
    if found := DataSource.objects.filter(pk=source_id).first():
        return found
    raise NotThere


def find_source(*, user: User, name: str) -> DataSource | None:
    """The source of that name, if the person may view it."""
    return list_visible_sources(user).filter(name=name).first()


def list_permitted_sources(user: User, action: str) -> DataSourceQuerySet:
    """Sources on which the person may do the action."""
    return DataSource.objects.permitted_to(user, action)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def list_visible_agents(user: User) -> QuerySet[Agent]:
    """Agents, for those who may manage sources everywhere, else those of sources they may view."""
    if user.is_active and user.has_perm("datasources.manage_datasource"):
        return Agent.objects.all()
    sources = list_visible_sources(user)
    return Agent.objects.filter(
        Q(pk__in=sources.exclude(agent=None).values("agent"))
        | Q(pk__in=sources.exclude(more_agents=None).values("more_agents"))
        | Q(embedded=True, pk__in=_list_embedded_for(sources))
    )


def _list_embedded_for(sources: DataSourceQuerySet) -> QuerySet[Agent]:
    served = sources.filter(agent=None).exists()
    return Agent.objects.filter(embedded=True) if served else Agent.objects.none()


def get_agent(*, user: User, public_id: uuid.UUID | str) -> Agent:
    """The agent. Raises NotThere."""
    if found := list_visible_agents(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def find_agent(token: str) -> Agent | None:
    """The agent whose token it is, revoked or not."""
    return Agent.objects.filter(token_hash=hash_secret(token)).first()


def hash_secret(secret: str) -> str:
    """SHA-256 of a random secret; it is long enough to need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def find_embedded_agent() -> Agent | None:
    """The agent that the server starts itself, the one seen last."""
    agents = Agent.objects.filter(embedded=True, revoked_at=None)
    return agents.order_by(F("last_seen_at").desc(nulls_last=True)).first()


def choose_agent(source: DataSource, embedded: Agent | None) -> Agent | None:
    """Who would take the source's next job: its own agent, else one of its pool that is there."""
    own = source.agent or embedded
    pool = [agent for agent in (own, *source.more_agents.all()) if agent is not None]
    ready = (each for each in pool if each.condition == AgentCondition.ONLINE)
    return next(ready, own)


def find_agent_named(name: str) -> Agent | None:
    """The agent of that name, revoked or not."""
    return Agent.objects.filter(name=name).first()


def count_live_agents() -> int:
    """Agents that gave a sign of life within the last minute."""
    since = timezone.now() - dt.timedelta(minutes=1)
    return Agent.objects.filter(revoked_at=None, last_seen_at__gte=since).count()


def list_codes(user: User) -> QuerySet[EnrolmentCode]:
    """Enrolment codes, for those who may manage sources everywhere."""
    if user.is_active and user.has_perm("datasources.manage_datasource"):
        return EnrolmentCode.objects.select_related("agent", "made_by")
    return EnrolmentCode.objects.none()


def get_code(*, user: User, public_id: uuid.UUID | str) -> EnrolmentCode:
    """The enrolment code. Raises NotThere."""
    if found := list_codes(user).filter(public_id=public_id).first():
        return found
    raise NotThere


def list_visible_tests(user: User) -> QuerySet[ConnectionTest]:
    """Connection tests of sources that the person may view."""
    sources = list_visible_sources(user).values("pk")
    return ConnectionTest.objects.filter(source__in=sources)


def get_test(*, user: User, public_id: uuid.UUID | str) -> ConnectionTest:
    """The connection test. Raises NotThere."""
    tests = list_visible_tests(user).select_related("source", "requested_by", "agent")
    if found := tests.filter(public_id=public_id).first():
        return found
    raise NotThere


def served_by(agent: Agent, path: str = "source") -> Q:
    """Rows whose source (reached by `path`) the agent serves.

    Those that it is the first or a further agent of; and nobody's, if it is embedded.
    """
    shared = DataSource.more_agents.through.objects.filter(agent=agent).values("datasource")
    own = Q(**{f"{path}__agent": agent}) | Q(**{f"{path}__in": shared})
    return own | Q(**{f"{path}__agent": None}) if agent.embedded else own


def list_served_sources(agent: Agent, user: User) -> DataSourceQuerySet:
    """Sources that the agent serves and the person may view."""
    shared = DataSource.more_agents.through.objects.filter(agent=agent).values("datasource")
    served = Q(agent=agent) | Q(pk__in=shared)
    return list_visible_sources(user).filter(served | Q(agent=None) if agent.embedded else served)


def count_served(agents: Iterable[Agent], user: User) -> dict[int, int]:
    """How many sources that the person may view each agent serves, by its key."""
    visible = list_visible_sources(user).order_by()
    served: Counter[int | None] = Counter(visible.values_list("agent", flat=True))
    shared = DataSource.more_agents.through.objects.filter(datasource__in=visible.values("pk"))
    served.update(shared.values_list("agent", flat=True))
    return {agent.pk: served[None if agent.embedded else agent.pk] for agent in agents}


def build_connection(source: DataSource, *, agent: Agent) -> ConnectionSpec:
    """What the agent needs to connect. Only an embedded one is given the stored password."""
    password = decrypt(bytes(source.password)) if agent.embedded and source.password else ""
    return ConnectionSpec(
        engine=source.engine,  # type: ignore[arg-type]  # the choices are the protocol's
        dialect=source.dialect,
        host=source.host,
        port=source.port,
        database=source.database,
        username=source.username,
        password=password,
        secret_ref=source.secret_ref,
        tls=source.tls,  # type: ignore[arg-type]  # one of its choices
        include=list_patterns(source.include),
        exclude=list_patterns(source.exclude),
    )


def list_patterns(text: str) -> list[str]:
    """The patterns of a field that has one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]
