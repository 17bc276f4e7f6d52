"""The shop in databases that are reached through a dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tests.edge_agent.made_dialects import through

from .adapters import Mysql, Postgres


@dataclass
class Elephant(Postgres):
    """PostgreSQL through a dialect."""

    engine: ClassVar[str] = "sqlalchemy"

    def __post_init__(self) -> None:
        self.spec = through(self.spec, "elephant+psycopg")


@dataclass
class Dolphin(Mysql):
    """MariaDB or MySQL through a dialect."""

    engine: ClassVar[str] = "sqlalchemy"

    def __post_init__(self) -> None:
        self.spec = through(self.spec, "dolphin")
