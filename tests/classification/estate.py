"""The demo company as an agent would describe it, read through the agent's own code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datawave.demo import DEMO_TRUTH, build_demo
from datawave_edge.connectors import TableShape, make_connector
from datawave_edge.protocol import ConnectionSpec, RunSettings, TableSnapshot
from datawave_edge.snapshots import snapshot_of

# The demo's truth, and that of the paths in its JSON documents.
TRUTH = DEMO_TRUTH | {
    ("web_events", "payload.path"): "net.url",
    ("web_events", "payload.ms"): "duration",
    ("web_events", "payload.ab"): "other",
    ("web_settings", "setting_json.enabled"): "boolean",
    ("web_settings", "setting_json.limit"): "quantity",
}


def describe_demo(folder: Path) -> list[TableSnapshot]:
    """Snapshots of every table and view of a freshly made demo database."""
    path = folder / "demo.sqlite"
    build_demo(path)
    return list(describe_file(path))


def describe_file(path: Path) -> Iterator[TableSnapshot]:
    """Snapshots of the tables of an SQLite file."""
    settings = RunSettings(sample_rows=500)
    connector = make_connector(ConnectionSpec(engine="sqlite", database=str(path)), "", settings)
    connector.connect()
    try:
        for shape in connector.describe(connector.list_tables().tables).values():
            assert isinstance(shape, TableShape)
            yield snapshot_of(shape, connector.sample(shape, settings.sample_rows), "")
    finally:
        connector.close()
