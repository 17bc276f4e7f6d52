"""The catalogue's pages and endpoints, each by its owner, a teammate and a stranger."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from apps.catalog import services, tasks
from apps.catalog.signals import entry_changed
from apps.catalog.tags import TAGS, clean_tags
from apps.rbac.models import AuditEntry
from apps.rbac.services import issue_token
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from datawave_edge.protocol import ForeignKey
from tests.conftest import SignIn
from tests.discovery.factories import (
    make_column,
    make_failed,
    make_path,
    make_table,
    make_unchanged,
)
from tests.people import People

from .factories import catalogue, entry_of


@pytest.fixture
def shop(people: People) -> People:
    """Orders that refer to customers; one column holds e-mail addresses."""
    key = ForeignKey(
        columns=["cid"], target_container="main", target_name="customer", target_columns=["id"]
    )
    catalogue(
        people.source,
        [
            make_table("orders", ["id", "cid"], foreign_keys=[key]),
            make_table(
                "customer",
                [make_column("id", key_position=1), make_column("email", hits={"email": 1.0})],
            ),
        ],
    )
    return people


def url_of(name: str, *parts: str) -> str:
    return f"/catalog/{entry_of(name).dataset.public_id}/" + "".join(parts)


def read(response: Any) -> str:
    return str(response.content.decode())


def test_list_shows_what_is_found(shop: People, sign_in: SignIn) -> None:
    page = read(sign_in(shop.bob).get("/catalog/?q=cid"))
    assert url_of("orders") in page
    assert url_of("customer") not in page


def test_list_is_empty_for_a_stranger(shop: People, sign_in: SignIn) -> None:
    assert url_of("orders") not in read(sign_in(shop.charlie).get("/catalog/"))


def test_sign_in_is_asked_when_nobody_is_signed_in(shop: People) -> None:
    assert Client().get("/catalog/").status_code == 302


def test_csv_holds_what_the_person_may_export(shop: People, sign_in: SignIn) -> None:
    rows = list(csv.reader(io.StringIO(read(sign_in(shop.alice).get("/catalog/?format=csv")))))
    assert rows[0][:3] == ["source", "container", "name"]
    assert {row[2] for row in rows[1:]} == {"orders", "customer"}
    nothing = list(csv.reader(io.StringIO(read(sign_in(shop.bob).get("/catalog/?format=csv")))))
    assert len(nothing) == 1


def test_csv_runs_no_formula_when_a_name_starts_like_one(people: People, sign_in: SignIn) -> None:
    catalogue(people.source, [make_table("=cmd()")])
    assert ",'=cmd()," in read(sign_in(people.alice).get("/catalog/?format=csv"))


@pytest.mark.parametrize("tab", ["", "?tab=columns", "?tab=relations", "?tab=findings", "?tab=x"])
def test_asset_page_shows_when_a_tab_is_asked(shop: People, sign_in: SignIn, tab: str) -> None:
    response = sign_in(shop.bob).get(url_of("customer", tab))
    assert response.status_code == 200
    assert "customer" in read(response)


def test_tab_alone_is_sent_when_htmx_asks(shop: People, sign_in: SignIn) -> None:
    headers = {"HX-Request": "true", "HX-Target": "panel"}
    page = read(sign_in(shop.bob).get(url_of("customer", "?tab=columns"), headers=headers))
    assert "email" in page
    assert "<html" not in page


def test_paths_stand_beneath_their_column_when_documents_were_opened(
    people: People, sign_in: SignIn
) -> None:
    mails = make_path("payload", "customer.email", hits={"email": 1.0})
    table = make_table("events", ["id", make_column("payload", "json"), "zone"], paths=[mails])
    catalogue(people.source, [table])
    page = read(sign_in(people.bob).get(url_of("events", "?tab=columns")))
    places = [page.index(f">{name}<") for name in ("payload", "customer.email", "zone")]
    assert places == sorted(places)
    assert 'title="payload.customer.email">customer.email<' in page
    assert url_of("events") in read(sign_in(people.bob).get("/catalog/?q=customer email"))
    assert entry_of("events").personal_fields == 1


def test_columns_come_in_pages_and_are_found_when_a_table_is_very_wide(
    people: People, sign_in: SignIn
) -> None:
    names = [f"c{number:03}" for number in range(230)]
    columns = [make_column(name, hits={"email": 1.0}) for name in names]
    catalogue(people.source, [make_table("wide", columns)])
    bob = sign_in(people.bob)
    pages = [read(bob.get(url_of("wide", f"?tab=columns&page={at}"))) for at in (1, 2, 3)]
    shown = [re.findall(r">(c\d{3})<", page) for page in pages]
    assert shown == [names[:100], names[100:200], names[200:]]
    assert "?tab=columns&amp;page=2" in pages[0]
    assert "201–230 of 230 columns" in pages[2]
    found = read(bob.get(url_of("wide", "?tab=columns&column=C17")))
    assert re.findall(r">(c\d{3})<", found) == names[170:180]
    # What may be accepted together is the whole table's, not the page's.
    assert "Accept all" in read(sign_in(people.alice).get(url_of("wide", "?column=c000")))
    nothing = read(bob.get(url_of("wide", "?tab=columns&column=%00<x>")))
    assert "No column is called so" in nothing
    assert "<x>" not in nothing


def test_no_search_is_offered_when_all_columns_are_on_the_page(
    shop: People, sign_in: SignIn
) -> None:
    assert "Find a column" not in read(sign_in(shop.bob).get(url_of("customer")))


def test_asset_is_not_there_for_a_stranger(shop: People, sign_in: SignIn) -> None:
    assert sign_in(shop.charlie).get(url_of("orders")).status_code == 404
    assert sign_in(shop.charlie).post(url_of("orders", "edit/")).status_code == 404


def test_graph_joins_the_columns_when_tables_refer(shop: People, sign_in: SignIn) -> None:
    page = read(sign_in(shop.bob).get(url_of("orders", "?tab=relations")))
    found = re.search(
        r'<script id="relations" type="application/json">(.*?)</script>', page, re.DOTALL
    )
    assert found is not None
    graph = json.loads(found[1])
    assert {node["title"]: node["focus"] for node in graph["nodes"]} == {
        "orders": True,
        "customer": False,
    }
    [edge] = graph["edges"]
    assert (edge["from_column"], edge["to_column"]) == ("cid", "id")


@pytest.mark.parametrize("name", ['a"b<script>', "50% {x}", "Straße 名前", "'; DROP--"])
def test_page_is_whole_when_names_are_hostile(people: People, sign_in: SignIn, name: str) -> None:
    catalogue(people.source, [make_table(name, ["id", f"c{name}"])])
    page = read(sign_in(people.bob).get(url_of(name)))
    assert "<script>" not in page.replace("</script>", "")


def test_banner_tells_when_the_table_is_missing_dropped_or_unread(
    shop: People, sign_in: SignIn
) -> None:
    url, other = url_of("orders"), make_table("other")
    catalogue(shop.source, [make_failed("orders"), other])
    assert "could not read it" in read(sign_in(shop.bob).get(url))
    catalogue(shop.source, [make_unchanged(other)])
    assert "did not find it" in read(sign_in(shop.bob).get(url))
    catalogue(shop.source, [make_unchanged(other)])
    assert "was dropped" in read(sign_in(shop.bob).get(url))


def test_steward_describes_owns_and_declares(shop: People, sign_in: SignIn) -> None:
    form = {
        "description": "All orders.",
        "owner": "bob",
        "tag.retention_days": "365",
        "tag.subjects": "customer, child",
        "tag.anonymous": "no",
        "tag.purpose": "",
    }
    assert sign_in(shop.alice).post(url_of("orders", "edit/"), form).status_code == 302
    entry = entry_of("orders")
    assert entry.description == "All orders."
    assert entry.described_by == shop.alice
    assert entry.owner == shop.bob
    assert entry.tags == {
        "retention_days": 365,
        "subjects": ["customer", "child"],
        "anonymous": False,
    }
    audit = AuditEntry.objects.get(action="entry_changed")
    assert audit.detail["owner"] == {"before": "", "after": "bob"}
    page = read(sign_in(shop.alice).get(url_of("orders")))
    assert "All orders." in page
    assert 'value="365"' in page


def test_draft_stays_a_draft_when_the_form_is_sent_untouched(shop: People, sign_in: SignIn) -> None:
    form = {"description": entry_of("orders").description, "owner": ""}
    sign_in(shop.alice).post(url_of("orders", "edit/"), form)
    assert entry_of("orders").described_at is None
    assert not AuditEntry.objects.filter(action="entry_changed").exists()


def test_editing_is_refused_when_the_person_only_views(shop: People, sign_in: SignIn) -> None:
    response = sign_in(shop.bob).post(url_of("orders", "edit/"), {"description": "x"})
    assert response.status_code == 403
    with pytest.raises(PermissionMissing):
        services.edit_entry(entry=entry_of("orders"), user=shop.bob, description="x")
    with pytest.raises(NotThere):
        services.edit_entry(entry=entry_of("orders"), user=shop.charlie, description="x")


def test_owner_is_refused_when_they_may_not_see_the_source(shop: People) -> None:
    with pytest.raises(InputInvalid):
        services.edit_entry(entry=entry_of("orders"), user=shop.alice, owner=shop.charlie)


def test_change_is_announced_when_it_is_committed(
    shop: People, django_capture_on_commit_callbacks: Any
) -> None:
    seen = []

    def note(entry: Any, **_: Any) -> None:
        seen.append(entry.pk)

    entry_changed.connect(note)
    with django_capture_on_commit_callbacks(execute=True):
        services.edit_entry(entry=entry_of("orders"), user=shop.alice, description="x")
        assert seen == []
    entry_changed.disconnect(note)
    assert seen == [entry_of("orders").pk]


@pytest.mark.parametrize(
    "tags",
    [
        {"no_such": "x"},
        {"retention_days": "many"},
        {"retention_days": -1},
        {"retention_days": True},
        {"legal_basis": "because"},
        {"anonymous": "perhaps"},
        {"purpose": "x" * 501},
        {"purpose": ["x"]},
        {"subjects": [1]},
    ],
)
def test_declared_fact_is_refused_when_it_makes_no_sense(tags: dict[str, Any]) -> None:
    with pytest.raises(InputInvalid):
        clean_tags(tags)


def test_every_fact_has_a_help_and_a_choice_has_values() -> None:
    assert all(spec.help for spec in TAGS.values())
    assert all(bool(spec.choices) == (spec.kind == "choice") for spec in TAGS.values())


def test_task_does_nothing_when_the_dataset_is_gone(db: None) -> None:
    tasks.refresh_entry(dataset_id=0)


def test_palette_answers_options(shop: People, sign_in: SignIn) -> None:
    page = read(sign_in(shop.bob).get("/palette/?q=ord"))
    assert 'role="option"' in page
    assert url_of("orders") in page
    assert url_of("orders") not in read(sign_in(shop.charlie).get("/palette/?q=ord"))


class TestRest:
    """The same by REST with a token."""

    def call(self, user: Any, method: str, path: str, body: Any = None) -> Any:
        secret = issue_token(user=user, name="t")
        token = secret[1] if isinstance(secret, tuple) else secret
        options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"}}
        if body is not None:
            options |= {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(Client(), method)(f"/api/v1/{path}", **options)

    def test_it_works(self, shop: People) -> None:
        answer = self.call(shop.bob, "get", "entries/?q=cid").json()
        assert [each["name"] for each in answer["results"]] == ["orders"]
        one = self.call(shop.bob, "get", f"entries/{answer['results'][0]['id']}/").json()
        assert one["source"] == "crm"
        assert one["described_by_person"] is False

    def test_entry_changes_when_a_steward_asks(self, shop: People) -> None:
        path = f"entries/{entry_of('orders').dataset.public_id}/"
        body = {"owner": "alice", "tags": {"retention_days": 30}}
        answer = self.call(shop.alice, "patch", path, body)
        assert answer.status_code == 200, answer.content
        assert answer.json()["tags"] == {"retention_days": 30}
        assert self.call(shop.alice, "patch", path, {"owner": None}).json()["owner"] is None

    def test_change_is_refused_when_the_role_is_missing(self, shop: People) -> None:
        path = f"entries/{entry_of('orders').dataset.public_id}/"
        assert self.call(shop.bob, "patch", path, {"description": "x"}).status_code == 403
        assert self.call(shop.charlie, "patch", path, {"description": "x"}).status_code == 404
        assert self.call(shop.charlie, "get", path).status_code == 404

    def test_problem_names_the_field_when_a_fact_makes_no_sense(self, shop: People) -> None:
        path = f"entries/{entry_of('orders').dataset.public_id}/"
        answer = self.call(shop.alice, "patch", path, {"tags": {"retention_days": "x"}})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "tags.retention_days"

    def test_relationships_are_listed(self, shop: People) -> None:
        answer = self.call(shop.bob, "get", "relationships/").json()
        assert answer["results"][0]["from_name"] == "main.orders"
        own = f"relationships/?dataset={entry_of('customer').dataset.public_id}"
        assert self.call(shop.bob, "get", own).json()["count"] == 1
        assert self.call(shop.charlie, "get", "relationships/").json()["count"] == 0
        assert self.call(shop.bob, "get", "relationships/?dataset=x").status_code == 400
