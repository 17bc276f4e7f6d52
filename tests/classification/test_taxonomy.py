"""The list of types is complete and consistent."""

from __future__ import annotations

import pytest

from apps.classification.rules.lexicon import PHRASES
from apps.classification.rules.names import split_words
from apps.classification.rules.values import fits
from apps.classification.taxonomy import TYPES, categories_of, sensitivity_of
from apps.classification.types import SENSITIVITY_RANK
from datawave.demo import DEMO_TRUTH
from datawave_edge.features import RECOGNISERS


def test_every_type_has_rules_when_it_is_listed() -> None:
    assert set(fits()) == set(TYPES)
    assert {kind for kind, _ in PHRASES} == set(TYPES)


def test_every_recogniser_exists_when_a_rule_names_it() -> None:
    named = {name for fit in fits().values() for name in fit.weights}
    assert named - set(RECOGNISERS) == set()


def test_every_phrase_can_match_when_names_are_split() -> None:
    assert [phrase for _, phrase in PHRASES if not split_words(phrase.lstrip("="))] == []


def test_demo_truth_uses_known_types_when_it_tells() -> None:
    assert set(DEMO_TRUTH.values()) <= set(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_type_is_consistent_when_read(name: str) -> None:
    kind = TYPES[name]
    assert kind.sensitivity in SENSITIVITY_RANK
    assert not (kind.personal and kind.contextual)
    assert kind.categories or not (kind.personal or kind.contextual)
    assert kind.title
    assert kind.description


def test_categories_are_none_when_contextual_data_has_no_person() -> None:
    assert categories_of("address.city", personal=False) == ()
    assert categories_of("secret.api_token", personal=False) == ("system.authentication",)
    assert categories_of("", personal=False) == ()


def test_sensitivity_falls_when_contextual_data_has_no_person() -> None:
    assert sensitivity_of("health.medical_code", personal=True) == "restricted"
    assert sensitivity_of("health.medical_code", personal=False) == "internal"
    assert sensitivity_of("secret.api_token", personal=False) == "restricted"
    assert sensitivity_of("text.free", personal=True) == "confidential"
    assert sensitivity_of("no.such", personal=False) == "internal"
