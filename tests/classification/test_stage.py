"""The stage: labels are written once for each column, and people's decisions stick."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.classification import services
from apps.classification.models import Label
from apps.classification.selectors import count_suggestions, load_labels
from apps.classification.types import DecisionKind, LabelState
from tests.discovery.factories import (
    make_column,
    make_path,
    make_profile,
    make_table,
    make_unchanged,
)
from tests.people import People

from .conftest import judge_tables, label_of, make_customers


def test_columns_get_labels_when_a_batch_is_judged(people: People) -> None:
    outcome = judge_tables(people.source, make_customers())
    label = label_of("email")
    assert (label.semantic_type, label.state) == ("contact.email", LabelState.SUGGESTED)
    assert label.personal
    assert label.evidence
    assert outcome.counters == {"labels": 4, "personal": 4}


def test_label_is_one_when_the_table_is_judged_again(people: People) -> None:
    judge_tables(people.source, make_customers())
    first = label_of("email")
    judge_tables(people.source, make_customers(row_count=101))
    assert Label.objects.count() == 4
    assert label_of("email").public_id == first.public_id


def test_counters_hold_standing_labels_when_a_table_is_unchanged(people: People) -> None:
    table = make_customers()
    judge_tables(people.source, table)
    judged_at = label_of("email").judged_at
    outcome = judge_tables(people.source, make_unchanged(table))
    assert outcome.counters["labels"] == 4
    assert label_of("email").judged_at == judged_at


def test_unchanged_table_is_judged_again_when_the_judge_is_newer(people: People) -> None:
    table = make_customers()
    judge_tables(people.source, table)
    Label.objects.update(model_version="older", semantic_type="other")
    judge_tables(people.source, make_unchanged(table))
    assert label_of("email").semantic_type == "contact.email"


def test_decision_stands_when_the_machine_says_otherwise(people: People) -> None:
    judge_tables(people.source, make_customers())
    label = label_of("email")
    services.decide_label(
        label=label, user=people.alice, kind=DecisionKind.CHANGE, semantic_type="user.username"
    )
    judge_tables(people.source, make_customers(row_count=7))
    label.refresh_from_db()
    assert (label.semantic_type, label.state) == ("user.username", LabelState.CHANGED)
    assert label.machine_type == "contact.email"
    assert label.evidence[0]["text"].startswith("A person decided otherwise")


def test_queries_stay_the_same_when_a_batch_has_more_columns(people: People) -> None:
    def count(columns: int) -> int:
        listed = [make_column(f"c{n}_{columns}") for n in range(columns)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            judge_tables(people.source, make_table(f"t{columns}", listed))
        writes = [q for q in queries.captured_queries if "classification_label" in q["sql"]]
        return len(writes)

    # SQLite takes about a thousand parameters at once, which is forty labels.
    assert count(3) == count(30)


def test_labels_are_loaded_by_field_when_others_ask(people: People) -> None:
    judge_tables(people.source, make_customers())
    label = label_of("email")
    facts = load_labels([label.field.dataset_id])[label.field_id]
    assert facts.semantic_type == "contact.email"
    assert facts.categories == ("user.contact.email",)


def test_categories_are_empty_when_rows_are_no_people(people: People) -> None:
    words = {"letter_rate": 1.0, "mean_length": 7.0, "max_length": 12}
    city = make_column("city", profile=make_profile(hits={"city": 0.9}, **words))
    judge_tables(people.source, make_table("airports", [make_column("iata"), city]))
    label = label_of("city")
    facts = load_labels([label.field.dataset_id])[label.field_id]
    assert (facts.semantic_type, facts.categories) == ("address.city", ())


def test_rejected_label_says_nothing_when_others_ask(people: People) -> None:
    judge_tables(people.source, make_customers())
    label = label_of("email")
    services.decide_label(label=label, user=people.alice, kind=DecisionKind.REJECT)
    assert label.field_id not in load_labels([label.field.dataset_id])


def test_suggestions_are_counted_for_those_who_see_them(people: People) -> None:
    judge_tables(people.source, make_customers())
    assert count_suggestions(people.bob) == 4
    assert count_suggestions(people.charlie) == 0


def test_paths_are_judged_like_columns_when_documents_were_opened(people: People) -> None:
    mails = make_path("payload", "customer.email", hits={"email": 1.0})
    table = make_table(
        "events",
        [make_column("id", "integer", key_position=1), make_column("payload", "json")],
        paths=[mails, make_path("payload", "lines[].sku")],
    )
    outcome = judge_tables(people.source, table)
    label = label_of("payload.customer.email")
    assert (label.semantic_type, label.personal) == ("contact.email", True)
    assert outcome.counters["labels"] == 4
    listed = list(Label.objects.order_by("field__ordinal", "field__name"))
    assert [each.field.name for each in listed][1:] == [
        "payload", "payload.customer.email", "payload.lines[].sku",
    ]  # fmt: skip
