"""Least confidences of types: learnt, set, seen before they are saved, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.classification import active, services
from apps.classification.judge import Verdict
from apps.classification.layer import Choice, Layer, Votes, combine
from apps.classification.models import Label, StoredModel, TypeThreshold
from apps.classification.selectors import get_threshold, list_steps, list_thresholds
from apps.classification.thresholds import keep_to_thresholds
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of
from .versions import finish_all

CITY = "address.city"
FIRST = "person.first_name"
LIST = reverse("classification:thresholds")
API = "/api/v1/type-thresholds/"


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Any, db: None) -> Iterator[None]:
    settings.HOME = tmp_path / "home"
    active._held.clear()
    yield
    cache.clear()


def make_verdict(**fields: Any) -> Verdict:
    values: dict[str, Any] = {
        "column": "c", "semantic_type": CITY, "confidence": 0.6, "sensitivity": "internal",
        "personal": True, **fields,
    }  # fmt: skip
    return Verdict(**values)


def hold(people: People, least: float | None) -> Label:
    services.set_threshold(user=people.ada, semantic_type=FIRST, least=least)
    finish_all()
    return label_of("first_name")


def test_it_works(people: People) -> None:
    judge_tables(people.source, make_customers())
    sure = label_of("first_name").confidence
    held = hold(people, 0.99)
    assert (held.semantic_type, held.unsure_of, held.personal) == ("", FIRST, False)
    assert held.machine_confidence == pytest.approx(sure)
    assert "Less sure than the 99 %" in held.evidence[0]["text"]
    back = hold(people, round(sure, 2) - 0.02)
    assert (back.semantic_type, back.unsure_of) == (FIRST, "")
    judge_tables(people.source, make_customers(comment="again"))
    assert label_of("first_name").semantic_type == FIRST


def test_what_people_decided_stays_when_a_threshold_rises(people: People) -> None:
    judge_tables(people.source, make_customers())
    services.decide_label(label=label_of("first_name"), user=people.ada, kind="accept")
    assert hold(people, 0.99).semantic_type == FIRST


def test_threshold_goes_back_when_undone(people: People) -> None:
    for least in (0.5, 0.9):
        services.set_threshold(user=people.ada, semantic_type=FIRST, least=least)
    for expected in (0.5, 0.9):
        services.undo_threshold(user=people.ada, semantic_type=FIRST)
        assert get_threshold(user=people.ada, name=FIRST).pinned == expected
    services.set_threshold(user=people.ada, semantic_type=FIRST, least=None)
    assert get_threshold(user=people.ada, name=FIRST).pinned is None
    actions = AuditEntry.objects.filter(action__startswith="threshold")
    assert actions.count() == 5
    with pytest.raises(services.NothingToUndo):
        services.undo_threshold(user=people.ada, semantic_type="contact.email")


@pytest.mark.parametrize("least", [0.24, 1.0, float("nan"), -1.0])
def test_threshold_is_refused_when_it_makes_no_sense(people: People, least: float) -> None:
    with pytest.raises(InputInvalid) as caught:
        services.set_threshold(user=people.ada, semantic_type=FIRST, least=least)
    assert caught.value.field == "least"
    with pytest.raises(NotThere):
        services.set_threshold(user=people.ada, semantic_type="no.such", least=0.5)
    assert not TypeThreshold.objects.exists()


# Verdicts


def test_learnt_threshold_gives_way_when_a_person_set_a_lower_one() -> None:
    layer = Layer(memory=(), thresholds={CITY: 0.8})
    choice = combine(layer, Choice(CITY, 0.6), Votes())
    assert (choice.semantic_type, choice.unsure_of) == ("", CITY)
    held = make_verdict(semantic_type="", unsure_of=CITY, personal=False)
    person = make_verdict(column="p", semantic_type="contact.email", confidence=0.9)
    named, _ = keep_to_thresholds([held, person], {CITY: 0.5})
    assert (named.semantic_type, named.personal) == (CITY, True)
    alone, *_ = keep_to_thresholds([held], {CITY: 0.5})
    assert (alone.semantic_type, alone.personal, alone.sensitivity) == (CITY, False, "internal")


@pytest.mark.parametrize(
    ("verdict", "thresholds"),
    [
        (make_verdict(), {}),
        (make_verdict(), {"contact.email": 0.99}),
        (make_verdict(), {CITY: 0.6}),
        (make_verdict(semantic_type="", unsure_of=CITY), {CITY: 0.7}),
        (make_verdict(semantic_type=""), {CITY: 0.3}),
    ],
)
def test_verdict_stays_when_no_threshold_speaks_of_it(
    verdict: Verdict, thresholds: dict[str, float]
) -> None:
    assert keep_to_thresholds([verdict], thresholds) == [verdict]


# What it would change


def test_steps_tell_what_would_change_when_labels_and_decisions_are_there(people: People) -> None:
    judge_tables(people.source, make_customers())
    judge_tables(make_source("secret"), make_customers())
    first, second = Label.objects.filter(field__name="first_name").order_by("pk")
    Label.objects.filter(field__name="first_name").update(machine_confidence=0.62, confidence=0.62)
    steps = {each.least: each for each in list_steps(user=people.ada, name=FIRST)}
    assert (steps[0.6].suggested, steps[0.6].change) == (2, 0)
    assert (steps[0.65].suggested, steps[0.65].change) == (0, -2)
    mine = {each.least: each for each in list_steps(user=people.bob, name=FIRST)}
    assert mine[0.65].change == -1
    first.refresh_from_db()
    services.decide_label(label=first, user=people.ada, kind="reject")
    second.refresh_from_db()
    services.decide_label(label=second, user=people.ada, kind="accept")
    steps = {each.least: each for each in list_steps(user=people.ada, name=FIRST)}
    assert [(steps[at].dropped, steps[at].lost) for at in (0.6, 0.65)] == [(0, 0), (1, 1)]


def test_held_back_columns_count_when_a_threshold_falls(people: People) -> None:
    judge_tables(people.source, make_customers())
    hold(people, 0.99)
    row = get_threshold(user=people.ada, name=FIRST)
    assert (row.suggested, row.held_back, row.pinned, row.least) == (0, 1, 0.99, 0.99)
    assert list_steps(user=people.ada, name=FIRST)[0].change == 1
    assert list_thresholds(people.ada)[0].name == FIRST


def test_learnt_threshold_is_told_when_the_version_in_force_has_one(people: People) -> None:
    services.ensure_shipped()
    StoredModel.objects.update(active=True, figures={"thresholds": {FIRST: 0.7}})
    row = get_threshold(user=people.ada, name=FIRST)
    assert (row.learnt, row.pinned, row.least) == (0.7, None, 0.7)


# Doors


def test_only_a_role_for_everything_may_set_when_at_the_doors(
    people: People, sign_in: SignIn
) -> None:
    change = reverse("classification:threshold-change", args=[FIRST])
    for person in (people.alice, people.bob, people.charlie):
        answers = [
            client_of(person).put(f"{API}{FIRST}/", {"least": 0.5}, format="json"),
            client_of(person).post(f"{API}{FIRST}/undo/"),
            sign_in(person).post(change, {"action": "set", "least": "0.5"}),
        ]
        assert {answer.status_code for answer in answers} <= {403, 404}
    assert not TypeThreshold.objects.exists()
    for url in (LIST, reverse("classification:threshold", args=[FIRST])):
        assert sign_in(people.charlie).get(url).status_code == 404
        assert sign_in(people.bob).get(url).status_code == 200
    assert client_of(people.charlie).get(API).json() == []
    assert client_of(people.bob).get(API).status_code == 200


def test_api_shows_sets_and_undoes_when_allowed(people: People) -> None:
    judge_tables(people.source, make_customers())
    ada = client_of(people.ada)
    assert {row["name"] for row in ada.get(API).json()} >= {FIRST, "contact.email"}
    shown = ada.put(f"{API}{FIRST}/", {"least": 0.9}, format="json").json()
    assert (shown["pinned"], shown["least"], len(shown["steps"])) == (0.9, 0.9, 15)
    assert ada.put(f"{API}{FIRST}/", {"least": 3}, format="json").status_code == 400
    assert ada.post(f"{API}{FIRST}/undo/").json()["pinned"] is None
    assert ada.post(f"{API}contact.email/undo/").status_code == 409
    assert ada.get(f"{API}no.such/").status_code == 404


def test_pages_set_release_and_undo_when_the_administrator_works(
    people: People, sign_in: SignIn
) -> None:
    judge_tables(people.source, make_customers())
    ada = sign_in(people.ada)
    url = reverse("classification:threshold-change", args=[FIRST])
    page = reverse("classification:threshold", args=[FIRST])
    ada.post(url, {"action": "set", "least": "0.98"})
    assert "A person set 98" in ada.get(page).content.decode()
    assert "Set by a person" in ada.get(LIST).content.decode()
    ada.post(url, {"action": "release", "least": "0.98"})
    ada.post(url, {"action": "undo"})
    assert get_threshold(user=people.ada, name=FIRST).pinned == 0.98
    answer = ada.post(url, {"action": "set", "least": "much"}, follow=True)
    assert "Choose a threshold first." in answer.content.decode()
    finish_all()
    listed = ada.get(reverse("classification:label-list") + "?state=").content.decode()
    assert "perhaps First name" in listed
