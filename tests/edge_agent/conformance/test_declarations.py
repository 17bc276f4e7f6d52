"""What the guide says of connectors is what they declare, and what they declare exists."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args

import pytest

from datawave_edge.connectors.capabilities import DECLARED, TITLES, Declaration
from datawave_edge.protocol.control import Engine

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
EXTRAS = tomllib.loads((ROOT / "edge_agent" / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["optional-dependencies"]


def render_table() -> str:
    """The table of the guide."""
    engines = list(DECLARED.values())
    head = ["", *(each.title for each in engines)]
    lines = [head, ["---"] * len(head)]
    for capability, title in TITLES.items():
        lines.append([title, *("yes" if capability in each.can else "–" for each in engines)])
    lines.append(["Tested against", *(_tested(each) for each in engines)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _tested(each: Declaration) -> str:
    return "a live one" if each.tested == "live" else "scripted answers"


def test_every_engine_is_declared_when_the_protocol_knows_it() -> None:
    assert set(DECLARED) == set(get_args(Engine))


def test_guide_has_the_table_exactly_once_when_connectors_are_declared() -> None:
    rows = "\n".join(line for line in GUIDE.splitlines() if "|" in line)
    assert rows == render_table(), f"put this into docs/connectors.md:\n{render_table()}"


@pytest.mark.parametrize("told", DECLARED.values(), ids=lambda each: each.engine)
def test_engine_has_a_heading_and_an_extra_when_declared(told: Declaration) -> None:
    assert f"\n## {told.title}\n" in GUIDE
    assert not told.extra or (told.extra in EXTRAS and f"datawave-edge[{told.extra}]" in GUIDE)
