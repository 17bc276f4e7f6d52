"""The shipped judge on the demo company, whose truth is known."""

from __future__ import annotations

import pytest

from apps.classification.judge import Verdict
from apps.classification.model.judging import ModelJudge
from apps.classification.model.store import load_model
from apps.classification.tables import read_table

from .estate import TRUTH, describe_demo
from .test_demo import MUST_BE_FOUND, TRAPS

Verdicts = dict[tuple[str, str], Verdict]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Verdicts on every column of the demo database."""
    tables = describe_demo(tmp_path_factory.mktemp("demo"))
    judge = ModelJudge(load_model())
    return {
        (table.name, verdict.column): verdict
        for table in tables
        for verdict in judge.judge(read_table(table))
    }


def test_most_columns_are_right_when_the_model_judges_the_demo(verdicts: Verdicts) -> None:
    wrong = {
        place: (TRUTH[place], found.semantic_type)
        for place, found in verdicts.items()
        if TRUTH[place] != found.semantic_type
    }
    assert len(wrong) / len(verdicts) <= 0.05, wrong


@pytest.mark.parametrize("kind", MUST_BE_FOUND)
def test_sensitive_column_is_found_when_the_model_judges(verdicts: Verdicts, kind: str) -> None:
    missed = [p for p, found in verdicts.items() if TRUTH[p] == kind != found.semantic_type]
    assert missed == []


@pytest.mark.parametrize("place", TRAPS)
def test_trap_is_not_personal_when_the_model_judges(
    verdicts: Verdicts, place: tuple[str, str]
) -> None:
    assert not verdicts[place].personal
