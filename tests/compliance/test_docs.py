"""What the guides promise is there, and what is there is in the guides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.catalog.tags import TAGS
from apps.classification.types import LabelState
from apps.compliance.facts import FACTS
from apps.compliance.policy import load_shipped_packs
from apps.compliance.policy.model import OPS
from apps.compliance.types import FindingState

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
POLICIES = (DOCS / "policies.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TAGS)
def test_fact_is_in_the_guide_when_it_can_be_declared(name: str) -> None:
    assert f"| `{name}` | {TAGS[name].title} |" in GUIDE
    assert all(f"`{choice}`" in GUIDE for choice in TAGS[name].choices)


@pytest.mark.parametrize("state", [*LabelState, *FindingState])
def test_state_is_in_the_guide_when_rows_may_have_it(state: LabelState | FindingState) -> None:
    assert f"| {state.label} |" in GUIDE


@pytest.mark.parametrize("op", OPS)
def test_question_is_documented_when_rules_may_ask_it(op: str) -> None:
    assert f"`{op}`" in POLICIES


def test_fact_is_documented_when_rules_may_ask_it() -> None:
    told = set(re.findall(r"`(?:column\.|table\.|source\.)?([a-z_.0-9]+)`", POLICIES))
    asked = {fact.partition(".")[2] for fact in FACTS if ".tags." not in fact}
    assert asked - told - {"exists"} == set()


def test_packs_are_counted_as_they_are() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", POLICIES, re.MULTILINE))
    assert rows == {pack.id: str(len(pack.rules)) for pack in load_shipped_packs()}
