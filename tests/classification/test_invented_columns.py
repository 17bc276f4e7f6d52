"""Invented columns: what a reader of the learnt model relies on, over many draws."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from apps.classification.training.kinds import MAKERS
from apps.classification.training.synthetic import LabelledRow, invent_tables

faker = pytest.importorskip("faker")


@pytest.fixture(scope="module")
def rows() -> list[LabelledRow]:
    return [row for table in invent_tables(400, 11) for row in table]


def draw_columns(kind: str, count: int = 60) -> Iterator[list[Any]]:
    """Columns of a kind, each drawn anew; one faker is quicker than one for each."""
    fake = faker.Faker("en_US")
    fake.seed_instance(5)
    luck = random.Random(5)
    for _ in range(count):
        draw = MAKERS[kind](luck, fake)
        yield [draw() for _ in range(30)]


@pytest.mark.parametrize(("kind", "limit"), [("geo.latitude", 90.0), ("geo.longitude", 180.0)])
def test_coordinates_lie_on_the_globe_when_invented(kind: str, limit: float) -> None:
    assert all(abs(each) <= limit for column in draw_columns(kind) for each in column)


def test_longitudes_keep_to_towns_when_invented() -> None:
    middles = [sorted(column)[15] for column in draw_columns("geo.longitude")]
    # Hardly a town lies in the Pacific.
    assert sum(-175 < each < -125 for each in middles) <= 3


def test_keys_are_above_zero_when_they_are_numbers() -> None:
    keys = [each for column in draw_columns("id.record") for each in column if type(each) is int]
    assert min(keys) > 0


def test_keys_come_again_in_some_columns_when_they_refer() -> None:
    alike = [len(set(column)) < len(column) for column in draw_columns("id.record")]
    assert any(alike)
    assert not all(alike)


def test_ages_are_those_of_people_when_invented() -> None:
    ages = [
        each
        for column in draw_columns("person.age")
        for each in column
        if isinstance(each, int | float)
    ]
    assert 0 <= min(ages) <= max(ages) <= 95


def test_digits_become_numbers_in_some_columns_when_loaded(rows: list[LabelledRow]) -> None:
    kinds = {
        type(value)
        for row in rows
        if row.label in ("contact.phone", "address.postal_code", "finance.credit_card_number")
        for value in row.values
        if value
    }
    assert {str, int} <= kinds


def test_leading_zeros_stay_when_digits_are_loaded(rows: list[LabelledRow]) -> None:
    loaded = [
        value for row in rows if row.label == "address.postal_code" for value in row.values if value
    ]
    assert any(str(value).startswith("0") for value in loaded if isinstance(value, str))


def test_whole_numbers_become_floats_only_beside_gaps(rows: list[LabelledRow]) -> None:
    years = [row.values for row in rows if row.label == "year"]
    widened = [values for values in years if any(type(each) is float for each in values)]
    assert all(None in values for values in widened)
    assert len(widened) < len(years)


def test_a_column_of_one_value_is_invented_when_many_are(rows: list[LabelledRow]) -> None:
    plain = [
        {each for each in row.values if each not in (None, "", "NULL")}
        for row in rows
        if row.label == "address.city" and len(row.values) >= 25
    ]
    assert {len(each) == 1 for each in plain} == {True, False}


def test_measures_lie_around_a_middle_when_invented() -> None:
    for column in draw_columns("health.measurement"):
        numbers = [each for each in column if not isinstance(each, str)]
        assert all(0 < each < 400 for each in numbers)
