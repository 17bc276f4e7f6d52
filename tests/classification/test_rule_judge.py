"""What the rules say of columns: content over names, siblings, honesty about doubt."""

from __future__ import annotations

from typing import Any

import pytest

from apps.classification.judge import TableFacts, Verdict
from apps.classification.rules.judging import RuleJudge
from apps.classification.rules.names import score_name, split_words
from apps.classification.types import Sensitivity
from datawave_edge.profile import profile_column
from datawave_edge.protocol import ColumnSnapshot

MAILS = [f"person{n}@example.org" for n in range(40)]
PHONES = [f"+49 30 2312{n:04}" for n in range(40)]
FIRST = ["Anna", "Lukas", "Emma", "Noah", "Olivia", "Jonas", "Sophia", "Ethan"] * 5


def column(name: str, values: list[Any], kind: Any = "text", **fields: Any) -> ColumnSnapshot:
    """A column profiled by the agent's own code."""
    profile = profile_column(name, kind, values)
    return ColumnSnapshot(
        name=name, ordinal=0, native_type=kind.upper(), type=kind, profile=profile, **fields
    )


def judge(*columns: ColumnSnapshot, table: str = "t", **facts: Any) -> dict[str, Verdict]:
    """Verdicts by column."""
    found = RuleJudge().judge(
        TableFacts(container="main", name=table, columns=tuple(columns), **facts)
    )
    return {verdict.column: verdict for verdict in found}


def judge_one(name: str, values: list[Any], kind: Any = "text", table: str = "t") -> Verdict:
    return judge(column(name, values, kind), table=table)[name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cust_nm", "person.full_name"),
        ("KundeVorname", "person.first_name"),
        ("fecha_nacimiento", "person.date_of_birth"),
        ("dob", "person.date_of_birth"),
        ("ph_no", "contact.phone"),
        ("numero_telefono", "contact.phone"),
        ("code_postal", "address.postal_code"),
        ("cognome", "person.last_name"),
        ("strasse", "address.street"),
        ("電話", "contact.phone"),
        ("pan_masked", "finance.card_truncated"),
        ("num_comments", "quantity"),
        ("comment_num", "id.record"),
    ],
)
def test_name_speaks_for_its_type_when_abbreviated_or_foreign(name: str, kind: str) -> None:
    scores = score_name(name)
    assert max(scores, key=scores.__getitem__) == kind


def test_words_are_found_when_a_name_has_any_shape() -> None:
    assert split_words("CCNumber") == ("cc", "number")
    assert split_words("fecnac") == ("date", "birth")
    assert split_words("ÉTAT-civil") == ("etat", "civil")
    assert split_words("") == ()


def test_content_decides_when_the_name_says_otherwise() -> None:
    verdict = judge_one("comment", MAILS)
    assert verdict.semantic_type == "contact.email"


def test_opaque_column_is_found_when_its_values_tell() -> None:
    assert judge_one("c3", MAILS).semantic_type == "contact.email"
    assert judge_one("c4", PHONES).semantic_type == "contact.phone"


@pytest.mark.parametrize(
    ("name", "values", "kind", "wrong"),
    [
        ("scenario_code", [f"SCN-{n}" for n in range(40)], "text", "finance.credit_card_number"),
        ("email_verified", [0, 1] * 20, "integer", "contact.email"),
        ("phone", [f"Nova {n % 7} Pro" for n in range(40)], "text", "contact.phone"),
        ("phone_id", list(range(5000, 5040)), "integer", "contact.phone"),
        ("license_no", list(range(1, 41)), "integer", "gov.driver_license"),
        ("academic_cvv", list(range(1990, 2030)), "integer", "gov.passport"),
        ("email", list(range(40)), "integer", "contact.email"),
    ],
)
def test_trap_is_no_personal_data_when_only_the_name_looks_so(
    name: str, values: list[Any], kind: str, wrong: str
) -> None:
    assert judge_one(name, values, kind).semantic_type != wrong


