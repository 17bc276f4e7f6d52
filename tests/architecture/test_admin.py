"""Every table of the project can be looked at in the admin site, or there is a reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from datawave.common.admin import ReadOnlyAdmin
from tests.classification.conftest import judge_tables, make_customers
from tests.conftest import SignIn
from tests.people import People

EXCLUDED = {
    "catalog.FieldSketch": "bytes that tell how alike columns' values are; joins are on the page",
    "catalog.SearchRow": "the full-text index: all of it is in catalogue entries",
    "classification.AlikeGroup": "bytes that tell how alike columns are; the review page shows it",
    "classification.ModelFile": "bytes of models; versions name their hash",
    "datasources.SpentChallenge": "hashes of nonces that agents have used",
}
# What only the product itself has to know, or what may be secret.
NEVER_SHOWN = (
    "password", "token_hash", "code_hash", "link_hash", "nonce_hash", "secret_hash", "patterns",
    "words", "used_by_key", "public_key",
)  # fmt: skip
# Django's own form never shows the hash of a person's password as it is.
SHOWN_SAFELY = {("rbac.User", "password")}


def list_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def list_admins() -> Iterator[tuple[str, ModelAdmin[Any]]]:
    for model in list_models():
        if model in admin.site._registry:
            yield model._meta.label, admin.site._registry[model]


def test_every_model_is_in_the_admin_or_excluded_for_a_reason() -> None:
    registered = {label for label, _ in list_admins()}
    every = {model._meta.label for model in list_models()}
    assert every - registered == set(EXCLUDED)


def test_list_loads_what_it_names_when_it_has_columns() -> None:
    for label, page in list_admins():
        related = set(page.list_select_related or ())
        keys = {f.name for f in page.model._meta.fields if isinstance(f, models.ForeignKey)}
        missing = (keys & set(page.list_display)) - {each.partition("__")[0] for each in related}
        assert not missing, f"{label} asks for each row's {missing}"
        assert page.list_display != ("__str__",), label


def test_no_secret_is_on_a_page_when_it_is_shown(people: People, rf: RequestFactory) -> None:
    for label, page in list_admins():
        if not isinstance(page, ReadOnlyAdmin):
            continue
        request = rf.get("/")
        request.user = people.ada
        shown = {*_flatten(page.get_fields(request)), *_flatten(page.list_display)}
        secret = {name for name in NEVER_SHOWN if name in shown}
        assert not {name for name in secret if (label, name) not in SHOWN_SAFELY}, label


def _flatten(names: Any) -> list[str]:
    return [each for name in names for each in ([name] if isinstance(name, str) else name)]


@pytest.fixture
def administrator(people: People, sign_in: SignIn) -> Client:
    people.ada.is_staff = people.ada.is_superuser = True
    people.ada.save()
    judge_tables(people.source, make_customers())
    return sign_in(people.ada)


@pytest.mark.django_db(transaction=False)
def test_every_list_opens_and_is_searched_when_an_administrator_looks(
    administrator: Client,
) -> None:
    for label, page in list_admins():
        url = reverse(f"admin:{label.lower().replace('.', '_')}_changelist")
        given = {"q": "1"} if page.search_fields else {}
        assert administrator.get(url, given).status_code == 200, label
        row = page.model._default_manager.first()
        if row is None:
            continue
        one = reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[row.pk])
        assert administrator.get(one).status_code == 200, label


def test_lists_are_closed_when_a_steward_looks(people: People, sign_in: SignIn) -> None:
    alice = sign_in(people.alice)
    for label, _ in list_admins():
        url = reverse(f"admin:{label.lower().replace('.', '_')}_changelist")
        assert alice.get(url).status_code in (302, 403), label
