"""Likely joins are told from sketches, to who may see both ends, and never of sensitive columns."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from django.test import override_settings

from apps.catalog.joins import find_likely_joins
from apps.catalog.models import FieldSketch
from apps.catalog.sketching import derive_salt, load_sketching
from apps.classification import services as classification
from apps.classification.models import Label
from apps.classification.types import DecisionKind
from apps.discovery.models import Dataset
from apps.discovery.stages import find_sketching
from apps.rbac import services as rbac
from apps.rbac.types import Role
from datawave_edge.profile.sketches import sketch_values
from datawave_edge.protocol import ColumnSnapshot, Sketch, TableSnapshot, WithheldColumn
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table
from tests.factories import make_source
from tests.people import People

from .factories import catalogue

SALT = "s" * 64
KEY = "0123456789abcdef"


def make_sketched(
    name: str, values: range, *, whole: bool = True, key: str = KEY, **fields: Any
) -> ColumnSnapshot:
    """A column that holds codes of these numbers."""
    words = {f"prd-{random.Random(n).getrandbits(40):x}" for n in values}
    column = make_column(name, **fields)
    assert column.profile is not None
    sketch = Sketch(
        key=key, bins=sketch_values(words, SALT.encode()), values=len(words), whole=whole
    )
    profile = msgspec.structs.replace(column.profile, sketch=sketch)
    return msgspec.structs.replace(column, profile=profile)


def make_products(**fields: Any) -> TableSnapshot:
    return make_table("products", [make_sketched("code", range(1_000), **fields), "title"])


def make_lines(name: str = "product", **fields: Any) -> TableSnapshot:
    return make_table("lines", ["amount", make_sketched(name, range(200, 700), **fields)])


@pytest.fixture
def shops(people: People) -> People:
    """Order lines in Alice's source refer to products in another, which Bob does not see."""
    other = make_source("erp")
    rbac.grant_role(user=people.alice, role=Role.VIEWER, scope=other)
    catalogue(other, [make_products()])
    catalogue(people.source, [make_lines()])
    return people


def dataset_of(name: str) -> Dataset:
    return Dataset.objects.get(name=name)


def test_join_is_told_when_values_of_one_source_are_in_another(shops: People) -> None:
    (join,) = find_likely_joins(user=shops.alice, dataset=dataset_of("lines"))
    assert (str(join.field), str(join.other)) == ("product", "code")
    assert join.overlap.held > 0.8
    (same,) = find_likely_joins(user=shops.alice, dataset=dataset_of("products"))
    assert (str(same.field), str(same.other)) == ("product", "code")
    chosen = find_likely_joins(
        user=shops.alice, dataset=dataset_of("lines"), other=dataset_of("lines")
    )
    assert chosen == []


def test_join_is_not_told_to_who_sees_one_end_alone(shops: People, sign_in: SignIn) -> None:
    assert find_likely_joins(user=shops.bob, dataset=dataset_of("lines")) == []
    page = f"/catalog/{dataset_of('lines').public_id}/?tab=relations"
    shown = sign_in(shops.alice).get(page).content.decode()
    assert "Likely joins" in shown
    assert "erp" in shown
    hidden = sign_in(shops.bob).get(page).content.decode()
    assert "Likely joins" not in hidden
    assert "erp" not in hidden
    assert sign_in(shops.charlie).get(page).status_code == 404


def test_api_tells_joins_of_what_one_may_see(shops: People, sign_in: SignIn) -> None:
    lines, products = dataset_of("lines").public_id, dataset_of("products").public_id
    url = f"/api/v1/entries/{lines}/joins/"
    (row,) = sign_in(shops.alice).get(url).json()
    assert (row["field"]["name"], row["other"]["name"]) == ("product", "code")
    assert row["other"]["source_name"] == "erp"
    assert row["held"] > 0.8
    assert len(sign_in(shops.alice).get(f"{url}?other={products}").json()) == 1
    assert sign_in(shops.alice).get(f"{url}?other={lines}").json() == []
    assert sign_in(shops.alice).get(f"{url}?other=x").status_code in (400, 422)
    assert sign_in(shops.bob).get(url).json() == []
    assert sign_in(shops.bob).get(f"{url}?other={products}").status_code == 404
    assert sign_in(shops.charlie).get(url).status_code == 404


