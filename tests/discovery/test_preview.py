"""What patterns would leave out, shown before they are saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.datasources.models import DataSource
from apps.discovery import preview
from apps.discovery.models import Dataset
from apps.discovery.types import DatasetState
from apps.rbac.models import User
from datawave_edge.connectors import TableRef
from datawave_edge.patterns import TableFilter
from tests.conftest import SignIn
from tests.factories import make_source
from tests.people import People

from .factories import feed_job, make_filtered, make_table

HOSTILE = '<b>it\'s "100 %" {x}'


def ask(user: User, source: DataSource, **body: Any) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post(f"/api/v1/sources/{source.public_id}/patterns/preview/", body, format="json")


def page_of(source: DataSource) -> str:
    return reverse("discovery:pattern-preview", args=[source.public_id])


@pytest.fixture
def estate(people: People) -> People:
    names = ["orders", "orders_old", "tmp_1"]
    sales = [make_table(name, container="sales") for name in names]
    feed_job(people.source, [*sales, make_table("staff", container="hr")])
    feed_job(make_source("hidden"), [make_table("secret", container="sales")])
    return people


def test_each_pattern_and_all_are_counted_and_named_when_tables_are_known(estate: People) -> None:
    patterns = {"include": "SALES.*\n\n crm.* ", "exclude": "*_old"}
    answer = ask(estate.alice, estate.source, **patterns)
    assert answer.status_code == 200
    assert answer.json() == {
        "known": 4,
        "let_in": {"tables": 2, "examples": ["sales.orders", "sales.tmp_1"]},
        "left_out": {"tables": 2, "examples": ["hr.staff", "sales.orders_old"]},
        "include": [
            {
                "pattern": "SALES.*",
                "tables": 3,
                "examples": ["sales.orders", "sales.orders_old", "sales.tmp_1"],
            },
            {"pattern": "crm.*", "tables": 0, "examples": []},
        ],
        "exclude": [{"pattern": "*_old", "tables": 1, "examples": ["sales.orders_old"]}],
    }
    estate.source.refresh_from_db()
    assert (estate.source.include, estate.source.exclude) == ("", "")


def test_saved_patterns_are_tried_when_none_are_given(estate: People) -> None:
    DataSource.objects.filter(pk=estate.source.pk).update(exclude="sales.*")
    assert ask(estate.bob, estate.source).json()["let_in"]["examples"] == ["hr.staff"]
    assert ask(estate.bob, estate.source, exclude="").json()["let_in"]["tables"] == 4


def test_tables_left_out_by_the_last_run_are_known_and_dropped_ones_are_not(
    estate: People,
) -> None:
    Dataset.objects.filter(name="staff").update(state=DatasetState.DROPPED)
    feed_job(estate.source, [make_filtered("never_read", container="sales")])
    answer = ask(estate.alice, estate.source, include="*.never*\n*.staff").json()
    assert answer["known"] == 4
    assert [each["tables"] for each in answer["include"]] == [1, 0]
    feed_job(estate.source, [make_table("orders", container="sales")])
    assert ask(estate.alice, estate.source).json()["known"] == 3


def test_twenty_are_named_and_all_are_counted_when_a_pattern_hits_more(people: People) -> None:
    feed_job(people.source, [make_table(f"t{number:02}") for number in range(23)])
    let_in = ask(people.bob, people.source, include="*").json()["let_in"]
    assert let_in["tables"] == 23
    assert let_in["examples"] == [f"main.t{number:02}" for number in range(20)]


def test_preview_is_not_there_when_a_stranger_asks(estate: People, sign_in: SignIn) -> None:
    for answer in (
        ask(estate.charlie, estate.source, include="*"),
        sign_in(estate.charlie).post(page_of(estate.source)),
    ):
        assert answer.status_code == 404
        assert b"orders" not in answer.content


def test_sign_in_is_asked_for_when_nobody_is_signed_in(estate: People) -> None:
    path = f"/api/v1/sources/{estate.source.public_id}/patterns/preview/"
    assert APIClient().post(path).status_code in (401, 403)


@pytest.mark.parametrize("field", ["include", "exclude"])
@pytest.mark.parametrize("text", ["x" * 501, "a\n" * 201])
def test_field_is_named_when_its_patterns_cannot_be_used(
    estate: People, field: str, text: str
) -> None:
    answer = ask(estate.alice, estate.source, **{field: text})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_preview_is_refused_with_a_fix_when_there_is_too_much_to_try(
    estate: People, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MOST_TRIES", 8)
    assert ask(estate.alice, estate.source, include="a\nb").status_code == 200
    answer = ask(estate.alice, estate.source, include="a", exclude="b\nc")
    assert answer.status_code == 422
    assert answer.json()["code"] == "preview_too_large"
    assert "Use at most 2" in answer.json()["errors"][0]["message"]
    page = sign_in(estate.alice).post(page_of(estate.source), {"include": "a\nb\nc"})
    assert b"Use at most 2" in page.content


def test_part_counts_and_marks_patterns_when_a_teammate_looks(
    estate: People, sign_in: SignIn
) -> None:
    patterns = {"include": "sales.*\nnone.*", "exclude": ""}
    page = sign_in(estate.bob).post(page_of(estate.source), patterns).content.decode()
    assert "Of 4 known tables, <b>3</b> would be read and <b>1</b> left out." in page
    assert page.count("Hits nothing") == 1
    assert "hr.staff" in page
    assert "Nothing would be read." not in page


def test_part_warns_when_nothing_would_be_read(estate: People, sign_in: SignIn) -> None:
    page = sign_in(estate.alice).post(page_of(estate.source), {"exclude": "*"}).content.decode()
    assert "Nothing would be read." in page


def test_part_says_so_when_nothing_is_known_yet(people: People, sign_in: SignIn) -> None:
    page = sign_in(people.alice).post(page_of(people.source), {"include": "*"}).content.decode()
    assert "Nothing is known of this source yet" in page
    assert "Hits nothing" not in page


def test_hostile_names_and_patterns_are_escaped(people: People, sign_in: SignIn) -> None:
    feed_job(people.source, [make_table(HOSTILE)])
    page = sign_in(people.alice).post(page_of(people.source), {"include": f"*{HOSTILE}"})
    assert b"<b>it" not in page.content
    assert page.content.count(b"&lt;b&gt;it") == 3


def test_edit_form_asks_for_the_preview_without_the_password(
    estate: People, sign_in: SignIn
) -> None:
    client = sign_in(estate.ada)
    page = client.get(reverse("datasources:source-edit", args=[estate.source.public_id]))
    assert f'form="pattern-preview" hx-post="{page_of(estate.source)}"' in page.content.decode()
    new = client.get(reverse("datasources:source-add")).content.decode()
    assert "pattern-preview" not in new


def test_source_page_offers_the_preview_when_it_has_patterns(
    estate: People, sign_in: SignIn
) -> None:
    address = reverse("datasources:source-detail", args=[estate.source.public_id])
    client = sign_in(estate.bob)
    assert page_of(estate.source) not in client.get(address).content.decode()
    DataSource.objects.filter(pk=estate.source.pk).update(include="sales.*")
    assert page_of(estate.source) in client.get(address).content.decode()


NAMES = st.text("ab._", max_size=4)
PATTERNS = st.lists(st.text("ab._*?[]!", max_size=5), max_size=4)


@given(names=st.sets(st.tuples(NAMES, NAMES)), include=PATTERNS, exclude=PATTERNS)
def test_preview_agrees_with_what_the_agent_would_read(
    names: set[tuple[str, str]], include: list[str], exclude: list[str]
) -> None:
    refs = sorted(TableRef(*each) for each in names)
    chosen = TableFilter(include, exclude)
    told = preview.preview_refs(chosen, refs)
    assert told.let_in.examples == [ref.path for ref in refs if chosen.lets(ref)][:20]
    assert told.let_in.tables + told.left_out.tables == told.known == len(refs)
    let_in_alone = [TableFilter([each.pattern], []) for each in told.include]
    for hits, alone in zip(told.include, let_in_alone, strict=True):
        assert hits.tables == sum(map(alone.lets, refs))
    for hits in told.exclude:
        alone = TableFilter([], [hits.pattern])
        assert hits.tables == len(refs) - sum(map(alone.lets, refs))
