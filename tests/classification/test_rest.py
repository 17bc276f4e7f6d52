"""Labels, decisions and types in the API, for the steward, a viewer and a stranger."""

from __future__ import annotations

import uuid

import pytest
from rest_framework.test import APIClient

from apps.classification.models import Label, LabelDecision
from apps.rbac.models import User
from tests.people import People

from .conftest import judge_tables, make_customers

LABELS = "/api/v1/labels/"


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_it_works(email: Label, people: People) -> None:
    body = client_of(people.bob).get(f"{LABELS}{email.public_id}/").json()
    assert body["semantic_type"] == "contact.email"
    assert body["column"] == "email"
    assert body["dataset_name"] == "main.customers"
    assert {"supports": True, "weight": 6.86, "text": "98 % of values are e-mail addresses"} in (
        body["evidence"]
    )


def test_labels_are_filtered_and_sorted_when_asked(people: People) -> None:
    judge_tables(people.source, make_customers())
    client = client_of(people.alice)
    found = client.get(LABELS, {"personal": "true", "ordering": "-column"}).json()
    assert [each["column"] for each in found["results"]] == ["id", "first_name", "email", "city"]
    assert client.get(LABELS, {"q": "mail"}).json()["count"] == 1
    assert client.get(LABELS, {"state": "nonsense"}).status_code == 400


def test_stranger_finds_nothing_when_asking(email: Label, people: People) -> None:
    client = client_of(people.charlie)
    assert client.get(LABELS).json()["count"] == 0
    for path in (f"{email.public_id}/", f"{uuid.uuid4()}/"):
        assert client.get(LABELS + path).status_code == 404
    answer = client.post(f"{LABELS}{email.public_id}/decide/", {"kind": "accept"}, format="json")
    assert answer.status_code == 404


def test_viewer_is_refused_when_deciding(email: Label, people: People) -> None:
    client = client_of(people.bob)
    answer = client.post(f"{LABELS}{email.public_id}/decide/", {"kind": "accept"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


def test_decision_is_taken_and_undone_when_allowed(email: Label, people: People) -> None:
    client = client_of(people.alice)
    values = {"kind": "change", "semantic_type": "user.username"}
    taken = client.post(f"{LABELS}{email.public_id}/decide/", values, format="json")
    assert (taken.status_code, taken.json()["type_after"]) == (201, "user.username")
    undo = f"/api/v1/decisions/{taken.json()['id']}/undo/"
    assert client.post(undo).status_code == 201
    assert client.post(undo).json()["code"] == "decision_undone"
    assert client.get("/api/v1/decisions/", {"kind": "undo"}).json()["count"] == 1


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"kind": "undo"}, 400),
        ({}, 400),
        ({"kind": "change", "semantic_type": "no.such"}, 404),
        ({"kind": "change", "semantic_type": "x" * 65}, 400),
    ],
)
def test_input_is_refused_when_it_makes_no_sense(
    email: Label, people: People, values: dict[str, str], status: int
) -> None:
    url = f"{LABELS}{email.public_id}/decide/"
    assert client_of(people.alice).post(url, values, format="json").status_code == status
    assert not LabelDecision.objects.exists()


def test_many_are_decided_when_named_together(people: People) -> None:
    judge_tables(people.source, make_customers())
    values = {
        "kind": "accept",
        "labels": [str(key) for key in Label.objects.values_list("public_id", flat=True)],
    }
    answer = client_of(people.alice).post(f"{LABELS}decide/", values, format="json")
    assert (answer.status_code, len(answer.json())) == (201, 4)
    assert client_of(people.bob).post(f"{LABELS}decide/", values, format="json").status_code == 403


def test_types_are_listed_when_asked(people: People) -> None:
    client = client_of(people.charlie)
    listed = client.get("/api/v1/semantic-types/").json()
    assert len({each["name"] for each in listed}) == len(listed) > 100
    one = client.get("/api/v1/semantic-types/contact.email/").json()
    assert one["categories"] == ["user.contact.email"]
    assert client.get("/api/v1/semantic-types/no.such/").json()["code"] == "unknown_semantic_type"


def test_door_is_closed_when_nobody_is_signed_in(email: Label) -> None:
    assert APIClient().get(LABELS).status_code in (401, 403)
