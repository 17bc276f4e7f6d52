"""Dialects of real engines under names that the agent does not know.

Through them everything is asked by way of SQLAlchemy's Inspector, and nothing by the connectors
that these engines have.
"""

from __future__ import annotations

import msgspec
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from datawave_edge.connectors import make_connector
from datawave_edge.connectors.dialect import DialectConnector
from datawave_edge.protocol import ConnectionSpec, RunSettings


class ElephantDialect(PGDialect_psycopg):
    """PostgreSQL."""

    name = "elephant"
    supports_statement_cache = True


class DolphinDialect(MySQLDialect_pymysql):
    """MariaDB and MySQL."""

    name = "dolphin"
    supports_statement_cache = True


registry.register("elephant", __name__, "ElephantDialect")
registry.register("elephant.psycopg", __name__, "ElephantDialect")
registry.register("dolphin", __name__, "DolphinDialect")
ALLOWED = "elephant, elephant+psycopg, dolphin"


def through(spec: ConnectionSpec, dialect: str) -> ConnectionSpec:
    """The same database, through a dialect."""
    return msgspec.structs.replace(spec, engine="sqlalchemy", dialect=dialect)


def make_through(spec: ConnectionSpec, password: str = "", **settings: int) -> DialectConnector:
    """The connector that a dialect's spec asks for."""
    made = make_connector(spec, password, RunSettings(**settings))
    assert isinstance(made, DialectConnector)
    return made
