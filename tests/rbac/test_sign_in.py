"""Signing in and out: password, one-time link, command."""

from __future__ import annotations

import datetime as dt
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.rbac import services
from apps.rbac.models import AuditEntry, SignInLink, User
from datawave.launch.home import lock_home
from tests.conftest import SignIn
from tests.factories import PASSWORD, make_user
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Tries of other tests don't count."""
    cache.clear()


def sign_in_as(client: Client, username: str, password: str = PASSWORD, **more: str) -> int:
    values = {"username": username, "password": password, **more}
    return client.post("/sign-in/", values).status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_works() -> None:
    make_user("alice")
    client = Client()
    answer = client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_signed_in(client)
    assert AuditEntry.objects.get(action="signed_in").actor_name == "alice"


def test_form_is_shown_when_nobody_is_signed_in() -> None:
    answer = Client().get("/sign-in/")
    assert answer.status_code == 200
    assert b"csrfmiddlewaretoken" in answer.content


@pytest.mark.parametrize("name", ["alice", "nobody", "gone"])
def test_same_is_said_when_name_or_password_is_wrong(name: str) -> None:
    make_user("alice")
    make_user("gone", is_active=False)
    client = Client()
    password = "wrong" if name == "alice" else PASSWORD
    answer = client.post("/sign-in/", {"username": name, "password": password})
    assert answer.status_code == 403
    assert "User name or password is wrong." in answer.content.decode()
    assert not is_signed_in(client)


def test_account_is_throttled_when_tried_six_times() -> None:
    make_user("alice")
    client = Client()
    for _ in range(5):
        assert sign_in_as(client, "alice", "wrong") == 403
    answer = client.post("/sign-in/", {"username": "ALICE", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert not is_signed_in(client)


def test_address_is_throttled_when_many_accounts_are_tried() -> None:
    make_user("alice")
    for number in range(30):
        assert sign_in_as(Client(), f"guess{number}", "wrong") == 403
    assert sign_in_as(Client(), "alice") == 429
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert sign_in_as(elsewhere, "alice") == 302


def test_tries_are_forgotten_when_signed_in() -> None:
    make_user("alice")
    for _ in range(4):
        assert sign_in_as(Client(), "alice", "wrong") == 403
    assert sign_in_as(Client(), "alice") == 302
    assert sign_in_as(Client(), "alice", "wrong") == 403


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/runs/?state=failed", "/runs/?state=failed"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_page_is_ours_when_given(wanted: str, given: str) -> None:
    make_user("alice")
    values = {"username": "alice", "password": PASSWORD, "next": wanted}
    assert Client().post("/sign-in/", values).headers["Location"] == given


def test_page_asks_for_sign_in_when_anonymous() -> None:
    answer = Client().get("/profile/?tab=tokens")
    assert answer.headers["Location"] == "/sign-in/?next=%2Fprofile%2F%3Ftab%3Dtokens"


def test_session_ends_when_signed_out(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/").status_code == 302
    assert not is_signed_in(client)


def test_link_is_not_spent_when_only_opened() -> None:
    secret = services.issue_sign_in_link(user=make_user("alice"))
    client = Client()
    for _ in range(2):
        assert client.get(f"/sign-in/link/{secret}/").status_code == 200
        assert client.head(f"/sign-in/link/{secret}/").status_code == 200
    assert not is_signed_in(client)
    assert client.post(f"/sign-in/link/{secret}/").status_code == 302
    assert is_signed_in(client)


def test_link_is_refused_when_used_before() -> None:
    secret = services.issue_sign_in_link(user=make_user("alice"))
    Client().post(f"/sign-in/link/{secret}/")
    again = Client()
    answer = again.post(f"/sign-in/link/{secret}/")
    assert answer.status_code == 403
    assert "has been used" in answer.content.decode()
    assert not is_signed_in(again)


@pytest.mark.parametrize("kind", ["expired", "deactivated", "unknown"])
def test_link_is_refused_when_it_is_no_good(kind: str) -> None:
    user = make_user("alice")
    secret = services.issue_sign_in_link(user=user)
    if kind == "expired":
        SignInLink.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    if kind == "deactivated":
        User.objects.update(is_active=False)
    if kind == "unknown":
        secret = "no-such-secret"
    client = Client()
    assert client.post(f"/sign-in/link/{secret}/").status_code == 403
    assert not is_signed_in(client)


def test_link_leads_to_where_the_group_listens_when_one_runs(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HOME, settings.EMBEDDED = tmp_path, True
    make_user("alice")
    lock = lock_home(tmp_path)
    lock.publish("http://localhost:8123")
    call_command("sign_in_link", "alice")
    lock.release()
    call_command("sign_in_link", "alice")
    running, alone = capsys.readouterr().out.split()
    assert running.startswith("http://localhost:8123/sign-in/link/")
    assert alone.startswith(f"{settings.BASE_URL}/sign-in/link/")


def test_only_hash_is_stored_when_link_is_issued() -> None:
    secret = services.issue_sign_in_link(user=make_user())
    assert secret not in str(SignInLink.objects.values())


@pytest.mark.django_db(transaction=True)
def test_one_gets_in_when_link_is_used_at_once() -> None:
    secret = services.issue_sign_in_link(user=make_user("alice"))
    barrier, outcomes = threading.Barrier(4), []

    def use() -> None:
        barrier.wait()
        try:
            services.use_sign_in_link(secret=secret)
            outcomes.append("in")
        except services.SignInLinkSpent:
            outcomes.append("spent")
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "spent", "spent", "spent"]


def test_printed_link_signs_in_when_command_is_run() -> None:
    make_user("alice")
    out = io.StringIO()
    call_command("sign_in_link", "alice", stdout=out)
    path = out.getvalue().strip().removeprefix("http://localhost:8000")
    client = Client()
    assert client.post(path).status_code == 302
    assert is_signed_in(client)


def test_first_administrator_is_made_when_there_is_nobody() -> None:
    call_command("sign_in_link", stdout=io.StringIO())
    call_command("sign_in_link", stdout=io.StringIO())
    assert User.objects.get().is_superuser


@pytest.mark.parametrize("active", [True, False])
def test_command_fails_when_person_is_not_there(active: bool) -> None:
    make_user("gone", is_active=False)
    with pytest.raises(CommandError):
        call_command("sign_in_link", "nobody" if active else "gone")
