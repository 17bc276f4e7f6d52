"""Profiles: right counts, and nothing of a value in them."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datawave_edge.connectors import Binary, Cell
from datawave_edge.features.gate import patterns_of
from datawave_edge.profile import profile_column
from datawave_edge.profile.dates import date_shape
from datawave_edge.profile.numbers import number_shape, parse_number
from datawave_edge.profile.shapes import shape_of, shared_shapes
from datawave_edge.protocol import ColumnProfile, decode_message, encode_message

EMAILS: list[Cell] = [f"anna.{n}@example.org" for n in range(100)]


def test_counts_are_right_when_cells_are_mixed() -> None:
    profile = profile_column("c", "text", ["a", "a", "", None, "bbb"])
    assert (profile.rows, profile.nulls, profile.empty, profile.distinct) == (5, 1, 1, 3)
    assert (profile.min_length, profile.max_length, profile.mean_length) == (0, 3, 1.25)
    assert profile.letter_rate == 1.0


@pytest.mark.parametrize("cells", [[], [None, None], ["", ""]])
def test_profile_is_plain_when_there_is_nothing(cells: list[Cell]) -> None:
    profile = profile_column("c", "text", cells)
    assert profile.rows == len(cells)
    assert profile.hits == {}
    assert profile.protection == "unknown"


def test_hits_and_shape_are_told_when_values_are_emails() -> None:
    profile = profile_column("c", "text", EMAILS)
    assert profile.hits["email"] == 1.0
    assert profile.shapes == {"a+.9+@a+.a+": 0.9, "a+.9@a+.a+": 0.1}
    assert profile.protection == "none"


def test_rate_never_rounds_to_all_or_none_when_it_is_not() -> None:
    cells: list[Cell] = ["anna@example.org"] * 29_999 + ["x"]
    assert profile_column("c", "text", cells).hits["email"] == 0.9999


def test_mentions_are_told_when_prose_holds_them() -> None:
    cells: list[Cell] = [f"Customer {n} asked us to write" for n in range(9)]
    cells.append("Please answer to anna@example.org soon")
    profile = profile_column("c", "text", cells)
    assert profile.mentions == {"email": 0.1}
    assert profile.hits["free_text"] > 0.8


def test_bytes_give_lengths_alone_when_binary() -> None:
    profile = profile_column("c", "binary", [Binary(4), Binary(0), None])
    assert (profile.max_length, profile.empty, profile.nulls, profile.entropy) == (4, 1, 1, 0.0)
    assert profile.protection == "unknown"


@pytest.mark.parametrize(
    ("cells", "protection"),
    [
        (["$2b$12$" + "abcDEF0123./" * 4 + "abcde"] * 5, "hashed_unkeyed"),
        ([f"{n:032x}" for n in range(9**9, 9**9 + 20)], "hashed_unkeyed"),
        (["****-****-****-1234", "****-****-****-9999"], "masked"),
        (["XXX-XX-1234", "XXX-XX-9876"], "masked"),
        (["a***@example.org", "b***@example.org"], "masked"),
        (["gAAAAABh" + "abcDEF0123_-" * 6 + "=="] * 3, "encrypted"),
        (["-----BEGIN PGP MESSAGE-----\nx"], "encrypted"),
        (["tok_1a2b3c4d5e6f"], "tokenized"),
        (["Anna Smith", "Box XXL"], "none"),
        (["Maxxx", "Foxx"], "none"),
    ],
)
def test_protection_is_guessed_when_shape_tells(cells: list[Cell], protection: str) -> None:
    assert profile_column("c", "text", cells).protection == protection


def test_last_four_are_truncated_when_the_name_says_so() -> None:
    cells: list[Cell] = ["1234", "9876"]
    assert profile_column("card_last4", "text", cells).protection == "truncated"
    assert profile_column("code", "text", cells).protection == "none"


def test_magnitudes_are_told_when_numbers_are_given() -> None:
    shape = number_shape([float(n) for n in range(1, 12_346)])
    assert shape is not None
    assert (shape.low_magnitude, shape.high_magnitude) == (2, 4)
    assert (shape.sequential_rate, shape.integer_rate, shape.negative_rate) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234", 1234.0), ("1,234,567.8", 1234567.8), ("12,5", 12.5), ("-7", -7.0), ("x", None)],
)
def test_number_is_read_when_commas_group_or_part_it(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("numbers", [[], [float("nan")], [float("inf"), float("-inf")]])
def test_no_shape_is_told_when_no_number_is_finite(numbers: list[float]) -> None:
    assert number_shape(numbers) is None


def test_decades_and_age_are_told_when_dates_are_given() -> None:
    today = dt.date(2026, 1, 1)
    shape = date_shape(["2024-05-17", "2025-01-31 10:00:00", "9999-12-31"], today)
    assert shape is not None
    assert (shape.oldest_decade, shape.newest_decade) == (2020, 2020)
    assert shape.oldest_age_days == 570
    assert shape.precision == "time"


def test_age_is_left_out_when_dates_are_births() -> None:
    shape = date_shape(["1950-05-17", "2001-01-31"], dt.date(2026, 1, 1))
    assert shape is not None
    assert shape.oldest_age_days is None


def test_signs_and_steps_are_counted_when_numbers_cross_zero() -> None:
    shape = number_shape([-2.0, -1.0, 0.0, 1.5, 100.0, 101.0])
    assert shape is not None
    assert (shape.negative_rate, shape.zero_rate, shape.integer_rate) == (0.3333, 0.1667, 0.8333)
    assert shape.sequential_rate == 0.6
    assert (shape.low_magnitude, shape.high_magnitude) == (0, 2)


def test_shape_is_held_back_when_few_values_share_it() -> None:
    counts = {f"Name {n}": 1 for n in range(50)} | {"O'Neil-Smith": 1, "x" * 9: 4}
    patterns = patterns_of(counts)
    assert set(shared_shapes(counts, patterns, Counter(patterns))) == {"Aa+ 9+", "Aa+ 9"}


@given(st.text(max_size=60))
def test_shape_holds_no_letter_or_digit_of_the_value(value: str) -> None:
    assert {char for char in shape_of(value) if char.isalnum()} <= set("Aa9x")


@settings(deadline=None)
@given(
    st.sampled_from(["text", "integer", "decimal", "date", "datetime", "json", "other", "array"]),
    st.lists(
        st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans(),
                  st.integers(0, 9).map(Binary), st.dates().map(str)),
        max_size=30,
    ),
)  # fmt: skip
def test_profile_fits_the_protocol_when_cells_are_anything(kind: str, cells: list[Cell]) -> None:
    profile = profile_column("c", kind, cells)
    assert decode_message(encode_message(profile), ColumnProfile) == profile
