"""Engines and what a connection to each needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices

from datawave_edge.connectors.capabilities import DECLARED


class Engine(TextChoices):
    """A database engine that agents can discover."""

    SQLITE = "sqlite", "SQLite"
    POSTGRESQL = "postgresql", "PostgreSQL"
    MYSQL = "mysql", "MySQL / MariaDB"
    DUCKDB = "duckdb", "DuckDB"
    FILES = "files", "CSV, Parquet and JSON files"
    MSSQL = "mssql", "SQL Server"
    ORACLE = "oracle", "Oracle"
    SQLALCHEMY = "sqlalchemy", "Other (SQLAlchemy)"


class Tls(TextChoices):
    """How the agent secures its connection to the source."""

    DISABLE = "disable", "Off"
    PREFER = "prefer", "If the server offers it"
    REQUIRE = "require", "Required"
    VERIFY_FULL = "verify-full", "Required, certificate checked"


class Environment(TextChoices):
    """What a source is used for; some rules hold only in some environments."""

    PRODUCTION = "production", "Production"
    STAGING = "staging", "Staging"
    TEST = "test", "Test"
    DEVELOPMENT = "development", "Development"


class AgentCondition(TextChoices):
    """How an agent is, in a word."""

    ONLINE = "online", "Online"
    DRAINING = "draining", "Draining"
    OFFLINE = "offline", "Offline"
    NEVER_SEEN = "never_seen", "Never seen"
    REVOKED = "revoked", "Revoked"


class CodeState(TextChoices):
    """What has become of an enrolment code."""

    OPEN = "open", "Open"
    USED = "used", "Used"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class AgentWish(StrEnum):
    """What an agent can be asked to do about its own access."""

    REFRESH = "refresh"
    ROTATE = "rotation"


class RevokedBecause(TextChoices):
    """Why an agent is let in no more."""

    ADMIN = "admin", "An administrator revoked it"
    COPIED = "copied", "Its identity was used in two places"
    REPLAYED = "replayed", "An answer that had been used was sent again"


class TestState(TextChoices):
    """Life of a connection test."""

    __test__ = False  # not a pytest class

    QUEUED = "queued", "Waiting for an agent"
    LEASED = "leased", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "No agent answered"


@dataclass(frozen=True)
class EngineSpec:
    """Which fields an engine's form shows, and its usual port."""

    engine: Engine
    default_port: int | None
    needs_host: bool
    database_label: str
    database_help: str
    # Where it is, for an engine without a server or without a usual port.
    place: str = ""
    database_required: bool = True
    needs_dialect: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether its connector was tested against a live one."""
        return DECLARED[self.engine.value].tested == "live"

    @property
    def summary(self) -> str:
        """A line for the choice of engines."""
        where = self.place or f"Server, port {self.default_port}"
        return where if self.is_proven else f"{where}; not yet tested against a live server"


ENGINES: dict[Engine, EngineSpec] = {
    Engine.SQLITE: EngineSpec(
        engine=Engine.SQLITE,
        default_port=None,
        needs_host=False,
        database_label="File",
        database_help="Path of the file on the agent's host.",
        place="A file beside the agent",
    ),
    Engine.POSTGRESQL: EngineSpec(
        engine=Engine.POSTGRESQL,
        default_port=5432,
        needs_host=True,
        database_label="Database",
        database_help="All schemas that the user may see are read.",
    ),
    Engine.MYSQL: EngineSpec(
        engine=Engine.MYSQL,
        default_port=3306,
        needs_host=True,
        database_label="Database",
        database_help="Leave empty to read every database the user may see.",
        database_required=False,
    ),
    Engine.DUCKDB: EngineSpec(
        engine=Engine.DUCKDB,
        default_port=None,
        needs_host=False,
        database_label="File",
        database_help="Absolute path of the DuckDB file on the agent's host.",
        place="A file beside the agent",
    ),
    Engine.FILES: EngineSpec(
        engine=Engine.FILES,
        default_port=None,
        needs_host=False,
        database_label="Folder",
        database_help="Absolute path of the folder on the agent's host. All CSV, TSV, Parquet, JSON"
        " and NDJSON files below it are read; files of the same columns whose names differ in"
        " numbers or dates are one dataset.",
        place="A folder beside the agent",
    ),
    Engine.MSSQL: EngineSpec(
        engine=Engine.MSSQL,
        default_port=1433,
        needs_host=True,
        database_label="Database",
        database_help="All schemas that the user may see are read.",
    ),
    Engine.ORACLE: EngineSpec(
        engine=Engine.ORACLE,
        default_port=1521,
        needs_host=True,
        database_label="Service",
        database_help="Name of the service alone, such as ORCLPDB1. All schemas that the user may"
        " see are read.",
    ),
    Engine.SQLALCHEMY: EngineSpec(
        engine=Engine.SQLALCHEMY,
        default_port=None,
        needs_host=True,
        database_label="Database",
        database_help="Name or alias alone; empty where the server needs none.",
        place="A server, through a dialect that the agent’s host allows",
        database_required=False,
        needs_dialect=True,
    ),
}


def parse_version(text: str) -> tuple[int, ...]:
    """A version's numbers, for comparing; what follows them does not count."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


AGENT_EVENTS = {
    "agent_enrolled": "Enrolled",
    "agent_enrolled_again": "Enrolled again, with a new key",
    "agent_code_made": "A code to enrol again was made",
    "agent_key_rotated": "Made itself a new key",
    "agent_rotation_asked": "Was asked for a new key",
    "agent_refresh_asked": "Was asked to take a new token",
    "agent_drained": "Was drained",
    "agent_resumed": "Takes jobs again",
    "agent_renamed": "Was renamed",
    "agent_revoked": "Was revoked",
    "agent_added": "Was added",
    "agent_renewed": "Got a new token",
}


def describe_event(action: str, detail: dict[str, object]) -> str:
    """A line of an agent's history."""
    text = AGENT_EVENTS.get(action, action.replace("_", " ").capitalize())
    told = detail.get("because") or (detail.get("before") and f"before: {detail['before']}")
    return f"{text} ({told})" if told else text
