"""Search: what is found, in which order, and that no text breaks it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog import services
from apps.catalog.palette import find_everything
from apps.catalog.selectors import list_facets, search_entries
from apps.catalog.types import EntryFilters
from apps.catalog.words import index_name, spell_out, split_words
from apps.rbac.models import User
from tests.discovery.factories import make_column, make_table
from tests.people import People

from .factories import catalogue, entry_of

EMAILS = {"email": 0.99}


def search(user: User, query: str, **filters: object) -> list[str]:
    """Names of the tables found, in order."""
    wanted = EntryFilters(**filters)
    return [e.dataset.name for e in search_entries(user=user, query=query, filters=wanted)]


@pytest.fixture
def shop(people: People) -> People:
    """A source with a few tables."""
    tables = [
        make_table("orders", ["id", "total"], comment="What each customer bought", row_count=7),
        make_table("cust_addr", ["id", "zipCode"], row_count=50),
        make_table("invoice", ["id", "customer_name"], container="billing"),
        make_table("person", ["id", make_column("email", hits=EMAILS)], kind="view"),
        make_table("naïve", ["id"]),
    ]
    catalogue(people.source, tables)
    return people


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cust_addr", "cust_addr"),
        ("customer address", "cust_addr"),
        ("CUST", "cust_addr"),
        ("custaddr", "cust_addr"),
        ("zip code", "cust_addr"),
        ("zipcode", "cust_addr"),
        ("postal", "cust_addr"),
        ("inv", "invoice"),
        ("billing invoice", "invoice"),
        ("naive", "naïve"),
        ("bought", "orders"),
        ("e-mail address", "person"),
    ],
)
def test_table_is_found_when_any_of_its_words_is_asked(
    shop: People, query: str, found: str
) -> None:
    assert found in search(shop.alice, query)


def test_nothing_is_found_when_one_word_is_nowhere(shop: People) -> None:
    assert search(shop.alice, "customer zeppelin") == []


def test_name_comes_first_when_others_only_mention_it(shop: People) -> None:
    assert search(shop.alice, "customer") == ["cust_addr", "invoice", "orders"]


@pytest.mark.parametrize(
    "query",
    ['"', "'", "a OR b", "NOT", "cust* AND (", "%", "_", "\\", "{x}", "a:b", "^a", "-", "NEAR(a b)",
     "' & !'", "<->", "🙂", "x" * 5_000, "a " * 500, "catalog_search", "--", ";DROP TABLE x"],
)  # fmt: skip
def test_search_answers_when_the_text_is_hostile(shop: People, query: str) -> None:
    assert "naïve" not in search(shop.alice, query)


def test_everything_is_listed_when_nothing_is_asked(shop: People) -> None:
    assert len(search(shop.alice, "  ")) == 5


def test_stranger_finds_nothing(shop: People) -> None:
    assert search(shop.bob, "orders") == ["orders"]
    assert search(shop.charlie, "orders") == []
    assert search(shop.ada, "orders") == ["orders"]
    facets = list_facets(user=shop.charlie, query="", filters=EntryFilters())
    assert all(option.count == 0 for facet in facets for option in facet.options)


def test_filters_narrow_when_they_are_given(shop: People) -> None:
    alice = shop.alice
    assert search(alice, "", containers=("billing",)) == ["invoice"]
    assert search(alice, "", kinds=("view",)) == ["person"]
    assert search(alice, "", types=("contact.email",)) == ["person"]
    assert "person" in search(alice, "", personal=("yes",))
    assert "orders" in search(alice, "", personal=("no",))
    assert len(search(alice, "", personal=("yes", "no"))) == 5
    assert search(alice, "", sources=("elsewhere",)) == []
    services.edit_entry(entry=entry_of("orders"), user=alice, owner=alice)
    assert search(alice, "", owners=("alice",)) == ["orders"]
    assert search(alice, "address", containers=("billing",)) == []


def test_order_follows_the_sort_when_one_is_asked(shop: People) -> None:
    assert search(shop.alice, "", sort="rows")[:2] == ["orders", "cust_addr"]
    assert search(shop.alice, "customer", sort="name") == ["cust_addr", "invoice", "orders"]
    assert search(shop.alice, "customer", sort="-name") == ["orders", "invoice", "cust_addr"]
    assert len(search(shop.alice, "", sort="no such; column")) == 5


def test_facet_ignores_its_own_choice_when_it_counts(shop: People) -> None:
    filters = EntryFilters(kinds=("view",))
    facets = {f.name: f for f in list_facets(user=shop.alice, query="", filters=filters)}
    kinds = {option.value: option for option in facets["kind"].options}
    assert kinds["table"].count == 4
    assert kinds["view"].selected
    assert {o.value: o.count for o in facets["source"].options} == {"crm": 1}
    assert {o.value: o.count for o in facets["type"].options}["contact.email"] == 1


def test_queries_do_not_grow_when_more_is_found(shop: People) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = search_entries(user=shop.alice, query="customer", filters=EntryFilters())
            list_facets(user=shop.alice, query="customer", filters=EntryFilters())
            assert [(e.dataset.fqn, e.dataset.source.name, str(e.owner)) for e in rows]
        return len(captured)

    count()  # what is cached of permissions is cached
    few = count()
    catalogue(shop.source, [make_table(f"customer_{n}") for n in range(30)])
    assert count() == few


def test_index_follows_when_a_person_edits(shop: People) -> None:
    assert search(shop.alice, "zeppelin") == []
    services.edit_entry(
        entry=entry_of("orders"), user=shop.alice, description="Zeppelin rides.",
        tags={"purpose": "joyrides"},
    )  # fmt: skip
    assert search(shop.alice, "zeppelin") == ["orders"]
    assert search(shop.alice, "joyride") == ["orders"]


def test_table_is_found_no_more_when_it_was_dropped(shop: People) -> None:
    for _ in range(2):
        catalogue(shop.source, [make_table("orders")])
    assert search(shop.alice, "cust_addr") == []


def test_palette_finds_tables_columns_sources_and_commands(shop: People) -> None:
    def titles(user: User, query: str) -> dict[str, list[str]]:
        groups = find_everything(user=user, query=query)
        return {g["title"]: [item["title"] for item in g["items"]] for g in groups}

    assert titles(shop.alice, "customer n")["Columns"] == ["billing.invoice.customer_name"]
    assert titles(shop.alice, "cust")["Tables"][0] == "main.cust_addr"
    assert titles(shop.bob, "crm")["Sources"] == ["crm"]
    assert titles(shop.charlie, "crm") == {}
    assert "Do" in titles(shop.ada, "add data")
    assert "Do" not in titles(shop.bob, "add data")
    assert titles(shop.alice, "%") == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cust_nm", ["cust", "nm"]),
        ("HTTPServerName", ["http", "server", "name"]),
        ("orderLine2", ["order", "line2"]),
        ("Größe", ["große".replace("ß", "ss")]),
        ("", []),
        ("%$#", []),
    ],
)
def test_names_are_split_into_words(name: str, words: list[str]) -> None:
    assert split_words(name) == words


def test_name_is_spelled_out_when_it_is_abbreviated() -> None:
    assert spell_out("cust_nm") == "customer name"
    assert index_name("cust_nm") == "cust nm custnm customer name"
