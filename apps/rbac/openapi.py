"""Tells the OpenAPI document how clients authenticate."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """Says in the OpenAPI document how to authenticate."""

    target_class = "apps.rbac.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Bearer scheme of OpenAPI."""
        return {"type": "http", "scheme": "bearer"}
