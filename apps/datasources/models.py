"""Databases to govern, the agents that serve them, and connection tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import models
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from guardian.shortcuts import get_objects_for_user

from datawave.common.models import PublicModel
from datawave_edge import __version__

from .types import (
    AgentCondition,
    CodeState,
    Engine,
    Environment,
    RevokedBecause,
    TestState,
    Tls,
    parse_version,
)

if TYPE_CHECKING:
    from apps.rbac.models import User

# Seconds; nothing depends on an agent's clock, but its log is read by people.
CLOCK_TOLERANCE = 60


class Agent(PublicModel):
    """An enrolled edge process. Of its token only the hash is kept, of its key the public half."""

    name = models.CharField(max_length=100, unique=True)
    # The one that the server starts itself, and that may be given stored passwords.
    embedded = models.BooleanField(default=False)
    # Of the one token that is good now; that of an embedded agent never expires.
    token_hash = models.CharField(max_length=64, unique=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    # Ed25519, in hex; empty for an embedded agent.
    public_key = models.CharField(max_length=64, blank=True)
    key_made_at = models.DateTimeField(null=True, blank=True)
    # What the agent must show at its next refresh: see identity.py.
    link_hash = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=32, blank=True)
    protocol = models.CharField(max_length=16, blank=True)
    host = models.CharField(max_length=200, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    clock_skew_seconds = models.FloatField(default=0)
    spool_bytes = models.BigIntegerField(default=0)
    # Age of the oldest batch that waits on the agent's disk; None when none does.
    oldest_spooled_seconds = models.FloatField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=20, choices=RevokedBecause.choices, blank=True)
    # Whether it is to end its job and take no other.
    draining = models.BooleanField(default=False)
    # Told on its next heartbeat, until it has done so.
    refresh_wanted = models.BooleanField(default=False)
    rotation_wanted = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["public_key"],
                condition=~models.Q(public_key=""),
                name="one_agent_per_public_key",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it gave a sign of life within the last minute."""
        since = timezone.now() - dt.timedelta(minutes=1)
        return self.last_seen_at is not None and self.last_seen_at >= since

    @property
    def condition(self) -> AgentCondition:
        """How it is, in a word."""
        if self.revoked_at is not None:
            return AgentCondition.REVOKED
        if self.last_seen_at is None:
            return AgentCondition.NEVER_SEEN
        if not self.is_live:
            return AgentCondition.OFFLINE
        return AgentCondition.DRAINING if self.draining else AgentCondition.ONLINE

    @property
    def is_clock_off(self) -> bool:
        """Whether its clock is far enough off to confuse whoever reads its log."""
        return abs(self.clock_skew_seconds) > CLOCK_TOLERANCE

    @property
    def is_outdated(self) -> bool:
        """Whether an older version than the server's own was heard from it."""
        return bool(self.version) and parse_version(self.version) < parse_version(__version__)


class EnrolmentCode(PublicModel):
    """Lets one agent in, once. Only its hash is kept."""

    code_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    # The agent that is to be let in again, or that was made by using the code.
    agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.CASCADE, related_name="codes"
    )
    # Sources that the agent will serve.
    sources: models.ManyToManyField[DataSource, models.Model] = models.ManyToManyField(
        "DataSource", blank=True, related_name="+"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    # Who used it may ask again with the same key when the answer was lost.
    used_by_key = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"code for {self.name}"

    @property
    def state(self) -> CodeState:
        """What has become of it."""
        if self.used_at is not None:
            return CodeState.USED
        if self.withdrawn_at is not None:
            return CodeState.WITHDRAWN
        return CodeState.EXPIRED if self.expires_at <= timezone.now() else CodeState.OPEN


class SpentChallenge(models.Model):
    """A challenge that an agent answered, with the link that it showed: neither works twice."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="spent_challenges")
    nonce_hash = models.CharField(max_length=64, unique=True)
    link_hash = models.CharField(max_length=64, blank=True)
    spent_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["agent", "link_hash"], name="spent_links")]

    def __str__(self) -> str:
        return f"challenge {self.pk} of {self.agent}"


class DataSourceQuerySet(models.QuerySet["DataSource"]):
    """Reads of sources."""

    def visible_to(self, user: User) -> DataSourceQuerySet:
        """Those that the person may view, by a role everywhere or on the source."""
        return self.permitted_to(user, "view")

    def permitted_to(self, user: User, action: str) -> DataSourceQuerySet:
        """Those on which the person may do the action."""
        if not user.is_active:
            return self.none()
        allowed = get_objects_for_user(
            user, f"datasources.{action}_datasource", klass=self, accept_global_perms=True
        )
        return cast("DataSourceQuerySet", allowed)


class DataSource(PublicModel):
    """A database to govern."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    engine = models.CharField(max_length=20, choices=Engine.choices)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    # SQLAlchemy dialect, for a database without a connector of its own.
    dialect = models.CharField(max_length=64, blank=True)
    # Name of the database, or path of a file or folder.
    database = models.CharField(max_length=1_000, blank=True)
    username = models.CharField(max_length=200, blank=True)
    # Encrypted; write-only towards people and clients.
    password = models.BinaryField(null=True, blank=True, editable=False)
    # Where a remote agent finds the password itself, such as "env:CRM_PASSWORD".
    secret_ref = models.CharField(max_length=200, blank=True)
    tls = models.CharField(max_length=20, choices=Tls.choices, default=Tls.PREFER)
    # Glob patterns over "container.name", one a line.
    include = models.TextField(blank=True)
    exclude = models.TextField(blank=True)
    # Seconds of a run for counting rare, sensitive values over whole tables; 0 is off.
    counting_seconds = models.PositiveIntegerField(default=300)
    # Minutes of statements that a run may cost the database before it reads structure alone; 0:
    # no limit.
    run_minutes = models.PositiveIntegerField(default=0)
    environment = models.CharField(
        max_length=20, choices=Environment.choices, default=Environment.PRODUCTION
    )
    # ISO 3166 country or cloud region where the data lies.
    region = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL,
        related_name="owned_sources",
    )  # fmt: skip
    agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="sources"
    )
    # Those that share its jobs with the first: whoever is idle takes the next.
    more_agents = models.ManyToManyField(Agent, blank=True, related_name="shared_sources")
    # What the last discovery saw of the server: version, tls, read_only, privileged, ...
    facts = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DataSourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        # "view" is Django's own; the rest mirrors rbac's actions.
        permissions = [
            ("discover_datasource", "Can start discovery"),
            ("decide_labels_datasource", "Can accept and reject labels"),
            ("describe_datasource", "Can edit descriptions and tags"),
            ("decide_findings_datasource", "Can decide on findings"),
            ("manage_datasource", "Can change the connection"),
            ("export_datasource", "Can export lists"),
        ]

    def __str__(self) -> str:
        return self.name


class DataSourceUserObjectPermission(UserObjectPermissionBase):
    """A person's permission on one source, by direct foreign key: ids reused never inherit it."""

    content_object = models.ForeignKey(DataSource, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class DataSourceGroupObjectPermission(GroupObjectPermissionBase):
    """A group's permission on one source."""

    content_object = models.ForeignKey(DataSource, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass


class ConnectionTest(PublicModel):
    """A test of a source's connection, run by an agent step by step."""

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="tests")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=20, choices=TestState.choices, default=TestState.QUEUED)
    # protocol.TestStep as JSON, in order
    steps = models.JSONField(default=list)
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"test of {self.source}: {self.state}"
