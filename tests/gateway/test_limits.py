"""How often one person may search and take files, whichever door they use."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from apps.rbac.models import User
from datawave.common import rates
from tests.classification.test_recognising import make as make_recogniser
from tests.conftest import SignIn
from tests.people import People

pytestmark = pytest.mark.django_db

SEARCH_PAGES = (
    "/catalog/", "/palette/", "/sources/", "/runs/", "/classification/",
    "/classification/review/", "/people/",
)  # fmt: skip
SEARCH_CALLS = ("/api/v1/entries/", "/api/v1/sources/", "/api/v1/labels/", "/api/v1/datasets/")
FILES = (
    "/catalog/?format=csv", "/sources/?format=csv", "/runs/?format=csv", "/agents/?format=csv",
    "/compliance/?format=csv", "/schedules/?format=csv", "/classification/?format=csv",
    "/classification/?format=json", "/classification/review/?format=csv",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _few(settings: Any) -> None:
    cache.clear()
    settings.SEARCHES_A_MINUTE = 2
    settings.EXPORTS_AN_HOUR = 2


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.mark.parametrize("path", SEARCH_PAGES)
def test_page_says_to_wait_when_a_person_searches_too_often(
    people: People, sign_in: SignIn, path: str
) -> None:
    client = sign_in(people.ada)
    assert [client.get(f"{path}?q=a").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get(f"{path}?q=b")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert "You have searched very often." in answer.content.decode()
    # Looking on without words is no search.
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", SEARCH_CALLS)
def test_call_is_refused_when_a_person_searches_too_often(people: People, path: str) -> None:
    client = client_of(people.ada)
    assert [client.get(f"{path}?q=a").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get(f"{path}?q=a")
    assert answer.json()["code"] == "too_many_searches"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert client.get(path).status_code == 200


def test_doors_count_together_when_one_person_uses_both(people: People, sign_in: SignIn) -> None:
    client, api = sign_in(people.ada), client_of(people.ada)
    client.get("/catalog/?q=a")
    api.get("/api/v1/entries/?q=a")
    assert client.get("/catalog/?q=a").status_code == 429
    # Another person is not held back.
    assert sign_in(people.alice).get("/catalog/?q=a").status_code == 200


@pytest.mark.parametrize("path", FILES)
def test_page_says_when_the_next_file_is_possible_when_too_many_were_taken(
    people: People, sign_in: SignIn, path: str
) -> None:
    client = sign_in(people.ada)
    taken = [client.get(path) for _ in range(2)]
    assert ["attachment" in answer["Content-Disposition"] for answer in taken] == [True, True]
    refused = client.get(path)
    assert refused.status_code == 429
    assert "You have exported 2 files in this hour" in refused.content.decode()
    assert 1 <= int(refused["Retry-After"]) <= 3600
    assert client.get(path.partition("?")[0]).status_code == 200


def test_time_is_that_of_the_person_when_files_are_refused(
    people: People, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime(2030, 1, 2, 12, 50, tzinfo=dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(time, "time", now.timestamp)
    monkeypatch.setattr(rates, "time", time)
    people.ada.time_zone = "Asia/Kolkata"
    people.ada.save()
    client = sign_in(people.ada)
    for _ in range(2):
        client.get(FILES[0])
    assert "the next is possible at 19:20." in client.get(FILES[0]).content.decode()


def test_file_of_the_api_counts_when_it_is_taken(people: People, sign_in: SignIn) -> None:
    path = f"/api/v1/own-types/{make_recogniser(people).public_id}/words/"
    client = client_of(people.ada)
    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get(path).json()["code"] == "too_many_exports"
    assert sign_in(people.ada).get(FILES[0]).status_code == 429


def test_wait_is_the_whole_time_when_the_counter_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", lambda *_: None)
    assert rates.find_wait("nobody", seconds=60) == 60
