"""The list of types is complete and consistent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.classification.rules.lexicon import PHRASES
from apps.classification.rules.names import split_words
from apps.classification.rules.values import fits
from apps.classification.taxonomy import (
    SHIPPED,
    TYPES,
    Taxonomy,
    categories_of,
    find_type,
    put_in_force,
    sensitivity_of,
    title_of,
)
from apps.classification.types import SENSITIVITY_RANK, SemanticType
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


# The tree, names elsewhere, and types of one's own


def test_every_type_hangs_on_the_tree_when_looked_up() -> None:
    for name in TYPES:
        assert [node.name for node in SHIPPED.list_above(name)][-1] == "any"


def test_every_type_is_below_the_top_when_listed() -> None:
    assert {each.name for each in SHIPPED.list_below("any")} == set(TYPES)
    assert {each.name for each in SHIPPED.list_below("any.money.card")} >= {
        "finance.credit_card_number",
        "finance.card_expiry",
    }


def test_types_are_named_as_elsewhere_when_mapped() -> None:
    email = TYPES["contact.email"]
    assert (email.schema_org, email.info_types) == ("email", ("EMAIL_ADDRESS",))
    assert email.categories == ("user.contact.email",)


OWN = SemanticType(
    name="own.badge",
    title="Badge number",
    group="Own types",
    sensitivity="restricted",
    personal=True,
    contextual=False,
    categories=("user.unique_id",),
    description="Number on a badge",
)


@pytest.fixture
def with_badges() -> Iterator[Taxonomy]:
    extended = SHIPPED.extend([OWN], version="1")
    put_in_force(extended)
    yield extended
    put_in_force(SHIPPED)


def test_own_type_has_title_and_sensitivity_when_it_is_in_force(with_badges: Taxonomy) -> None:
    assert title_of("own.badge") == "Badge number"
    assert sensitivity_of("own.badge", personal=True) == "restricted"
    assert categories_of("own.badge", personal=True) == ("user.unique_id",)
    assert OWN in with_badges.list_below("any")


def test_own_type_is_unknown_when_it_is_not_in_force() -> None:
    assert find_type("own.badge") is None
    assert title_of("own.badge") == "own.badge"


def test_shipped_type_stays_when_an_own_one_takes_its_name() -> None:
    taken = replace(OWN, name="contact.email")
    assert SHIPPED.extend([taken], version="1").types["contact.email"] == TYPES["contact.email"]


def test_version_tells_own_types_when_the_taxonomy_was_extended(with_badges: Taxonomy) -> None:
    assert with_badges.version == f"{SHIPPED.version}+1"
