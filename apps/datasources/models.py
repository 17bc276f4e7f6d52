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

from .types import Engine, Environment, TestState, Tls

if TYPE_CHECKING:
    from apps.rbac.models import User


class Agent(PublicModel):
    """An enrolled edge process. Only the hash of its token is kept."""

    name = models.CharField(max_length=100, unique=True)
    # The one that the server starts itself, and that may be given stored passwords.
    embedded = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    version = models.CharField(max_length=32, blank=True)
    host = models.CharField(max_length=200, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    clock_skew_seconds = models.FloatField(default=0)
    spool_bytes = models.BigIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it gave a sign of life within the last minute."""
        since = timezone.now() - dt.timedelta(minutes=1)
        return self.last_seen_at is not None and self.last_seen_at >= since


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
    # Name of the database, or path of an SQLite file.
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