@pytest.mark.parametrize(
    ("lines", "products"),
    [({}, {"key": "f" * 16}), ({"whole": False}, {"whole": False})],
    ids=["other salt", "samples"],
)
def test_sketches_that_cannot_be_compared_tell_nothing(
    people: People, lines: dict[str, Any], products: dict[str, Any]
) -> None:
    catalogue(people.source, [make_lines(**lines), make_products(**products)])
    assert find_likely_joins(user=people.alice, dataset=dataset_of("lines")) == []


@pytest.mark.parametrize(
    ("name", "told"), [("product_id", True), ("products", True), ("id", False), ("weight", False)]
)
def test_numbers_are_joined_only_when_their_names_agree(
    people: People, name: str, *, told: bool
) -> None:
    products = make_table("products", [make_sketched("id", range(1_000), type="integer")])
    catalogue(people.source, [products, make_lines(name, type="integer")])
    assert bool(find_likely_joins(user=people.alice, dataset=dataset_of("lines"))) is told


def payload_of(name: str) -> Any:
    """What is kept of the dataset's columns."""
    snapshot = dataset_of(name).snapshot
    assert snapshot is not None
    return snapshot.payload


def make_secret() -> TableSnapshot:
    """A column that the edge let pass and the server finds sensitive."""
    return make_table("staff", [make_secret_column(range(900)), "zone"])


def make_secret_column(values: range) -> ColumnSnapshot:
    return make_sketched("email", values, hits={"email": 1.0})


def test_sketch_is_forgotten_when_its_label_is_sensitive(people: People) -> None:
    catalogue(people.source, [make_secret(), make_products()])
    label = Label.objects.get(field__name="email")
    assert label.personal
    row = FieldSketch.objects.get(field__name="email")
    assert (row.withheld, row.bins, row.key) == (True, "", "")
    kept = payload_of("staff")
    assert all("sketch" not in column.get("profile", {}) for column in kept["columns"])
    assert "sketch" in payload_of("products")["columns"][0]["profile"]
    told = load_sketching(people.source.pk)
    assert told is not None
    assert told.withheld == [WithheldColumn(container="main", table="staff", column="email")]


def test_withheld_column_stays_so_when_it_is_sent_again(people: People) -> None:
    catalogue(people.source, [make_secret()])
    again = make_table("staff", [make_secret_column(range(800)), "zone"], row_count=9)
    catalogue(people.source, [again])
    row = FieldSketch.objects.get(field__name="email")
    assert (row.withheld, row.bins) == (True, "")


def test_join_is_gone_at_once_when_a_person_calls_a_column_sensitive(shops: People) -> None:
    label = Label.objects.get(field__name="product")
    classification.decide_label(
        label=label, user=shops.alice, kind=DecisionKind.CHANGE, semantic_type="contact.email"
    )
    assert find_likely_joins(user=shops.alice, dataset=dataset_of("lines")) == []


def test_sketch_goes_when_a_column_has_none_any_more(people: People) -> None:
    catalogue(people.source, [make_products()])
    assert FieldSketch.objects.count() == 1
    catalogue(people.source, [make_table("products", ["code", "title"])])
    assert FieldSketch.objects.count() == 0


def test_agents_get_one_salt_until_the_first_key_is_another(people: People) -> None:
    told = find_sketching(people.source.pk)
    assert told is not None
    assert told.salt == derive_salt()
    with override_settings(DATAWAVE_SECRET_KEYS=["another"]):
        other = find_sketching(people.source.pk)
    assert other is not None
    assert other.salt != told.salt
    with override_settings(SKETCHES=False):
        assert find_sketching(people.source.pk) is None
