"""The catalog stage: drafts, relationships, sensitivity, publication."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog import services
from apps.catalog.models import CatalogEntry, Relationship
from apps.catalog.stage import CatalogStage
from apps.classification.models import Label
from datawave_edge.protocol import ForeignKey
from tests.discovery.factories import make_column, make_table, make_unchanged
from tests.people import People

from .factories import catalogue, entry_of, run_stages

EMAILS = {"email": 0.99}


def refer(column: str, to: str, container: str = "main") -> ForeignKey:
    return ForeignKey(
        columns=[column], target_container=container, target_name=to, target_columns=["id"]
    )


def test_entry_describes_the_table_when_a_run_has_settled(people: People) -> None:
    customer = make_table("cust_addr", row_count=1240, row_count_exact=False)
    catalogue(people.source, [customer])
    entry = entry_of("cust_addr")
    assert entry.description == "Personal data: full name. 2 columns, about 1,240 rows."
    assert entry.published_at is not None


def test_draft_says_what_is_known_when_no_column_tells_of_people(people: People) -> None:
    lines = make_table(
        "line", ["a", "b", "c"], comment="Items  of\norders", foreign_keys=[refer("b", "line")]
    )
    catalogue(people.source, [lines])
    assert entry_of("line").description == (
        "Items of orders. Columns: a, b and c. 3 columns, 100 rows; refers to itself."
    )


def test_draft_names_the_most_sensitive_first_when_a_table_is_about_people(
    people: People,
) -> None:
    columns = [make_column("id", key_position=1), "email", "phone", "iban"]
    catalogue(people.source, [make_table("crm_person", columns)])
    for name, kind, level in (
        ("id", "id.record", "confidential"),
        ("email", "contact.email", "confidential"),
        ("phone", "contact.phone", "confidential"),
        ("iban", "finance.iban", "restricted"),
    ):
        values = {"semantic_type": kind, "sensitivity": level, "personal": True}
        Label.objects.filter(field__name=name).update(state="confirmed", **values)
    services.settle_source(source_id=people.source.pk)
    said = entry_of("crm_person").description
    assert said == "Personal data: IBAN, e-mail address and phone number. 4 columns, 100 rows."


def test_entry_stays_hidden_while_the_run_has_not_settled(people: People) -> None:
    run_stages(people.source, [make_table("orders")], CatalogStage(), settle=False)
    assert not CatalogEntry.objects.visible_to(people.alice).exists()
    assert CatalogEntry.objects.count() == 1


def test_foreign_key_is_resolved_when_its_target_comes_in_a_later_batch(people: People) -> None:
    orders = make_table(
        "orders", ["id", "customer_id"], foreign_keys=[refer("customer_id", "customers")]
    )
    outcome = catalogue(people.source, [orders, make_table("customers")], tables_per_batch=1)
    link = Relationship.objects.get()
    assert (link.from_dataset.name, link.to_dataset.name) == ("orders", "customers")
    assert (link.from_fields, link.to_fields) == (["customer_id"], ["id"])
    assert outcome["catalog"].counters == {"published": 2, "relationships": 1}
    assert "refers to customers." in entry_of("orders").description
    assert "orders refers to it." in entry_of("customers").description


def test_relationship_goes_when_its_foreign_key_does(people: People) -> None:
    orders = make_table("orders", ["id", "cid"], foreign_keys=[refer("cid", "customers")])
    catalogue(people.source, [orders, make_table("customers")])
    first = Relationship.objects.get()
    catalogue(people.source, [make_unchanged(orders), make_unchanged(make_table("customers"))])
    assert Relationship.objects.get().pk == first.pk
    catalogue(people.source, [make_table("orders", ["id", "cid"]), make_table("customers")])
    assert not Relationship.objects.exists()


def test_foreign_key_out_of_the_source_makes_no_relationship(people: People) -> None:
    orders = make_table("orders", ["id", "x"], foreign_keys=[refer("x", "customers", "elsewhere")])
    catalogue(people.source, [orders, make_table("customers")])
    assert not Relationship.objects.exists()


def test_entry_sums_up_its_labels_when_columns_hold_personal_data(people: People) -> None:
    catalogue(people.source, [make_table("person", ["id", make_column("email", hits=EMAILS)])])
    entry = entry_of("person")
    assert entry.personal_fields >= 1
    assert entry.sensitivity == "confidential"
    assert "Personal data: " in entry.description


def test_entry_forgets_personal_data_when_the_label_is_rejected(people: People) -> None:
    catalogue(people.source, [make_table("person", ["id", make_column("email", hits=EMAILS)])])
    Label.objects.filter(field__name="email").update(state="rejected")
    services.refresh_entry(dataset_id=entry_of("person").dataset_id)
    assert entry_of("person").personal_fields == 0
    assert "personal data" not in entry_of("person").description


def test_description_sticks_when_a_person_wrote_it(people: People) -> None:
    catalogue(people.source, [make_table("orders")])
    services.edit_entry(entry=entry_of("orders"), user=people.alice, description="Ours.")
    people.alice.delete()
    catalogue(people.source, [make_table("orders", ["id", "name", "more"])])
    assert entry_of("orders").description == "Ours."


def test_draft_is_back_when_the_description_is_emptied(people: People) -> None:
    catalogue(people.source, [make_table("orders")])
    draft = entry_of("orders").description
    services.edit_entry(entry=entry_of("orders"), user=people.alice, description="Ours.")
    services.edit_entry(entry=entry_of("orders"), user=people.alice, description="")
    assert entry_of("orders").description == draft


def test_entry_is_withdrawn_when_its_table_was_dropped(people: People) -> None:
    orders, other = make_table("orders"), make_table("other")
    catalogue(people.source, [orders, other])
    for _ in range(2):
        catalogue(people.source, [make_unchanged(other)])
    assert entry_of("orders").published_at is None
    assert isinstance(entry_of("other").published_at, dt.datetime)
    catalogue(people.source, [orders, make_unchanged(other)])
    assert entry_of("orders").published_at is not None


def test_result_is_the_same_when_a_batch_is_stored_twice(people: People) -> None:
    orders = make_table("orders", ["id", "cid"], foreign_keys=[refer("cid", "customers")])
    tables = [orders, make_table("customers")]
    catalogue(people.source, tables)
    before = list(CatalogEntry.objects.values("description", "search_text"))
    catalogue(people.source, [make_unchanged(table) for table in tables])
    assert list(CatalogEntry.objects.values("description", "search_text")) == before
    assert Relationship.objects.count() == 1


@pytest.mark.parametrize("name", ['a"b', "50%", "{x}", "Straße_名前", "x" * 200, "'; DROP--", "\\"])
def test_hostile_name_is_catalogued_when_the_source_has_one(people: People, name: str) -> None:
    catalogue(people.source, [make_table(name, ["id", f"{name}_col"])])
    assert entry_of(name).published_at is not None


def test_queries_do_not_grow_when_a_batch_has_more_tables(people: People) -> None:
    def count(prefix: str, tables: int) -> int:
        run_stages(people.source, [make_table(f"{prefix}{n}") for n in range(tables)], settle=False)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            services.settle_source(source_id=people.source.pk)
        return len(captured)

    few = count("a", 3)
    assert count("b", 40) <= few + 1
