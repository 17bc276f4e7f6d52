"""Admin pages of people, roles and the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from datawave.common.admin import ReadOnlyAdmin

from .models import ApiToken, AuditEntry, RoleGrant, SignInLink, User

# Roles make and fill the groups; changed by hand they would say something else than the grants.
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]  # untyped base
    """People; roles are given on the page People, which also keeps the audit trail."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined", "is_staff", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "time_zone"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "email", "password1", "password2"]})
    ]
    filter_horizontal = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated; what they did stays theirs."""
        return False


@admin.register(RoleGrant)
class RoleGrantAdmin(ReadOnlyAdmin):
    """Roles that people have."""

    list_display = ["user", "role", "object_key", "granted_by", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "granted_by"]
    search_fields = ["user__username", "object_key"]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens without their hashes."""

    fields = ["user", "name", "prefix", "read_only", "expires_at", "last_used_at", "revoked_at"]
    list_display = ["name", "user", "prefix", "read_only", "expires_at", "last_used_at"]
    list_filter = ["read_only"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin):
    """Links without their hashes."""

    fields = ["user", "created_at", "expires_at", "used_at"]
    list_display = ["user", "created_at", "expires_at", "used_at"]
    list_select_related = ["user"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit trail, which nobody changes."""

    list_display = ["at", "actor_name", "action", "object_type", "object_key", "address"]
    list_filter = ["action", "object_type"]
    search_fields = ["actor_name", "action", "object_key", "request_id"]
    date_hierarchy = "at"
