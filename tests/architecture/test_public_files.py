"""Apps enter each other by their public files alone; import-linter checks everything else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

APPS = Path(__file__).resolve().parents[2] / "apps"
PUBLIC = {
    "services", "selectors", "types", "signals", "stages", "panels", "topics", "authentication",
}  # fmt: skip


def list_entries() -> Iterator[tuple[str, str, str]]:
    """File, app and module of each import of another app's module."""
    for path in APPS.rglob("*.py"):
        own = path.relative_to(APPS).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _name_modules(node):
                parts = module.split(".")
                if parts[0] == "apps" and len(parts) > 2 and parts[1] != own:
                    yield str(path.relative_to(APPS)), parts[1], parts[2]


def _name_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def test_only_public_files_are_entered_when_apps_import_each_other() -> None:
    entries = list(list_entries())
    assert entries
    # The type of a person or a source may be named anywhere; only its file makes rows.
    wrong = [entry for entry in entries if entry[2] not in PUBLIC | {"models"}]
    assert wrong == []


def test_models_are_only_named_as_types_when_they_belong_to_another_app() -> None:
    wrong = []
    for path in APPS.rglob("*.py"):
        own = path.relative_to(APPS).parts[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".models"):
                parts = (node.module or "").split(".")
                if parts[0] == "apps" and parts[1] != own and "migrations" not in path.parts:
                    wrong.append(str(path.relative_to(APPS)))
    assert wrong == []
