"""The layer of what stewards taught: packed, unpacked, and how it weighs."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.classification.layer import (
    Choice,
    Layer,
    Votes,
    combine,
    pack_layer,
    unpack_layer,
)
from apps.classification.model.store import ModelRefused

from .versions import make_layer


def test_layer_is_the_same_when_packed_and_unpacked() -> None:
    layer = dataclasses.replace(make_layer(city="org.name"), thresholds={"org.name": 0.4})
    assert unpack_layer(*pack_layer(layer)) == layer
    arrays, told = pack_layer(layer)
    for wrong in (
        (arrays[:-1], told),
        (arrays, told[:-1]),
        (arrays, b"{}"),
        (arrays, b"[]"),
        (b"", b""),
    ):
        with pytest.raises(ModelRefused):
            unpack_layer(*wrong)


shares = st.floats(0, 1)


@given(shares, st.dictionaries(st.sampled_from("abc"), shares), st.dictionaries(
    st.sampled_from("abc"), shares))  # fmt: skip
def test_confidence_is_a_share_when_votes_are_counted(
    sure: float, speaks_for: dict[str, float], against: dict[str, float]
) -> None:
    votes = Votes(speaks_for=speaks_for, against=against)
    choice = combine(Layer(memory=()), Choice("a", sure), votes)
    assert 0 <= choice.confidence <= 0.99
    assert choice.semantic_type in {"a", *speaks_for}


def test_judge_abstains_when_a_type_is_too_unsure() -> None:
    layer = Layer(memory=(), thresholds={"a": 0.6})
    assert combine(layer, Choice("a", 0.59), Votes()).semantic_type == ""
    assert combine(layer, Choice("a", 0.61), Votes()).semantic_type == "a"
