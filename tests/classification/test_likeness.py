"""How alike columns are, one by one and many at once, and which groups they form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.classification.grouping import Placed, assign_groups
from apps.classification.likeness import (
    SIZE,
    describe_column,
    measure_distance,
    measure_profile_distance,
    name_block,
)
from apps.classification.models import AlikeGroup
from apps.classification.neighbours import Neighbours
from datawave_edge.protocol import ColumnSnapshot
from tests.discovery.factories import make_column, make_profile

likenesses = st.binary(min_size=SIZE, max_size=SIZE)


def mails(name: str = "email", rate: float = 0.98, **fields: float) -> ColumnSnapshot:
    return make_column(
        name,
        profile=make_profile(hits={"email": rate}, letter_rate=0.8, mean_length=19.0, **fields),
    )


def cities(name: str = "city") -> ColumnSnapshot:
    return make_column(name, profile=make_profile(hits={"city": 0.7}, letter_rate=1.0))


def test_it_works() -> None:
    mail = describe_column(mails())
    assert len(mail) == SIZE
    assert measure_distance(mail, describe_column(mails("customer_email"))) < 0.35
    assert measure_distance(mail, describe_column(cities())) > 0.6


@given(likenesses)
def test_distance_is_nothing_when_a_column_meets_itself(one: bytes) -> None:
    assert measure_distance(one, one) == 0


@given(likenesses, likenesses)
def test_distance_is_the_same_when_sides_are_swapped(one: bytes, other: bytes) -> None:
    there = measure_distance(one, other)
    assert there == pytest.approx(measure_distance(other, one))
    assert 0 <= there <= 1


@given(st.lists(likenesses, min_size=1, max_size=5), st.lists(likenesses, min_size=1, max_size=5))
def test_many_are_measured_as_each_alone_when_compared_at_once(
    known: list[bytes], asked: list[bytes]
) -> None:
    for found, one in zip(Neighbours(known).find(asked, 1.0), asked, strict=True):
        wanted = [measure_distance(one, each) for each in known]
        assert list(found.distances) == pytest.approx(sorted(wanted), abs=1e-5)
        assert sorted(found.places) == list(range(len(known)))


@given(st.lists(likenesses, min_size=1, max_size=9), likenesses, st.floats(0, 1))
def test_only_what_is_within_the_radius_is_found_when_asked(
    known: list[bytes], asked: bytes, radius: float
) -> None:
    (found,) = Neighbours(known).find([asked], radius)
    wanted = {n for n, one in enumerate(known) if measure_distance(asked, one) <= radius - 1e-4}
    assert wanted <= set(found.places)
    assert all(measure_distance(asked, known[n]) <= radius + 1e-4 for n in found.places)


def test_nothing_is_near_when_nothing_is_remembered() -> None:
    (found,) = Neighbours([]).find([describe_column(mails())], 1.0)
    assert not len(found.places)


@pytest.mark.parametrize("name", ["日本語", "", "x" * 1000, "\u202e" * 9, "Straße_Nr"])
def test_a_name_has_a_likeness_when_it_is_strange(name: str) -> None:
    column = make_column(name or "_")
    assert len(describe_column(column)) == SIZE
    assert name_block(column) == name_block(column)


def test_block_is_one_when_words_are_the_same_in_another_spelling() -> None:
    assert name_block(mails("customer_email")) == name_block(mails("emailCustomer"))
    assert name_block(mails("email")) != name_block(mails("city"))


def place(column: ColumnSnapshot, group_id: int | None = None) -> Placed:
    return Placed(name_block(column), describe_column(column), group_id)


@pytest.mark.django_db
def test_columns_share_a_group_when_words_and_profile_are_alike() -> None:
    groups = assign_groups({1: place(mails()), 2: place(mails(rate=0.95)), 3: place(cities())})
    assert groups[1] == groups[2] != groups[3]
    assert assign_groups({4: place(mails(rate=0.97))}) == {4: groups[1]}
    assert AlikeGroup.objects.count() == 2


@pytest.mark.django_db
def test_columns_part_when_the_same_name_holds_something_else() -> None:
    far = make_column("email", profile=make_profile(hits={"digits": 1.0}, digit_rate=1.0))
    assert measure_profile_distance(describe_column(mails()), describe_column(far)) > 0.12
    groups = assign_groups({1: place(mails()), 2: place(far)})
    assert groups[1] != groups[2]


@pytest.mark.django_db
def test_column_keeps_its_group_when_it_still_fits_there() -> None:
    (first,) = assign_groups({1: place(mails(rate=0.9))}).values()
    nearer = AlikeGroup.objects.create(
        block=name_block(mails()), centre=describe_column(mails(rate=0.98))
    )
    assert assign_groups({1: place(mails(rate=0.98), first)}) == {1: first}
    assert assign_groups({2: place(mails(rate=0.98))}) == {2: nearer.pk}
