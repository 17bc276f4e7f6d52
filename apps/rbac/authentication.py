"""Tells who calls the API, by token."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from . import services
from .models import ApiToken, User
from .selectors import find_token

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer dwt_…`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's person; None when no bearer token is given."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:  # noqa: PLR2004  # the scheme and the token
            raise AuthenticationFailed("The header must read: Authorization: Bearer TOKEN")
        token = find_token(parts[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        if token.read_only and request.method not in SAFE_METHODS:
            raise PermissionDenied("This token may only read.")
        services.note_token_use(token=token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing token a 401 rather than a 403."""
        return 'Bearer realm="DataWave"'
