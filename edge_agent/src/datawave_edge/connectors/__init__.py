"""Connectors by engine. A driver is imported only when its engine is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, RunSettings

from .contract import (
    Binary,
    Cell,
    Connector,
    ConnectorFactory,
    Listing,
    Plans,
    ReadsAhead,
    Sample,
    Shapes,
    TableRef,
    TableShape,
    TellsApart,
    TellsReadable,
)

__all__ = [
    "Binary", "Cell", "Connector", "Listing", "Plans", "ReadsAhead", "Sample", "Shapes",
    "TableRef", "TableShape", "TellsApart", "TellsReadable", "make_connector",
]  # fmt: skip

_ENGINES: Final = {
    "sqlite": ("sqlite", "SqliteConnector"),
    "postgresql": ("postgresql", "PostgresConnector"),
    "mysql": ("mysql", "MysqlConnector"),
    "duckdb": ("duckdb", "DuckdbConnector"),
    "files": ("folder", "FolderConnector"),
    "mssql": ("mssql", "MssqlConnector"),
    "oracle": ("oracle", "OracleConnector"),
    "sqlalchemy": ("dialect", "DialectConnector"),
}


def make_connector(spec: ConnectionSpec, password: str, settings: RunSettings) -> Connector:
    """A connector for the spec's engine, not yet connected. Raises SourceFault."""
    module, name = _ENGINES[spec.engine]
    try:
        factory = getattr(import_module(f"{__name__}.{module}"), name)
        return cast("ConnectorFactory", factory)(spec, password, settings)
    except ModuleNotFoundError:
        raise SourceFault("driver_missing") from None
