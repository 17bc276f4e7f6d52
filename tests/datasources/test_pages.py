"""Pages of sources, tests and agents: owner, teammate and stranger at each door."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.datasources import services
from apps.datasources.models import DataSource
from datawave_edge.protocol import TestStep
from tests.conftest import SignIn
from tests.factories import make_agent, make_source
from tests.people import People

POLLS = b'hx-trigger="every'
SECRET = "canary-pa55word"
HOSTILE = "<script>x</script> 100 % {y} 'q' \"z\""
POSTGRES = {
    "engine": "postgresql",
    "name": "billing",
    "host": "db.example.test",
    "port": "",
    "database": "billing",
    "username": "reader",
    "password": SECRET,
    "tls": "require",
    "environment": "production",
}


def url_of(name: str, row: Any = None) -> str:
    return reverse(f"datasources:{name}", args=[row.public_id] if row else [])


@pytest.fixture
def secret_source(people: People) -> DataSource:
    values = {key: value for key, value in POSTGRES.items() if key != "port"}
    return services.add_source(user=people.ada, **values)


def test_list_shows_what_one_may_view(people: People, sign_in: SignIn) -> None:
    make_source("hidden-one")
    page = sign_in(people.bob).get(url_of("source-list"))
    assert page.status_code == 200
    assert b"crm" in page.content
    assert b"hidden-one" not in page.content
    assert b"crm" not in sign_in(people.charlie).get(url_of("source-list")).content


def test_start_button_is_there_when_one_may_discover(people: People, sign_in: SignIn) -> None:
    make_agent(embedded=True, last_seen_at=timezone.now())
    target = reverse("racine:run-start", args=[people.source.public_id]).encode()
    for door in (url_of("source-list"), url_of("source-detail", people.source)):
        assert target in sign_in(people.alice).get(door).content
        assert target not in sign_in(people.bob).get(door).content


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ({}, b"The agent edge-1 is not connected"),
        ({"last_seen_at": timezone.now(), "revoked_at": timezone.now()}, b"edge-1 was revoked"),
    ],
)
def test_start_button_says_why_not_when_the_agent_is_away(
    people: People, sign_in: SignIn, agent: dict[str, Any], reason: bytes
) -> None:
    DataSource.objects.update(agent=make_agent("edge-1", **agent))
    target = reverse("racine:run-start", args=[people.source.public_id]).encode()
    for door in (url_of("source-list"), url_of("source-detail", people.source)):
        page = sign_in(people.alice).get(door).content
        assert reason in page
        assert target not in page


@pytest.mark.parametrize("query", ["q=cr", "engine=sqlite", "environment=production", "sort=-name"])
def test_list_is_narrowed_by_its_address(people: People, sign_in: SignIn, query: str) -> None:
    assert b"crm" in sign_in(people.ada).get(f"{url_of('source-list')}?{query}").content


def test_list_is_empty_when_nothing_matches(people: People, sign_in: SignIn) -> None:
    page = sign_in(people.ada).get(f"{url_of('source-list')}?q=nothing-like-it&engine=mysql")
    assert b"No source matches" in page.content


def test_csv_holds_what_one_may_export(people: People, sign_in: SignIn) -> None:
    people.source.name = "=cmd()"
    people.source.save()
    door = f"{url_of('source-list')}?format=csv"
    assert b"'=cmd()" in sign_in(people.alice).get(door).getvalue()
    assert b"cmd" not in sign_in(people.bob).get(door).getvalue()


def test_list_asks_little_when_there_are_many_sources(
    people: People, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        make_source()
    client = sign_in(people.ada)
    with django_assert_max_num_queries(25):
        client.get(url_of("source-list"))


def test_source_is_added_when_form_is_right(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    answer = client.post(url_of("source-add"), POSTGRES)
    source = DataSource.objects.get(name="billing")
    assert answer["Location"] == url_of("source-detail", source)
    assert SECRET.encode() not in client.get(answer["Location"]).content


def test_certificate_is_asked_for_when_the_form_recommends_it(
    people: People, sign_in: SignIn
) -> None:
    client = sign_in(people.ada)
    assert b"Recommended: certificate checked" in client.get(url_of("source-add")).content
    assert client.post(url_of("source-add"), {**POSTGRES, "tls": ""}).status_code == 302
    source = DataSource.objects.get(name="billing")
    assert source.tls == "verify-full"
    # Whoever edits it sees what it has, and leaves it so.
    page = client.get(url_of("source-edit", source)).content
    assert b"Recommended" not in page
    assert b'<option value="verify-full" selected>' in page


def test_sqlite_source_is_added_when_form_has_a_path(people: People, sign_in: SignIn) -> None:
    form = {"engine": "sqlite", "name": "demo", "database": "/data/demo.sqlite"}
    assert sign_in(people.ada).post(url_of("source-add"), form).status_code == 302
    assert DataSource.objects.get(name="demo").database == "/data/demo.sqlite"


def test_form_says_what_to_mend_when_fields_are_wrong(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.ada).post(url_of("source-add"), {**POSTGRES, "host": "a b?x=1"})
    assert answer.status_code == 422
    assert b"Give a host name" in answer.content
    assert SECRET.encode() not in answer.content
    assert not DataSource.objects.filter(name="billing").exists()


OTHER = {
    **POSTGRES, "engine": "sqlalchemy", "dialect": "firebird+firebird", "port": 3050,
    "tls": "prefer",
}  # fmt: skip


def test_source_keeps_its_dialect_when_the_engine_is_another_one(
    people: People, sign_in: SignIn
) -> None:
    client = sign_in(people.ada)
    assert client.post(url_of("source-add"), OTHER).status_code == 302
    source = DataSource.objects.get(name="billing")
    assert (source.engine, source.dialect, source.port) == ("sqlalchemy", "firebird+firebird", 3050)
    assert b"firebird+firebird" in client.get(url_of("source-detail", source)).content
    # The password must not go where another engine's driver sends it.
    again = {**POSTGRES, "password": "", "port": 3050}
    assert b"give the password again" in client.post(url_of("source-edit", source), again).content
    assert client.post(url_of("source-edit", source), POSTGRES).status_code == 302
    source.refresh_from_db()
    assert (source.engine, source.dialect) == ("postgresql", "")


def test_form_says_what_to_mend_when_a_dialect_or_its_port_is_wrong(
    people: People, sign_in: SignIn
) -> None:
    wrong = {**OTHER, "dialect": "mysql+pymysql", "port": "", "tls": "require"}
    page = sign_in(people.ada).post(url_of("source-add"), wrong)
    assert page.status_code == 422
    for told in ("Choose MySQL / MariaDB as the engine", "Give the port", "driver’s own"):
        assert told in page.content.decode()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql", "sqlalchemy", "nonsense"])
def test_form_is_there_for_every_engine(people: People, sign_in: SignIn, engine: str) -> None:
    page = sign_in(people.ada).get(f"{url_of('source-add')}?engine={engine}")
    assert page.status_code == 200
    assert b'name="database"' in page.content


def test_what_the_engine_has_no_use_for_is_dropped(people: People, sign_in: SignIn) -> None:
    form = {**POSTGRES, "engine": "sqlite", "database": "/data/x.sqlite"}
    assert sign_in(people.ada).post(url_of("source-add"), form).status_code == 302
    source = DataSource.objects.get(name="billing")
    assert (source.host, source.port, source.username, source.password) == ("", None, "", None)


def test_password_is_kept_when_edit_form_leaves_it_empty(
    people: People, sign_in: SignIn, secret_source: DataSource
) -> None:
    client = sign_in(people.ada)
    assert SECRET.encode() not in client.get(url_of("source-edit", secret_source)).content
    form = {**POSTGRES, "port": 5432, "password": "", "description": "new"}
    assert client.post(url_of("source-edit", secret_source), form).status_code == 302
    secret_source.refresh_from_db()
    assert secret_source.description == "new"
    assert secret_source.password


def test_edit_form_asks_for_the_password_when_the_host_changes(
    people: People, sign_in: SignIn, secret_source: DataSource
) -> None:
    form = {**POSTGRES, "host": "evil.test", "password": ""}
    answer = sign_in(people.ada).post(url_of("source-edit", secret_source), form)
    assert answer.status_code == 422
    assert b"give the password again" in answer.content


def test_source_is_deleted_when_confirmed(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    assert b"Delete crm?" in client.get(url_of("source-delete", people.source)).content
    assert DataSource.objects.filter(name="crm").exists()
    client.post(url_of("source-delete", people.source))
    assert not DataSource.objects.filter(name="crm").exists()


@pytest.mark.parametrize(
    ("door", "statuses"),
    [
        ("source-detail", {"alice": 200, "bob": 200, "charlie": 404, "ada": 200}),
        ("source-edit", {"alice": 403, "bob": 403, "charlie": 404, "ada": 200}),
        ("source-delete", {"alice": 403, "bob": 403, "charlie": 404, "ada": 200}),
    ],
)
def test_door_opens_as_the_role_allows(
    people: People, sign_in: SignIn, door: str, statuses: dict[str, int]
) -> None:
    got = {
        name: sign_in(getattr(people, name)).get(url_of(door, people.source)).status_code
        for name in statuses
    }
    assert got == statuses


def test_add_form_is_refused_when_one_may_not_manage(people: People, sign_in: SignIn) -> None:
    for person in (people.alice, people.bob, people.charlie):
        assert sign_in(person).get(url_of("source-add")).status_code in (403, 404)
        assert sign_in(person).post(url_of("source-add"), POSTGRES).status_code in (403, 404)
    assert not DataSource.objects.filter(name="billing").exists()


def test_sign_in_is_asked_for_when_nobody_is_signed_in(people: People) -> None:
    for door in (url_of("source-list"), url_of("source-add"), url_of("agent-list")):
        assert Client().get(door).status_code == 302


def test_steps_are_shown_when_the_test_has_ended(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    door = client.post(url_of("source-test", people.source))["Location"]
    assert POLLS in client.get(door).content
    agent = make_agent(embedded=True)
    test = services.lease_test(agent=agent)
    assert test is not None
    step = TestStep(name="open", title="Open", ok=False, message="No file.", hint=HOSTILE)
    services.finish_test(agent=agent, public_id=test.public_id, steps=[step])
    page = client.get(door).content
    assert b"No file." in page
    assert POLLS not in page
    assert b"<script>x" not in page
    assert sign_in(people.bob).get(door).status_code == 200
    assert sign_in(people.charlie).get(door).status_code == 404


def test_test_is_refused_when_viewer_or_stranger_asks(people: People, sign_in: SignIn) -> None:
    door = url_of("source-test", people.source)
    assert sign_in(people.bob).post(door).status_code == 403
    assert sign_in(people.charlie).post(door).status_code == 404
    assert sign_in(people.alice).get(door).status_code == 405


def test_hostile_names_are_escaped_on_every_page(people: People, sign_in: SignIn) -> None:
    source = make_source(HOSTILE, description=HOSTILE, database=HOSTILE)
    client = sign_in(people.ada)
    for door in ("source-detail", "source-edit", "source-delete"):
        page = client.get(url_of(door, source))
        assert page.status_code == 200
        assert b"<script>x" not in page.content


def test_no_secret_is_in_the_admin(
    people: People, sign_in: SignIn, secret_source: DataSource
) -> None:
    people.ada.is_staff = people.ada.is_superuser = True
    people.ada.save()
    client = sign_in(people.ada)
    token = "dwa_canary-token"
    agent = make_agent("site 1", token=token)
    for door in (
        reverse("admin:datasources_datasource_change", args=[secret_source.pk]),
        reverse("admin:datasources_agent_change", args=[agent.pk]),
        reverse("admin:datasources_datasource_changelist"),
    ):
        page = client.get(door)
        assert page.status_code == 200
        for canary in (
            SECRET,
            bytes(secret_source.password or b"").decode(),
            token,
            agent.token_hash,
        ):
            assert canary not in page.content.decode()
