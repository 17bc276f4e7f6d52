"""What other tools get wrong, asked of the shipped judge; and columns that would upset any."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from apps.classification.judge import TableFacts, Verdict
from apps.classification.model.judging import ModelJudge
from apps.classification.model.store import load_model
from datawave_edge.connectors import Binary
from datawave_edge.profile import profile_column
from datawave_edge.protocol import ColumnSnapshot

LUCK = random.Random(3)
PHONES = [f"+49 30 {LUCK.randrange(10**6, 10**7)}" for _ in range(60)]
CARDS = ("finance.credit_card_number", "finance.card_security_code", "finance.card_expiry")


@pytest.fixture(scope="module")
def shipped() -> ModelJudge:
    """The judge that is shipped; it must open, not fall back to rules."""
    return ModelJudge(load_model())


def column(name: str, values: list[Any], kind: Any = "text") -> ColumnSnapshot:
    profile = profile_column(name, kind, values)
    return ColumnSnapshot(name=name, ordinal=0, native_type=kind, type=kind, profile=profile)


def judge(judge: ModelJudge, *columns: ColumnSnapshot, table: str = "t") -> dict[str, Verdict]:
    facts = TableFacts(container="", name=table, columns=columns)
    return {verdict.column: verdict for verdict in judge.judge(facts)}


# Traps


@pytest.mark.parametrize(
    ("name", "values", "kind", "never"),
    [
        ("scenario_code", [f"SCN-{n}" for n in range(125, 185)], "text", CARDS),
        ("academic_year", [2015 + n % 9 for n in range(60)], "integer", CARDS),
        ("academic_year", [f"{2015 + n % 9}/{16 + n % 9}" for n in range(60)], "text", CARDS),
        ("email_verified", [n % 2 == 0 for n in range(60)], "boolean", ("contact.email",)),
        ("email_verified", ["Y", "N"] * 30, "text", ("contact.email",)),
        ("phone_count", [n % 4 for n in range(60)], "integer", ("contact.phone",)),
        ("passport_required", [0, 1] * 30, "integer", ("gov.passport",)),
        ("ssn_flag", ["t", "f"] * 30, "text", ("gov.national_id",)),
        ("expiry_days", [30, 60, 90] * 20, "integer", CARDS),
    ],
)
def test_trap_is_not_taken_when_only_the_name_or_the_shape_looks_so(
    shipped: ModelJudge, name: str, values: list[Any], kind: str, never: tuple[str, ...]
) -> None:
    verdict = judge(shipped, column(name, values, kind))[name]
    assert verdict.semantic_type not in never
    assert not verdict.personal


def test_phone_is_found_when_a_trap_stands_beside_it(shipped: ModelJudge) -> None:
    flags = column("phone_verified", [n % 2 == 0 for n in range(60)], "boolean")
    found = judge(shipped, flags, column("phone", PHONES), table="customers")
    assert found["phone"].semantic_type == "contact.phone"
    assert found["phone"].personal
    assert not found["phone_verified"].personal


@pytest.mark.parametrize("name", ["content", "photo_data", "c1"])
def test_bytes_are_no_personal_data_when_nothing_else_is_known(
    shipped: ModelJudge, name: str
) -> None:
    verdict = judge(shipped, column(name, [Binary(900 + n) for n in range(40)], "binary"))[name]
    assert verdict.semantic_type in ("data.binary", "")


def test_running_numbers_are_keys_when_their_name_tells_nothing(shipped: ModelJudge) -> None:
    assert judge(shipped, column("c1", list(range(5000, 5150)), "integer"))["c1"].semantic_type == (
        "id.record"
    )


# Documents, texts, addresses, protected values


def test_document_is_personal_when_it_holds_addresses_of_people(shipped: ModelJudge) -> None:
    cells = [f'{{"who": "p{n}@example.org", "level": {n}}}' for n in range(40)]
    verdict = judge(shipped, column("payload", cells, "json"))["payload"]
    assert (verdict.semantic_type, verdict.personal) == ("data.json", True)
    assert verdict.sensitivity == "confidential"
    assert any("e-mail" in each.text for each in verdict.evidence)


def test_document_is_not_personal_when_it_holds_settings(shipped: ModelJudge) -> None:
    cells = [f'{{"theme": "dark", "level": {n}}}' for n in range(40)]
    assert not judge(shipped, column("payload", cells, "json"))["payload"].personal


def test_whole_address_is_a_street_address_when_it_is_one_text(shipped: ModelJudge) -> None:
    cells = [f"{n} Main Street, Springfield, IL {62700 + n}" for n in range(1, 60)]
    assert judge(shipped, column("address", cells), table="customers")["address"].semantic_type == (
        "address.street"
    )


def test_hashed_and_encrypted_are_told_apart_when_profiled() -> None:
    hashed = [f"{LUCK.getrandbits(256):064x}" for _ in range(40)]
    sealed = ["gAAAAA" + base64.urlsafe_b64encode(LUCK.randbytes(60)).decode() for _ in range(40)]
    kinds = [profile_column("x", "text", cells).protection for cells in (hashed, sealed, PHONES)]
    assert kinds == ["hashed_unkeyed", "encrypted", "none"]


# Hostile columns


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None] * 200,
        [""] * 200,
        ["x"],
        ["a" * 10_000_000],
        [("b " * 5_000_000)[:9_999_999]],
        ["\x00\x01\x02" * 30, "\ud800", "ÿþ", "\ufeffabc", "Ã¤Ã¶"],
        ["日本語", "العربية", "हिन्दी", "עברית", "ไทย", "🙂"] * 9,
        [1e308, -1e308, float("inf"), float("nan"), 10**300],
        ['{"a": ' * 3000],
    ],
)
def test_every_column_gets_a_verdict_when_values_are_hostile(
    shipped: ModelJudge, values: list[Any]
) -> None:
    (verdict,) = judge(shipped, column("名前 'x' \u202e", values)).values()
    assert 0.0 <= verdict.confidence <= 1.0


def test_every_column_is_judged_when_a_table_has_two_thousand(shipped: ModelJudge) -> None:
    wide = [column(f"measure_{n}", [n, n + 1, n + 2], "integer") for n in range(2000)]
    assert len(judge(shipped, *wide)) == 2000


def test_address_is_the_organisations_when_it_stands_beside_a_contact(shipped: ModelJudge) -> None:
    companies = column("organization", [f"Acme {n} Inc." for n in range(40)])
    contact = column("primary_contact_name", ["Anna Smith", "John Miller", "Maria Jones"] * 12)
    mails = column("email", [f"p{n}@example.org" for n in range(40)])
    street = column("address", [f"{n} Main Street" for n in range(1, 41)])
    found = judge(shipped, companies, contact, mails, street, table="export_1")
    assert not found["address"].personal
    assert found["primary_contact_name"].personal
    assert found["email"].personal
