"""API tokens: what is stored, what each allows, when each ends."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from apps.rbac import services
from apps.rbac.models import ApiToken, AuditEntry, User
from tests.conftest import SignIn
from tests.factories import make_user
from tests.people import People

pytestmark = pytest.mark.django_db


def ask(secret: str, method: str = "get", path: str = "/api/v1/me/", **values: object) -> int:
    call = getattr(Client(), method)
    header = {"Authorization": f"Bearer {secret}"}
    more = {"data": values, "content_type": "application/json"} if values else {}
    return int(call(path, headers=header, **more).status_code)


def test_it_works() -> None:
    token, secret = services.issue_token(user=make_user("alice"), name="ci")
    assert ask(secret) == 200
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_only_hash_is_stored_when_issued() -> None:
    _, secret = services.issue_token(user=make_user(), name="ci")
    assert secret not in str(list(ApiToken.objects.values()))
    assert secret not in str(list(AuditEntry.objects.values()))


def test_token_is_refused_when_revoked() -> None:
    user = make_user()
    token, secret = services.issue_token(user=user, name="ci")
    services.revoke_token(token=token, revoked_by=user)
    assert ask(secret) == 401


def test_token_is_refused_when_expired() -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    _, secret = services.issue_token(user=make_user(), name="ci", expires_at=past)
    assert ask(secret) == 401


def test_token_is_refused_when_person_is_deactivated() -> None:
    _, secret = services.issue_token(user=make_user(), name="ci")
    User.objects.update(is_active=False)
    assert ask(secret) == 401


def test_only_reading_is_allowed_when_token_is_read_only() -> None:
    _, secret = services.issue_token(user=make_user(), name="ci", read_only=True)
    assert ask(secret) == 200
    assert ask(secret, "patch", email="new@example.test") == 403
    assert ask(secret, "post", "/api/v1/tokens/", name="more") == 403


def test_secret_is_shown_once_when_made_on_profile(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    values = {"name": "ci", "read_only": "on", "days": "30"}
    page = client.post("/profile/tokens/add/", values).content.decode()
    secret = page.split('id="new-token">')[1].split("<")[0]
    assert ask(secret) == 200
    assert secret not in client.get("/profile/").content.decode()
    token = ApiToken.objects.get()
    assert token.read_only
    assert token.expires_at is not None
    assert 29 <= (token.expires_at - timezone.now()).days <= 30


def test_token_ends_when_revoked_on_profile(people: People, sign_in: SignIn) -> None:
    token, secret = services.issue_token(user=people.alice, name="ci")
    path = f"/profile/tokens/{token.public_id}/revoke/"
    assert sign_in(people.bob).post(path).status_code == 404
    assert ask(secret) == 200
    assert sign_in(people.alice).post(path).status_code == 302
    assert ask(secret) == 401


def test_token_is_made_and_revoked_when_asked_by_rest(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    made = client.post("/api/v1/tokens/", {"name": "ci"}, content_type="application/json")
    assert made.status_code == 201
    assert ask(made.json()["token"]) == 200
    listed = client.get("/api/v1/tokens/").json()
    assert [row["name"] for row in listed["results"]] == ["ci"]
    assert "token" not in listed["results"][0]
    path = f"/api/v1/tokens/{made.json()['public_id']}/"
    assert sign_in(people.bob).delete(path).status_code == 404
    assert client.delete(path).status_code == 204
    assert ask(made.json()["token"]) == 401


def test_tokens_of_others_stay_hidden_when_listed(people: People, sign_in: SignIn) -> None:
    services.issue_token(user=people.alice, name="ci")
    for person in (people.bob, people.charlie, people.ada):
        assert sign_in(person).get("/api/v1/tokens/").json()["results"] == []
