"""Engines and what a connection to each needs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices


class Engine(TextChoices):
    """A database engine that agents can discover."""

    SQLITE = "sqlite", "SQLite"
    POSTGRESQL = "postgresql", "PostgreSQL"
    MYSQL = "mysql", "MySQL / MariaDB"


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


ENGINES: dict[Engine, EngineSpec] = {
    Engine.SQLITE: EngineSpec(
        engine=Engine.SQLITE,
        default_port=None,
        needs_host=False,
        database_label="File",
        database_help="Path of the file on the agent's host.",
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
    ),
}
