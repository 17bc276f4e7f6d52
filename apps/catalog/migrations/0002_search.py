"""Makes the full-text index: a virtual table on SQLite, a GIN index on PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.db import migrations

FORWARD = {
    "sqlite": (
        "CREATE VIRTUAL TABLE IF NOT EXISTS catalog_search"
        " USING fts5(name, columns, body, prefix='2 3', tokenize='unicode61')"
    ),
    "postgresql": (
        "CREATE INDEX IF NOT EXISTS catalog_search_vector"
        " ON catalog_catalogentry USING gin (search_vector)"
    ),
}
BACKWARD = {
    "sqlite": "DROP TABLE IF EXISTS catalog_search",
    "postgresql": "DROP INDEX IF EXISTS catalog_search_vector",
}


def make_index(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(FORWARD[schema_editor.connection.vendor])


def drop_index(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(BACKWARD[schema_editor.connection.vendor])


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(make_index, drop_index)]
