"""People, their roles, tokens and sign-in links, and the trail of what they did."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from datawave.common.models import PublicModel

from .types import ROLE_TITLES, Role


class User(AbstractUser):
    """A person."""

    email = models.EmailField(unique=True)
    # IANA name; empty means the installation's own.
    time_zone = models.CharField(max_length=64, blank=True)

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class RoleGrant(PublicModel):
    """A role that a person has, everywhere or (with `object_key`) on one data source."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=32, choices=[(r.value, t) for r, t in ROLE_TITLES.items()])
    # Public id of the data source; empty for the whole installation.
    object_key = models.CharField(max_length=64, blank=True)
    granted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "object_key"], name="one_grant_each")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {ROLE_TITLES[Role(self.role)]}"


class ApiToken(PublicModel):
    """A token for the REST API; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    # First characters, so that a person can tell tokens apart.
    prefix = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    read_only = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInLink(PublicModel):
    """A link that signs its person in once; only the hash of its secret is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.user}"


class AuditEntry(models.Model):
    """One thing that someone did; entries are only ever added."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Kept beside the key, which is emptied when the person is deleted.
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=64, db_index=True)
    object_type = models.CharField(max_length=64, blank=True)
    object_key = models.CharField(max_length=64, blank=True, db_index=True)
    # Names and states before and after; never a secret, never a value of a source.
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.object_key}"
