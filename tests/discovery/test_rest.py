"""The API of datasets, fields and schema changes: scoped to what one may view."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.discovery import selectors
from apps.discovery.models import Dataset, Field
from apps.rbac.models import User
from datawave.common.errors import NotThere
from tests.factories import make_source
from tests.people import People

from .factories import feed_job, make_failed, make_table

HOSTILE = '<b>it\'s "100 %" {x}'


def read(user: User, path: str) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.get(f"/api/v1/{path}")


def names_of(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


@pytest.fixture
def estate(people: People) -> People:
    feed_job(people.source, [make_table("customers", ["mail"]), make_table(HOSTILE, [HOSTILE])])
    feed_job(make_source("hidden"), [make_table("secret_table", ["secret_column"])])
    feed_job(people.source, [make_table("customers", ["mail", "age"]), make_failed(HOSTILE)])
    return people


def test_datasets_are_those_one_may_view(estate: People) -> None:
    assert names_of(read(estate.bob, "datasets/")) == sorted([HOSTILE, "customers"])
    assert read(estate.charlie, "datasets/").json()["count"] == 0
    assert read(estate.ada, "datasets/").json()["count"] == 3


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=custom", ["customers"]),
        ("unreadable=true", [HOSTILE]),
        ("state=missing", []),
        ("container=main&sort=-name", ["customers", HOSTILE]),
        ("page_size=1", [HOSTILE]),
    ],
)
def test_datasets_are_narrowed_by_the_address(estate: People, query: str, names: list[str]) -> None:
    assert names_of(read(estate.bob, f"datasets/?{query}")) == names


def test_fields_are_those_of_visible_datasets(estate: People) -> None:
    dataset = Dataset.objects.get(name="customers")
    answer = read(estate.bob, f"fields/?dataset={dataset.public_id}")
    assert names_of(answer) == ["mail", "age"]
    assert "secret_column" not in names_of(read(estate.bob, "fields/?page_size=500"))


def test_changes_are_those_of_visible_sources(estate: People) -> None:
    (change,) = read(estate.bob, "schema-changes/").json()["results"]
    assert (change["kind"], change["field_name"]) == ("column_added", "age")
    assert change["dataset_fqn"] == "main.customers"
    assert read(estate.charlie, "schema-changes/").json()["count"] == 0
    assert read(estate.bob, "schema-changes/?kind=table_added").json()["count"] == 0


@pytest.mark.parametrize(("name", "status"), [("alice", 200), ("bob", 200), ("charlie", 404)])
def test_one_row_is_answered_as_the_role_allows(estate: People, name: str, status: int) -> None:
    user = getattr(estate, name)
    dataset, field = Dataset.objects.get(name="customers"), Field.objects.get(name="mail")
    assert read(user, f"datasets/{dataset.public_id}/").status_code == status
    assert read(user, f"fields/{field.public_id}/").status_code == status


def test_dataset_is_not_there_when_a_stranger_asks(estate: People) -> None:
    dataset = Dataset.objects.get(name="customers")
    assert selectors.get_dataset(user=estate.bob, public_id=dataset.public_id) == dataset
    with pytest.raises(NotThere):
        selectors.get_dataset(user=estate.charlie, public_id=dataset.public_id)


def test_lists_ask_little_when_there_are_many_rows(
    people: People, django_assert_max_num_queries: Any
) -> None:
    feed_job(people.source, [make_table(f"t{n}", ["a", "b", "c"]) for n in range(40)])
    for path in ("datasets/", "fields/"):
        with django_assert_max_num_queries(6):
            read(people.bob, path)


def test_admin_shows_hostile_rows(estate: People) -> None:
    from django.test import Client
    from django.urls import reverse

    estate.ada.is_staff = estate.ada.is_superuser = True
    estate.ada.save()
    client = Client()
    client.force_login(estate.ada)
    for model in ("dataset", "field", "batch", "batchitem", "discoveryjob", "schemachange",
                  "tablesnapshot"):  # fmt: skip
        page = client.get(reverse(f"admin:discovery_{model}_changelist"))
        assert page.status_code == 200
        assert b"<b>it" not in page.content
