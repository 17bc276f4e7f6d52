"""Labels, decisions and types as CSV and JSON: whole, narrowed, and only what one may export."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, Client
from django.urls import reverse

from apps.classification import services
from apps.classification.models import Label
from apps.classification.taxonomy import SHIPPED
from datawave.common import pages
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, make_customers

LABELS = reverse("classification:label-list")
DECISIONS = reverse("classification:decisions-export")
TYPES = reverse("classification:type-list")


def read_csv(client: Client, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(url).content.decode())))


def read_json(client: Client, url: str) -> Any:
    return json.loads(client.get(url).content)


@pytest.fixture
def estate(people: People) -> People:
    judge_tables(people.source, make_customers())
    judge_tables(make_source("secret"), make_customers())
    return people


def mine(column: str) -> Label:
    return Label.objects.get(field__name=column, field__dataset__source__name="crm")


def test_labels_are_whole_when_exported(estate: People, sign_in: SignIn) -> None:
    alice = sign_in(estate.alice)
    services.decide_label(label=mine("email"), user=estate.alice, kind="accept")
    rows = {row["column"]: row for row in read_csv(alice, f"{LABELS}?format=csv&state=")}
    assert sorted(rows) == ["city", "email", "first_name", "id"]
    assert rows["email"]["decided_by"] == "alice"
    assert rows["email"]["title"] == "E-mail address"
    full = {row["column"]: row for row in read_json(alice, f"{LABELS}?format=json&state=")}
    assert full["city"]["evidence"][0]["text"]
    assert full["city"]["personal"] is True
    assert set(rows["city"]) < set(full["city"])
    confirmed = read_json(alice, f"{LABELS}?format=json&state=confirmed")
    assert [row["column"] for row in confirmed] == ["email"]


def test_decisions_are_whole_when_exported(estate: People, sign_in: SignIn) -> None:
    alice = sign_in(estate.alice)
    made = services.decide_label(label=mine("email"), user=estate.alice, kind="reject")
    services.undo_decision(decision=made, user=estate.alice)
    rows = read_csv(alice, f"{DECISIONS}?format=csv")
    assert [row["kind"] for row in rows] == ["undo", "reject"]
    assert rows[1]["undone_at"]
    assert read_json(alice, f"{DECISIONS}?format=json")[1]["machine_type"] == "contact.email"
    assert alice.get(DECISIONS).status_code == 404


def test_types_are_whole_when_exported(estate: People, sign_in: SignIn) -> None:
    services.rate_type(user=estate.ada, semantic_type="contact.email", sensitivity="restricted")
    rows = {row["name"]: row for row in read_json(sign_in(estate.bob), f"{TYPES}?format=json")}
    assert set(rows) == set(SHIPPED.types)
    assert (rows["contact.email"]["sensitivity"], rows["contact.email"]["columns"]) == (
        "restricted",
        1,
    )
    assert len(read_csv(sign_in(estate.bob), f"{TYPES}?format=csv")) == len(rows)


def test_nothing_is_exported_when_it_may_not_be(estate: People, sign_in: SignIn) -> None:
    services.decide_label(label=mine("email"), user=estate.alice, kind="accept")
    for person in (estate.bob, estate.charlie):
        client = sign_in(person)
        for url in (f"{LABELS}?state=&", f"{DECISIONS}?"):
            assert read_json(client, f"{url}format=json") == []
            assert read_csv(client, f"{url}format=csv") == []
    assert sign_in(estate.charlie).get(f"{TYPES}?format=csv").status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_labels_stream_when_there_are_many(
    estate: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WHOLE", 2)
    client = AsyncClient()
    await client.aforce_login(estate.ada)
    answer = await client.get(f"{LABELS}?format=json&state=")
    assert answer.streaming
    body = b"".join([part async for part in answer])
    # The thread of the request has a connection of its own.
    await sync_to_async(lambda: connection.close())()  # noqa: PLW0108  # the connection of that thread
    assert len(json.loads(body)) == 8
