"""Adds and changes sources, enrols agents, and hands out connection tests."""

from .agents import (
    AgentNameTaken,
    AgentRevoked,
    add_agent,
    authenticate_agent,
    enlist_embedded_agent,
    note_heartbeat,
    note_seen,
    note_spool,
    renew_token,
    revoke_agent,
)
from .connection_tests import expire_tests, finish_test, lease_test, request_test
from .sources import add_source, change_source, delete_source, note_facts

__all__ = [
    "AgentNameTaken",
    "AgentRevoked",
    "add_agent",
    "add_source",
    "authenticate_agent",
    "change_source",
    "delete_source",
    "enlist_embedded_agent",
    "expire_tests",
    "finish_test",
    "lease_test",
    "note_facts",
    "note_heartbeat",
    "note_seen",
    "note_spool",
    "renew_token",
    "request_test",
    "revoke_agent",
]
