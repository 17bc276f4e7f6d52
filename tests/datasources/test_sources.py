"""Sources: added, changed and deleted by those who may, with passwords that never come out."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.datasources import services
from apps.datasources.connection import SourceInvalid
from apps.datasources.models import DataSource
from apps.datasources.selectors import build_connection, get_source
from apps.rbac.models import AuditEntry
from apps.rbac.selectors import may
from apps.rbac.types import Action, Role
from datawave.common.errors import NotThere, PermissionMissing
from tests.factories import make_agent, make_source
from tests.people import People

SECRET = "canary-pa55word"
POSTGRES: dict[str, Any] = {
    "name": "billing",
    "engine": "postgresql",
    "host": "db.example.test",
    "database": "billing",
    "username": "reader",
    "password": SECRET,
}


def add(people: People, **fields: Any) -> DataSource:
    return services.add_source(user=people.ada, **{**POSTGRES, **fields})


def refused(people: People, **fields: Any) -> dict[str, str]:
    with pytest.raises(SourceInvalid) as caught:
        add(people, **fields)
    return caught.value.problems


def test_creator_administers_and_stewards_when_source_is_added(people: People) -> None:
    source = add(people)
    grants = people.ada.role_grants.filter(object_key=str(source.public_id))
    assert {grant.role for grant in grants} == {Role.SOURCE_ADMIN, Role.STEWARD}
    assert may(people.ada, Action.MANAGE, source)
    assert source.port == 5432
    assert source.owner == people.ada


@pytest.mark.parametrize(
    ("fields", "tls"),
    [
        ({}, "verify-full"),
        ({"host": "10.0.0.1"}, "verify-full"),
        ({"host": "localhost.example.test", "engine": "mysql"}, "verify-full"),
        ({"host": "localhost"}, "prefer"),
        ({"host": "DB.localhost."}, "prefer"),
        ({"host": "127.0.0.9", "engine": "mysql"}, "prefer"),
        ({"host": "::1"}, "prefer"),
        ({"engine": "sqlalchemy", "dialect": "firebird", "port": 3050}, "prefer"),
        ({"tls": "disable"}, "disable"),
        ({"tls": "prefer"}, "prefer"),
        ({"host": "localhost", "tls": "verify-full"}, "verify-full"),
    ],
)
def test_certificate_is_asked_for_when_nothing_else_was_said(
    people: People, fields: dict[str, Any], tls: str
) -> None:
    source = add(people, **fields)
    source.refresh_from_db()
    assert source.tls == tls


def test_source_keeps_its_encryption_when_something_else_changes(people: People) -> None:
    source = add(people, tls="prefer")
    services.change_source(source=source, user=people.ada, description="x")
    services.change_source(source=source, user=people.ada, tls="", database="other")
    source.refresh_from_db()
    assert source.tls == "prefer"


def test_certificate_is_asked_for_when_a_file_becomes_a_server(people: People) -> None:
    source = services.add_source(
        user=people.ada, name="x", engine="sqlite", database="/data/x.sqlite"
    )
    assert source.tls == "prefer"
    fields = {key: value for key, value in POSTGRES.items() if key != "name"}
    services.change_source(source=source, user=people.ada, **fields)
    source.refresh_from_db()
    assert source.tls == "verify-full"


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_permission_is_missing_when_no_admin_adds_a_source(people: People, name: str) -> None:
    with pytest.raises((PermissionMissing, NotThere)):
        services.add_source(user=getattr(people, name), **POSTGRES)
    assert not DataSource.objects.filter(name="billing").exists()


@pytest.mark.parametrize(
    "host",
    [
        "", "postgresql://x", "a b", "db/x", "db?host=/tmp", "a,b", "/var/run/postgresql", "u@db",
        "db:5432", "db;x", "db\n", "db\x00", "-oProxy", "db=1", "ho\u202est", "x" * 300,
        "fe80::1%eth0",
    ],
)  # fmt: skip
def test_host_is_refused_when_it_is_more_than_a_host(people: People, host: str) -> None:
    assert list(refused(people, host=host)) == ["host"]


@pytest.mark.parametrize("host", ["db", "db.example.test", "10.0.0.1", "::1", "my_db-2.local."])
def test_host_is_taken_when_it_is_a_name_or_address(people: People, host: str) -> None:
    assert add(people, host=host).host == host


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("name", "a\nb"), ("name", "x" * 101), ("engine", "abacus"), ("port", 0),
        ("port", 65_536), ("database", ""), ("database", "x sslmode=disable"),
        ("database", "postgresql://evil/x"), ("database", "a\x00b"), ("username", ""),
        ("username", "a\x00"), ("password", "a\x00"), ("password", "x" * 1_001), ("tls", "maybe"),
        ("environment", "moon"), ("region", "D E"), ("include", "x" * 501),
        ("exclude", "x\n" * 201), ("secret_ref", "env:X"),
    ],
)  # fmt: skip
def test_field_is_named_when_it_can_not_be_used(people: People, field: str, value: Any) -> None:
    problems = refused(people, **{field: value})
    assert list(problems) == [field]
    assert SECRET not in str(problems)


@pytest.mark.parametrize("text", ["env:DATAWAVE_TOKEN", "cmd:rm", "file:../x", "env:", "file:a/b"])
def test_reference_is_refused_when_agent_could_not_mean_it(people: People, text: str) -> None:
    assert list(refused(people, password="", secret_ref=text)) == ["secret_ref"]


def test_every_field_is_named_when_several_are_wrong(people: People) -> None:
    assert set(refused(people, host="a b", username="")) == {"host", "username"}


@pytest.mark.parametrize(
    "path", ["", "a\x00b", "file:x?mode=rwc", "sqlite:///x", ":memory:", "http://x/y"]
)
def test_file_is_refused_when_it_is_no_path(people: People, path: str) -> None:
    with pytest.raises(SourceInvalid) as caught:
        services.add_source(user=people.ada, name="f", engine="sqlite", database=path)
    assert caught.value.field == "database"


def test_file_is_refused_when_it_is_our_own(
    people: People, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME = tmp_path
    own = tmp_path / "own.sqlite3"
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", own)
    (tmp_path / "link").symlink_to(own)
    for path in (own, f"{own}-wal", tmp_path / "link", tmp_path / "keys" / "secret_key"):
        with pytest.raises(SourceInvalid):
            services.add_source(user=people.ada, name="f", engine="sqlite", database=str(path))
    services.add_source(
        user=people.ada, name="f", engine="sqlite", database=str(tmp_path / "other.sqlite")
    )


@pytest.mark.parametrize("name", ["it's", "100 %", "{x}", 'q"uote', "имя", "n" * 100, "<b>"])
def test_source_is_added_when_its_names_are_hostile(people: People, name: str) -> None:
    source = add(people, name=name, database=name)
    assert get_source(user=people.ada, public_id=source.public_id).database == name


def test_name_is_refused_when_another_source_has_it(people: People) -> None:
    add(people)
    assert list(refused(people)) == ["name"]


def test_password_is_encrypted_when_stored(people: People) -> None:
    source = add(people)
    source.refresh_from_db()
    assert SECRET.encode() not in bytes(source.password or b"")
    assert SECRET not in repr(vars(source))


def test_agent_is_refused_when_it_could_not_sign_in(people: People) -> None:
    remote, other = make_agent("site 1"), make_agent("site 2")
    assert list(refused(people, agent=remote)) == ["agent"]
    source = add(people)
    with pytest.raises(SourceInvalid, match="which no other agent is given"):
        services.change_source(source=source, user=people.ada, agent=remote)
    services.change_source(source=source, user=people.ada, agent=remote, secret_ref="env:CRM")
    source.refresh_from_db()
    assert (source.agent, source.password) == (remote, None)
    # Nor may a password come to a source that agents elsewhere serve.
    for change in ({}, {"agent": None}):
        services.assign_source(agent=other, source=source, user=people.ada)
        with pytest.raises(SourceInvalid):
            services.change_source(
                source=source, user=people.ada, password=SECRET, secret_ref="", **change
            )
        source.refresh_from_db()


def test_agent_is_refused_when_it_was_revoked(people: People) -> None:
    gone = make_agent("gone", revoked_at=timezone.now())
    assert list(refused(people, password="", secret_ref="env:CRM", agent=gone)) == ["agent"]
    source = add(people, password="", secret_ref="env:CRM")
    with pytest.raises(SourceInvalid, match="revoked"):
        services.change_source(source=source, user=people.ada, agent=gone)
    # What was so before can be described all the same.
    DataSource.objects.filter(pk=source.pk).update(agent=gone)
    source.refresh_from_db()
    services.change_source(source=source, user=people.ada, description="new")


def test_source_is_nobodys_when_the_servers_own_agent_is_chosen(people: People) -> None:
    assert add(people, agent=make_agent(embedded=True)).agent is None


def test_password_goes_out_only_when_agent_is_embedded(people: People) -> None:
    source = add(people)
    embedded, remote = make_agent(embedded=True), make_agent()
    spec = build_connection(source, agent=embedded)
    assert spec.password == SECRET
    assert SECRET not in repr(spec)
    assert build_connection(source, agent=remote).password == ""


def test_password_is_kept_when_edited_without_one(people: People) -> None:
    source = add(people)
    services.change_source(source=source, user=people.ada, description="new", password="")
    source.refresh_from_db()
    assert build_connection(source, agent=make_agent(embedded=True)).password == SECRET


@pytest.mark.parametrize("change", [{"host": "evil.test"}, {"port": 1}, {"tls": "disable"}])
def test_password_is_asked_for_when_the_address_changes(
    people: People, change: dict[str, Any]
) -> None:
    source = add(people)
    with pytest.raises(SourceInvalid) as caught:
        services.change_source(source=source, user=people.ada, **change)
    assert caught.value.field == "password"
    source.refresh_from_db()
    services.change_source(source=source, user=people.ada, clear_password=True, **change)
    source.refresh_from_db()
    assert source.password is None


def test_change_is_refused_when_person_may_only_view(people: People) -> None:
    for person in (people.alice, people.bob):
        with pytest.raises(PermissionMissing):
            services.change_source(source=people.source, user=person, description="x")
        with pytest.raises(PermissionMissing):
            services.delete_source(source=people.source, user=person)
    with pytest.raises(NotThere):
        services.delete_source(source=people.source, user=people.charlie)


def test_engine_changes_with_its_port_when_fields_fit(people: People) -> None:
    source = add(people, password="")
    services.change_source(source=source, user=people.ada, engine="mysql")
    source.refresh_from_db()
    assert (source.engine, source.port) == ("mysql", 3306)


def test_audit_tells_names_and_no_secret_when_source_lives(people: People) -> None:
    source = add(people)
    services.change_source(source=source, user=people.ada, password="other-" + SECRET)
    services.delete_source(source=source, user=people.ada)
    entries = AuditEntry.objects.filter(object_key=str(source.public_id)).order_by("id")
    actions = [entry.action for entry in entries if not entry.action.startswith("role")]
    assert actions == ["source_added", "source_changed", "source_deleted"]
    assert SECRET not in str(list(entries.values()))


def test_source_is_not_there_when_stranger_or_inactive_person_asks(people: People) -> None:
    with pytest.raises(NotThere):
        get_source(user=people.charlie, public_id=people.source.public_id)
    people.bob.is_active = False
    with pytest.raises(NotThere):
        get_source(user=people.bob, public_id=people.source.public_id)
    assert make_source("second") not in set(DataSource.objects.visible_to(people.alice))
