"""Engines whose database is a file or a folder beside the agent, and how its place is checked."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from datawave_edge.protocol import ConnectionSpec

_CHECKS: Final = {
    "sqlite": ("sqlite", "check_file"),
    "duckdb": ("duckdb", "check_file"),
    "files": ("folder", "check_folder"),
}


def is_file_engine(engine: str) -> bool:
    """Whether an engine's database is a file or a folder beside the agent."""
    return engine in _CHECKS


def check_place(spec: ConnectionSpec) -> None:
    """Raise SourceFault unless the file or folder is there and may be read."""
    module, name = _CHECKS[spec.engine]
    getattr(import_module(f"{__package__}.{module}"), name)(spec.database)