def test_flag_is_boolean_when_named_after_an_email() -> None:
    assert judge_one("email_verified", [0, 1] * 20, "integer").semantic_type == "boolean"


def test_confidence_is_modest_when_there_are_no_values() -> None:
    empty = ColumnSnapshot(name="email", ordinal=0, native_type="TEXT", type="text")
    verdict = judge(empty)["email"]
    assert verdict.semantic_type == "contact.email"
    assert verdict.confidence <= 0.7
    assert "There were no values to look at" in [each.text for each in verdict.evidence]


def test_judge_abstains_when_nothing_speaks_for_a_type() -> None:
    verdict = judge_one("zq", [f"x{n} y! {n % 3}" for n in range(40)])
    assert verdict.confidence < 0.75
    assert verdict.semantic_type in ("", "other")


CITIES = ["London", "Berlin", "Paris", "Madrid"] * 10


def test_city_is_personal_when_the_rows_are_people() -> None:
    found = judge(column("first_name", FIRST), column("email", MAILS), column("city", CITIES))
    assert found["city"].semantic_type == "address.city"
    assert found["city"].personal
    assert found["city"].sensitivity == Sensitivity.CONFIDENTIAL


def test_city_is_not_personal_when_the_rows_are_airports() -> None:
    iata = column("iata", [f"A{chr(65 + n % 26)}{chr(65 + n // 2 % 26)}" for n in range(40)])
    found = judge(iata, column("city", CITIES), table="airports")
    assert found["city"].semantic_type == "address.city"
    assert not found["city"].personal
    assert found["city"].sensitivity == Sensitivity.INTERNAL


def test_key_is_personal_when_it_points_at_people() -> None:
    key = column("customer_id", list(range(40)), "integer")
    other = column("store_id", list(range(40)), "integer")
    found = judge(key, other, references={"customer_id": "customers", "store_id": "stores"})
    assert (found["customer_id"].semantic_type, found["customer_id"].personal) == (
        "id.record",
        True,
    )
    assert not found["store_id"].personal


def test_text_tells_what_it_mentions_when_people_are_named_inside() -> None:
    texts = [f"Please call back and write to person{n}@example.org about it" for n in range(40)]
    verdict = judge_one("notes", texts)
    assert verdict.semantic_type == "text.free"
    assert verdict.personal
    assert verdict.sensitivity == Sensitivity.CONFIDENTIAL
    assert "100 % of texts mention an e-mail address" in [each.text for each in verdict.evidence]


def test_text_is_about_the_person_when_its_name_says_so_or_it_mentions_one() -> None:
    texts = [f"The parcel came late on the {n}. day, and the box was open" for n in range(40)]
    found = judge(
        column("first_name", FIRST),
        column("mail", MAILS),
        column("remarks", texts),
        column("body", texts),
        table="customers",
    )
    assert found["remarks"].semantic_type == found["body"].semantic_type == "text.free"
    assert (found["remarks"].personal, found["body"].personal) == (True, False)
    assert not judge_one("remarks", texts).personal


def test_evidence_holds_no_value_when_it_explains() -> None:
    found = judge(column("mail", MAILS), column("first_name", FIRST), column("city", CITIES))
    told = " ".join(each.text for verdict in found.values() for each in verdict.evidence)
    assert told
    assert not [value for value in (*MAILS, *FIRST, *CITIES) if value in told]


@pytest.mark.parametrize(
    "name", ['quo"ted', "it's", "100%", "{braces}", "x" * 900, "表", "%(fmt)s"]
)
def test_hostile_name_is_judged_when_it_carries_odd_characters(name: str) -> None:
    assert judge_one(name, MAILS, table=name).semantic_type == "contact.email"


def test_no_verdict_is_missing_when_a_table_has_no_profiles() -> None:
    bare = [
        ColumnSnapshot(name=f"c{n}", ordinal=n, native_type="X", type="other") for n in range(3)
    ]
    assert [verdict.column for verdict in judge(*bare).values()] == ["c0", "c1", "c2"]
    assert judge() == {}
