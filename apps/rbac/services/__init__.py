"""Gives and takes roles, tokens and sign-in links; demands permissions; writes the audit trail."""

from __future__ import annotations

from .audit import record_audit
from .people import (
    OwnAccount,
    SignInRefused,
    activate_person,
    add_first_admin,
    add_person,
    change_password,
    change_profile,
    deactivate_person,
    invite_person,
    sign_in,
)
from .roles import (
    SCOPE_APP,
    LastAdministrator,
    describe_roles,
    fill_role_groups,
    grant_role,
    require,
    revoke_grant,
    revoke_role,
)
from .tokens import (
    SIGN_IN_LINK_MINUTES,
    SignInLinkSpent,
    issue_sign_in_link,
    issue_token,
    note_token_use,
    revoke_token,
    use_sign_in_link,
)

__all__ = [
    "SCOPE_APP",
    "SIGN_IN_LINK_MINUTES",
    "LastAdministrator",
    "OwnAccount",
    "SignInLinkSpent",
    "SignInRefused",
    "activate_person",
    "add_first_admin",
    "add_person",
    "change_password",
    "change_profile",
    "deactivate_person",
    "describe_roles",
    "fill_role_groups",
    "grant_role",
    "invite_person",
    "issue_sign_in_link",
    "issue_token",
    "note_token_use",
    "record_audit",
    "require",
    "revoke_grant",
    "revoke_role",
    "revoke_token",
    "sign_in",
    "use_sign_in_link",
]
