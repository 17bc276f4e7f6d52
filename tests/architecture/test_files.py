"""Rules about files that no linter knows: names, sizes, docstrings, documented settings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(
    path
    for folder in ("datawave", "apps", "edge_agent/src", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
VAGUE = {"utils", "helpers", "helper", "manager", "misc", "base", "common_utils"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_module_says_what_it_is_for_when_opened(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), (
        "A module opens with one to three lines on what it is for."
    )


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_file_stays_readable_when_it_grows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES, "Make it a package of the same name."
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert not long


def test_no_name_is_vague_when_files_are_listed() -> None:
    assert not [name_of(path) for path in PRODUCT if path.stem in VAGUE]


def test_every_variable_is_documented_when_settings_read_it() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in PRODUCT
        if path.parts[-2:] != ("common", "env.py") and "datawave" in path.parts
    )
    names = set(re.findall(r'read_(?:text|bool|int|list)\(\s*"([A-Z_]+)"', code))
    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert names
    assert not {name for name in names if f"`{name}`" not in told}


def test_no_machine_or_registry_is_named_when_files_are_read() -> None:
    places = re.compile(r"/(?:work|root|farm)/[a-z.]|files\.pythonhosted|registry\.npmjs")
    tracked = [*PRODUCT, ROOT / "pyproject.toml", ROOT / "requirements.lock", ROOT / "Makefile"]
    assert not [name_of(p) for p in tracked if places.search(p.read_text(encoding="utf-8"))]
