"""The compliance stage: findings from facts, and how they live from run to run."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.classification.models import Label
from apps.compliance import services
from apps.compliance.models import Finding, FindingChange, RuleTally
from apps.datasources.models import DataSource
from datawave_edge.protocol import ForeignKey, Grants
from tests.discovery.factories import make_column, make_table, make_unchanged
from tests.people import People

from .factories import CVV, check, discover, find, label_field, make_payment, make_wide, state_of


@pytest.fixture
def payments(people: People) -> DataSource:
    """The source, discovered with one table of card codes."""
    check(people.source, [make_payment()])
    label_field("cvv", "finance.card_security_code")
    check(people.source, [make_unchanged(make_payment())])
    return people.source


def test_stored_card_code_is_found_when_demo_columns_are_classified(people: People) -> None:
    table = make_table(
        "credit_card",
        [
            "id",
            make_column("card_number", hits={"luhn": 1.0, "credit_card": 1.0}),
            make_column("email", hits={"email": 1.0}),
        ],
    )
    outcome = discover(people.source, [table])
    assert Finding.objects.filter(pack_id="gdpr", dataset__name="credit_card").exists()
    assert outcome["compliance"].counters["findings"] >= 1


def test_finding_says_why_when_a_rule_is_broken(payments: DataSource) -> None:
    finding = find(CVV)
    assert finding is not None
    assert finding.state == "open"
    assert finding.severity == "critical"
    assert "payment.cvv" in finding.message
    assert finding.citation.startswith("PCI DSS")
    assert finding.remediation
    assert finding.limits
    assert finding.facts["column.semantic_type"] == "finance.card_security_code"
    assert finding.facts["column.non_null_rows"] == 100
    assert finding.pack_version
    assert finding.field is not None
    assert finding.field.name == "cvv"


def test_finding_is_for_review_when_the_label_is_not_sure(people: People) -> None:
    check(people.source, [make_payment()])
    label_field("cvv", "finance.card_security_code", confidence=0.5)
    check(people.source, [make_unchanged(make_payment())])
    assert state_of(CVV) == "review"
    label_field("cvv", "finance.card_security_code", confidence=0.5, state="confirmed")
    check(people.source, [make_unchanged(make_payment())])
    assert state_of(CVV) == "open"


def test_nothing_is_doubled_when_the_check_is_repeated(payments: DataSource) -> None:
    before = Finding.objects.count()
    first = find(CVV)
    check(payments, [make_unchanged(make_payment())])
    again = find(CVV)
    assert Finding.objects.count() == before
    assert first is not None
    assert again is not None
    assert again.first_seen_at == first.first_seen_at
    assert again.last_seen_at > first.last_seen_at


def test_finding_is_fixed_when_the_column_is_emptied(payments: DataSource) -> None:
    check(payments, [make_payment(cvv_rows=0)])
    finding = find(CVV)
    assert finding is not None
    assert finding.state == "fixed"
    assert finding.fixed_at is not None
    change = FindingChange.objects.get(finding=finding)
    assert (change.state_before, change.state_after, change.user) == ("open", "fixed", None)


def test_finding_reopens_when_the_fault_is_back(payments: DataSource) -> None:
    check(payments, [make_payment(cvv_rows=0)])
    check(payments, [make_payment()])
    finding = find(CVV)
    assert finding is not None
    assert finding.state == "open"
    assert finding.fixed_at is None


def test_finding_keeps_its_state_when_the_facts_are_lacking(payments: DataSource) -> None:
    # None seen in a sample of a part does not show that the column is empty.
    check(payments, [make_payment(cvv_rows=0, row_count=1_000_000)])
    assert state_of(CVV) == "open"
    assert RuleTally.objects.get(rule_id=CVV).unknown >= 1


def test_finding_keeps_its_state_when_its_table_could_not_be_read(payments: DataSource) -> None:
    from tests.discovery.factories import make_failed

    check(payments, [make_failed("payment")])
    assert state_of(CVV) == "open"


def test_finding_is_fixed_when_its_column_is_gone(payments: DataSource) -> None:
    check(payments, [make_table("payment", ["id"])])
    assert state_of(CVV) == "fixed"


def test_finding_is_fixed_when_its_table_was_dropped(payments: DataSource) -> None:
    other = make_table("other")
    check(payments, [other])
    assert state_of(CVV) == "open"
    check(payments, [make_unchanged(other)])
    assert state_of(CVV) == "fixed"


def test_finding_is_fixed_when_the_label_is_rejected(payments: DataSource) -> None:
    Label.objects.filter(field__name="cvv").update(state="rejected")
    finding = find(CVV)
    assert finding is not None
    assert finding.dataset_id is not None
    services.recheck_dataset(dataset_id=finding.dataset_id)
    assert state_of(CVV) == "fixed"


def test_structure_alone_is_enough_when_a_rule_needs_no_label(people: People) -> None:
    from apps.compliance.checks import needs_labels
    from apps.compliance.selectors import load_rule_book, load_structure_book

    structural = {rule.id for rule in load_structure_book().rules}
    everything = load_rule_book().rules
    assert CVV not in structural
    assert structural == {r.id for r in everything if r.level != "source" and not needs_labels(r)}


def test_tallies_add_up_when_a_source_was_checked(payments: DataSource) -> None:
    tally = RuleTally.objects.get(rule_id=CVV, source=payments)
    assert tally.failed == 1
    assert tally.passed == 0
    # The unlabelled id may hold such codes or not: nobody knows.
    assert tally.failed + tally.passed + tally.unknown + tally.not_applicable == 2
    assert tally.unknown == 1


def test_grants_are_judged_only_when_the_agent_told_them(people: People) -> None:
    def person(**fields: object) -> object:
        return make_table("person", [make_column("email", hits={"email": 1.0})], **fields)

    check(people.source, [person()])
    label_field("email", "contact.email")
    check(people.source, [make_unchanged(person())])
    assert state_of("GDPR-25-2-PUBLIC") == ""
    assert RuleTally.objects.get(rule_id="GDPR-25-2-PUBLIC").unknown == 1
    check(people.source, [person(grants=Grants(public_read=True))])
    assert state_of("GDPR-25-2-PUBLIC") == "open"


def test_source_rule_is_judged_when_the_agent_saw_no_tls(people: People) -> None:
    check(people.source, [make_table("person", ["email"])])
    label_field("email", "contact.email")
    check(people.source, [make_unchanged(make_table("person", ["email"]))])
    assert state_of("GDPR-32-TRANSIT") == ""
    DataSource.objects.update(engine="postgresql", facts={"tls": False})
    services.check_whole_source(source_id=people.source.pk)
    finding = find("GDPR-32-TRANSIT")
    assert finding is not None
    assert finding.dataset is None


def test_hostile_name_can_not_smuggle_placeholders_when_a_message_is_made(people: People) -> None:
    table = make_table('{table.owner} 50% "x"', [make_column("e{column.fqn}", hits={"email": 1.0})])
    check(people.source, [table])
    label_field("e{column.fqn}", "contact.email")
    check(people.source, [make_unchanged(table)])
    finding = find("GDPR-05-2-OWNER")
    assert finding is not None
    assert '{table.owner} 50% "x"' in finding.message


def test_queries_do_not_grow_when_tables_are_wide(people: People) -> None:
    def count(name: str, columns: int) -> int:
        table = make_table(name, make_wide(name, columns))
        discover(people.source, [table], settle=False)
        with CaptureQueriesContext(connection) as captured:
            services.check_whole_source(source_id=people.source.pk)
        return len(captured)

    few = count("a", 5)
    assert count("b", 120) <= few + 3


def test_foreign_key_is_known_when_a_column_refers(people: People) -> None:
    from apps.compliance.collect import Known, build_table_facts
    from apps.discovery.selectors import load_dataset_tables

    key = ForeignKey(
        columns=["cid"], target_container="main", target_name="c", target_columns=["id"]
    )
    check(people.source, [make_table("o", ["id", "cid"], foreign_keys=[key])])
    facts = build_table_facts(next(iter(load_dataset_tables(people.source.pk))), Known(source={}))
    columns = facts["columns"]
    assert isinstance(columns, list)
    assert [column["is_foreign_key"] for column in columns] == [False, True]
    assert "semantic_type" not in columns[0]
