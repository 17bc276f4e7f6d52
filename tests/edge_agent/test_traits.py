"""Traits: what they say of known columns, and what they must never say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datawave_edge.connectors import Cell
from datawave_edge.features.lists import LISTS, known_words, lists_of
from datawave_edge.features.traits import FEWEST
from datawave_edge.profile import profile_column
from datawave_edge.protocol.records import NormalType

NAMES = ["Anna Smith", "Maria Garcia", "John Miller", "Peter Jones", "Laura Brown", "Paul Taylor"]
AGES = [34, 27, 61, 45, 19, 52, 38, 70, 23, 41]
RUNNING = list(range(1001, 1041))
DAYS = [f"19{50 + n}-0{n % 9 + 1}-1{n}" for n in range(10)]


def traits_of(cells: Sequence[Cell], kind: NormalType = "text") -> dict[str, float]:
    return profile_column("c", kind, cells).traits


def pick(found: dict[str, float], *names: str) -> dict[str, float]:
    return {name: found.get(name, 0.0) for name in names}


# Golden vectors: another number here means another VERSION of the features.


def test_traits_of_names_are_the_golden_ones_when_measured() -> None:
    assert pick(
        traits_of(NAMES), "titled", "two_words", "person_pairs", "words_first", "words_last",
        "digit_first", "same_length", "once",
    ) == {
        "titled": 1.0, "two_words": 1.0, "person_pairs": 1.0, "words_first": 1.0,
        "words_last": 1.0, "digit_first": 0.0, "same_length": 0.67, "once": 1.0,
    }  # fmt: skip


def test_traits_of_ages_are_the_golden_ones_when_measured() -> None:
    assert pick(
        traits_of(AGES, "integer"), "in_ages", "in_grown", "in_unit", "places_0", "round_5",
        "rising", "head_one", "dense", "lean", "rise_above",
    ) == {
        "in_ages": 1.0, "in_grown": 1.0, "in_unit": 0.0, "places_0": 1.0, "round_5": 0.2,
        "rising": 0.44, "head_one": 0.1, "dense": 0.19, "lean": 0.6, "rise_above": 0.05,
    }  # fmt: skip


def test_traits_of_running_numbers_are_the_golden_ones_when_measured() -> None:
    found = traits_of(RUNNING, "integer")
    assert pick(found, "rising", "same_step", "dense", "even_steps", "falling", "in_years") == {
        "rising": 1.0, "same_step": 1.0, "dense": 1.0, "even_steps": 1.0, "falling": 0.0,
        "in_years": 0.0,
    }  # fmt: skip


def test_traits_of_birthdays_are_the_golden_ones_when_measured() -> None:
    found = traits_of(DAYS, "date")
    assert pick(found, "grown_years", "recent_years", "year_span", "day_kinds", "rising") == {
        "grown_years": 1.0, "recent_years": 0.0, "year_span": 0.09, "day_kinds": 1.0, "rising": 1.0,
    }  # fmt: skip


def test_days_are_read_when_the_driver_gives_texts_with_times() -> None:
    cells = [f"2020-01-0{day}T09:30:00" for day in range(1, 9)]
    assert traits_of(cells, "datetime")["recent_years"] == 1.0


# What they must not say.


@pytest.mark.parametrize("cells", [[], [None] * 9, ["x"] * 50, NAMES[: FEWEST - 1] * 20])
def test_no_trait_is_told_when_there_are_few_different_values(cells: list[Cell]) -> None:
    assert traits_of(cells) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=60), st.integers(), st.floats()), max_size=60)
)
def test_traits_are_rounded_shares_when_values_are_anything(cells: list[Cell]) -> None:
    for share in traits_of(cells).values():
        assert 0.0 < share <= 1.0
        assert round(share, 2) == share


# Word lists


def test_words_are_on_their_lists_when_looked_up() -> None:
    assert lists_of("anna") >> LISTS.index("first") & 1
    assert lists_of("münchen") >> LISTS.index("city") & 1
    assert lists_of("deutschland") >> LISTS.index("country") & 1
    assert lists_of("qqzzxxyy") == 0


def test_lists_hold_hashes_alone_when_opened() -> None:
    assert len(known_words()) > 100_000
    assert all(isinstance(each, int) for each in known_words())
