"""Roles and the actions they allow."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What someone may do to a data source and all that belongs to it."""

    VIEW = "view"
    DISCOVER = "discover"
    DECIDE_LABELS = "decide_labels"
    DESCRIBE = "describe"
    DECIDE_FINDINGS = "decide_findings"
    MANAGE = "manage"
    EXPORT = "export"


class Role(StrEnum):
    """A role, given for the whole installation or for one data source."""

    VIEWER = "viewer"
    STEWARD = "steward"
    COMPLIANCE_OFFICER = "compliance_officer"
    SOURCE_ADMIN = "source_admin"
    ADMIN = "admin"
    AUDITOR = "auditor"


ROLE_TITLES: dict[Role, str] = {
    Role.VIEWER: "Viewer",
    Role.STEWARD: "Data steward",
    Role.COMPLIANCE_OFFICER: "Compliance officer",
    Role.SOURCE_ADMIN: "Source administrator",
    Role.ADMIN: "Administrator",
    Role.AUDITOR: "Auditor",
}

ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.VIEW}),
    Role.STEWARD: frozenset(
        {Action.VIEW, Action.DISCOVER, Action.DECIDE_LABELS, Action.DESCRIBE, Action.EXPORT}
    ),
    Role.COMPLIANCE_OFFICER: frozenset(
        {Action.VIEW, Action.DECIDE_LABELS, Action.DECIDE_FINDINGS, Action.EXPORT}
    ),
    Role.SOURCE_ADMIN: frozenset({Action.VIEW, Action.DISCOVER, Action.MANAGE, Action.EXPORT}),
    Role.ADMIN: frozenset(Action),
    Role.AUDITOR: frozenset({Action.VIEW, Action.EXPORT}),
}
# Roles that may read the audit trail, and those that may manage people.
AUDIT_ROLES = frozenset({Role.ADMIN, Role.AUDITOR})
PEOPLE_ROLES = frozenset({Role.ADMIN})
