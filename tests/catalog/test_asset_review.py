"""What the catalogue's pages add for reviewers: refused edits, filters by id, people's columns."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from apps.classification.models import Label
from apps.datasources.selectors import name_sources
from datawave_edge.protocol import ForeignKey
from tests.classification.conftest import judge_tables
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table
from tests.people import People

from .factories import catalogue, entry_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def customers(people: People) -> People:
    """Customers with an e-mail address, and orders that refer to them."""
    key = ForeignKey(
        columns=["cid"], target_container="main", target_name="customer", target_columns=["id"]
    )
    tables = [
        make_table(
            "customer",
            [make_column("id", key_position=1), make_column("email", hits={"email": 1.0})],
        ),
        make_table("orders", ["id", "cid"], foreign_keys=[key]),
    ]
    catalogue(people.source, tables)
    judge_tables(people.source, *tables)
    return people


def asset_url(tab: str = "columns") -> str:
    return f"{reverse('catalog:asset', args=[entry_of('customer').dataset.public_id])}?tab={tab}"


def edit_url() -> str:
    return reverse("catalog:entry-edit", args=[entry_of("customer").dataset.public_id])


def test_reason_comes_back_when_an_edit_is_refused(customers: People, sign_in: SignIn) -> None:
    form = {"description": "People who buy", "tag.retention_days": "soon"}
    answer = sign_in(customers.alice).post(edit_url(), form, headers=HTMX)
    assert answer.status_code == 422
    assert "Retention in days" in answer.content.decode()
    assert entry_of("customer").description != "People who buy"


def test_page_is_loaded_again_when_an_edit_is_saved(customers: People, sign_in: SignIn) -> None:
    answer = sign_in(customers.alice).post(edit_url(), {"description": "Buyers"}, headers=HTMX)
    assert answer.headers["HX-Refresh"] == "true"
    assert entry_of("customer").description == "Buyers"


def test_list_is_narrowed_when_a_source_is_given_by_id(customers: People, sign_in: SignIn) -> None:
    client = sign_in(customers.bob)
    for value in (customers.source.public_id, customers.source.name):
        found = client.get(reverse("catalog:entry-list"), {"source": str(value)})
        assert found.context["page"].paginator.count == 2
    assert name_sources(customers.charlie, [str(customers.source.public_id)]) == (
        str(customers.source.public_id),
    )


def test_counts_and_buttons_fit_the_person_when_columns_are_shown(
    customers: People, sign_in: SignIn
) -> None:
    waiting = Label.objects.filter(state="suggested", field__dataset__name="customer")
    expected = waiting.exclude(semantic_type="").count()
    shown = sign_in(customers.alice).get(asset_url())
    assert shown.context["suggestions"] == expected > 0
    assert "data-accept" in shown.content.decode()
    assert "data-accept" not in sign_in(customers.bob).get(asset_url()).content.decode()


def test_graph_names_columns_about_people_when_tables_relate(
    customers: People, sign_in: SignIn
) -> None:
    page = sign_in(customers.bob).get(asset_url("relations")).content.decode()
    graph = read_graph(page)
    tags = {column["name"]: column["tag"] for column in graph["nodes"][0]["columns"]}
    assert tags["email"] == "PII"
    assert tags["id"] == ""


def read_graph(page: str) -> Any:
    found = re.search(r'<script id="relations" type="application/json">(.+?)</script>', page)
    assert found
    return json.loads(found[1])
