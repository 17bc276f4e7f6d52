"""How well the machine agrees with people: the figures, the page and the API."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.classification import services
from apps.classification.agreement import Answer, make_table, measure
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of

PAGE = reverse("classification:metrics")
API = "/api/v1/label-agreement/"

answers = st.builds(
    Answer,
    at=st.dates(dt.date(2025, 1, 1), dt.date(2026, 1, 1)),
    said=st.sampled_from(["", "a", "b"]),
    confidence=st.floats(0, 1),
    decided=st.sampled_from(["", "a", "b"]),
    agreed=st.booleans(),
)


def answer(said: str, decided: str, confidence: float = 0.9, month: int = 1) -> Answer:
    return Answer(
        at=dt.date(2026, month, 3),
        said=said,
        confidence=confidence,
        decided=decided,
        agreed=said == decided,
    )


def test_it_works() -> None:
    figures = measure([answer("a", "a"), answer("a", "b", month=2), answer("", "b")])
    assert (figures.number, figures.agreed, figures.abstained) == (2, 1, 1)
    assert figures.months == [("2026-01", 1, 1.0), ("2026-02", 1, 0.0)]
    assert ("a", "b", 1) in figures.confusion
    assert figures.calibration_error == pytest.approx(0.4)


def test_figures_are_empty_when_nobody_decided() -> None:
    figures = measure([])
    assert (figures.number, figures.share, figures.calibration_error) == (0, 0.0, 0.0)
    assert make_table([]) == ([], [])


@given(st.lists(answers))
def test_nothing_is_lost_when_counted(given_answers: list[Answer]) -> None:
    figures = measure(given_answers)
    assert figures.number + figures.abstained == len(given_answers)
    assert sum(each.number for each in figures.types) == figures.number
    assert sum(each.number for each in figures.bins) == figures.number
    assert sum(number for _, number, _ in figures.months) == figures.number
    assert 0 <= figures.calibration_error <= 1
    _, rows = make_table(given_answers)
    assert sum(number for row in rows for _, number in row["cells"]) <= len(given_answers)


def decide(people: People) -> None:
    judge_tables(people.source, make_customers())
    services.decide_label(label=label_of("email"), user=people.alice, kind="accept")
    services.decide_label(label=label_of("city"), user=people.alice, kind="reject")
    services.decide_label(
        label=label_of("first_name"), user=people.alice, kind="change", semantic_type="org.name"
    )


def test_page_tells_of_decisions_when_there_are_some(people: People, sign_in: SignIn) -> None:
    decide(people)
    page = sign_in(people.bob).get(PAGE)
    figures = page.context["figures"]
    assert (figures.number, figures.agreed) == (3, 1)
    assert page.context["coverage"]["decided"] == 3
    assert "Reliability" in page.content.decode()


def test_page_says_what_to_do_when_nobody_decided(people: People, sign_in: SignIn) -> None:
    assert "Nobody has decided yet" in sign_in(people.alice).get(PAGE).content.decode()


def test_undone_decision_counts_for_nothing_when_measured(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    decision = services.decide_label(label=label_of("email"), user=people.alice, kind="reject")
    services.undo_decision(decision=decision, user=people.alice)
    assert sign_in(people.alice).get(PAGE).context["figures"].number == 0


def test_stranger_sees_no_decision_when_looking(people: People, sign_in: SignIn) -> None:
    decide(people)
    assert sign_in(people.charlie).get(PAGE).context["figures"].number == 0
    assert client_of(people.charlie).get(API).json()["number"] == 0


def test_figures_are_of_one_source_when_asked(people: People, sign_in: SignIn) -> None:
    decide(people)
    other = make_source("erp")
    ada = client_of(people.ada)
    assert ada.get(API).json()["number"] == 3
    assert ada.get(API, {"source": str(people.source.public_id)}).json()["number"] == 3
    assert ada.get(API, {"source": str(other.public_id)}).json()["number"] == 0
    assert ada.get(API, {"source": "nonsense"}).json()["number"] == 0


def test_api_tells_what_was_taken_for_what_when_asked(people: People) -> None:
    decide(people)
    body = client_of(people.bob).get(API).json()
    assert body["share"] == pytest.approx(1 / 3)
    assert {"said": "person.first_name", "decided": "org.name", "number": 1} in body["confusion"]
    assert body["coverage"]["columns"] == 4


def test_csv_counts_by_month_when_exported(people: People, sign_in: SignIn) -> None:
    decide(people)
    text = sign_in(people.alice).get(f"{PAGE}?format=csv").content.decode()
    assert "contact.email,E-mail address," in text
    assert "contact.email" not in sign_in(people.bob).get(f"{PAGE}?format=csv").content.decode()
