"""The rules on the demo company, whose truth is known."""

from __future__ import annotations

import pytest

from apps.classification.judge import Verdict
from apps.classification.rules.judging import RuleJudge
from apps.classification.tables import read_table

from .estate import TRUTH, describe_demo

MUST_BE_FOUND = (
    "contact.email", "finance.credit_card_number", "finance.card_security_code", "gov.national_id",
    "gov.passport", "finance.iban", "secret.password_hash", "secret.api_token",
    "person.ethnicity", "person.religion", "person.criminal_record", "health.record_number",
    "health.insurance_id", "health.blood_type", "health.measurement", "finance.card_truncated",
)  # fmt: skip
TRAPS = (
    ("sales_devices", "phone"),
    ("sales_scenarios", "scenario_code"),
    ("crm_customers", "email_verified"),
    ("crm_companies", "founded"),
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Verdict]:
    """Verdicts on every column of the demo database."""
    tables = describe_demo(tmp_path_factory.mktemp("demo"))
    judge = RuleJudge()
    return {
        (table.name, verdict.column): verdict
        for table in tables
        for verdict in judge.judge(read_table(table))
    }


Verdicts = dict[tuple[str, str], Verdict]


def test_most_columns_are_right_when_the_demo_is_judged(verdicts: Verdicts) -> None:
    right = [place for place, found in verdicts.items() if TRUTH[place] == found.semantic_type]
    assert len(verdicts) > 250
    assert len(right) / len(verdicts) >= 0.95


@pytest.mark.parametrize("kind", MUST_BE_FOUND)
def test_sensitive_column_is_found_when_it_is_in_the_demo(verdicts: Verdicts, kind: str) -> None:
    places = [place for place in verdicts if TRUTH[place] == kind]
    assert places
    assert [place for place in places if verdicts[place].semantic_type != kind] == []


@pytest.mark.parametrize("place", TRAPS)
def test_trap_is_not_taken_for_personal_data_when_its_name_misleads(
    verdicts: Verdicts, place: tuple[str, str]
) -> None:
    assert not verdicts[place].personal


def test_most_confident_verdicts_are_right_when_sorted(verdicts: Verdicts) -> None:
    sure = [place for place, found in verdicts.items() if found.confidence >= 0.9]
    right = [place for place in sure if TRUTH[place] == verdicts[place].semantic_type]
    assert len(right) / len(sure) >= 0.97
