"""Admin pages of sources, agents and tests; secrets and token hashes are on none of them."""

from __future__ import annotations

from django.contrib import admin

from datawave.common.admin import ReadOnlyAdmin

from .models import (
    Agent,
    ConnectionTest,
    DataSource,
    DataSourceGroupObjectPermission,
    DataSourceUserObjectPermission,
    EnrolmentCode,
)


@admin.register(DataSource)
class DataSourceAdmin(ReadOnlyAdmin):
    """Sources; they are changed on their own page, where the connection is checked."""

    list_display = ["name", "engine", "host", "environment", "agent", "updated_at"]
    list_filter = ["engine", "environment"]
    search_fields = ["name", "host", "database"]
    list_select_related = ["agent"]
    fields = [
        "name", "description", "engine", "dialect", "host", "port", "database", "username",
        "secret_ref", "tls", "include", "exclude", "environment", "region", "owner", "agent",
        "facts", "public_id", "created_at", "updated_at",
    ]  # fmt: skip


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    """Agents."""

    list_display = ["name", "embedded", "version", "host", "last_seen_at", "revoked_at"]
    search_fields = ["name", "host"]
    fields = [
        "name", "embedded", "version", "host", "last_seen_at", "clock_skew_seconds",
        "spool_bytes", "revoked_at", "public_id", "created_at",
    ]  # fmt: skip


@admin.register(ConnectionTest)
class ConnectionTestAdmin(ReadOnlyAdmin):
    """Connection tests."""

    list_display = ["source", "state", "agent", "requested_by", "created_at", "finished_at"]
    list_filter = ["state"]
    search_fields = ["source__name"]
    list_select_related = ["source", "agent", "requested_by"]


@admin.register(DataSourceUserObjectPermission)
class UserPermissionAdmin(ReadOnlyAdmin):
    """Permissions of people on single sources; roles give and take them."""

    list_display = ["content_object", "user", "permission"]
    search_fields = ["content_object__name", "user__username"]
    list_select_related = ["content_object", "user", "permission__content_type"]


@admin.register(DataSourceGroupObjectPermission)
class GroupPermissionAdmin(ReadOnlyAdmin):
    """Permissions of groups on single sources."""

    list_display = ["content_object", "group", "permission"]
    search_fields = ["content_object__name", "group__name"]
    list_select_related = ["content_object", "group", "permission__content_type"]


@admin.register(EnrolmentCode)
class EnrolmentCodeAdmin(ReadOnlyAdmin):
    """Codes that let agents in, without the codes."""

    list_display = ["created_at", "name", "agent", "made_by", "expires_at", "used_at"]
    list_filter = [("used_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "agent__name", "made_by__username"]
    list_select_related = ["agent", "made_by"]
    exclude = ["code_hash", "used_by_key"]
