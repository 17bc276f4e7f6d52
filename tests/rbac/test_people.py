"""The own profile; people and roles as administrators keep them; the audit trail."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.rbac import services
from apps.rbac.models import AuditEntry, RoleGrant, User
from apps.rbac.selectors import may
from apps.rbac.types import Action, Role
from datawave.common.errors import InputInvalid
from tests.conftest import SignIn
from tests.factories import PASSWORD, make_user
from tests.people import People

pytestmark = pytest.mark.django_db
PROFILE = {"name": "Alice Adams", "email": "a@example.test", "time_zone": "Europe/Paris"}
NEW = "a much longer passphrase"


def read(user: User) -> User:
    return User.objects.get(pk=user.pk)


def post(client: Client, path: str, **values: Any) -> Any:
    return client.post(path, values, content_type="application/json")


# Profile


def test_profile_is_saved_when_valid(people: People, sign_in: SignIn) -> None:
    assert sign_in(people.alice).post("/profile/", PROFILE).status_code == 302
    alice = read(people.alice)
    assert (alice.get_full_name(), alice.time_zone) == ("Alice Adams", "Europe/Paris")


@pytest.mark.parametrize(
    "wrong", [{"email": "bob@example.test"}, {"email": "BOB@example.test"}, {"email": "no"},
              {"time_zone": "Mars/Base"}, {"time_zone": "../etc/passwd"}]
)  # fmt: skip
def test_profile_stays_when_invalid(wrong: dict[str, str], people: People, sign_in: SignIn) -> None:
    assert sign_in(people.alice).post("/profile/", {**PROFILE, **wrong}).status_code == 422
    assert read(people.alice).email == "alice@example.test"
    answer = sign_in(people.alice).patch("/api/v1/me/", wrong, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert read(people.alice).email == "alice@example.test"


def test_only_given_fields_change_when_patched(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    answer = client.patch("/api/v1/me/", {"name": "Al"}, content_type="application/json")
    assert answer.json() == {
        "username": "alice",
        "name": "Al",
        "email": "alice@example.test",
        "time_zone": "",
        "roles": [],
    }


def test_other_sessions_end_when_password_is_changed(people: People, sign_in: SignIn) -> None:
    here, there = sign_in(people.alice), sign_in(people.alice)
    values = {"old": PASSWORD, "new": NEW}
    assert here.post("/profile/password/", values).status_code == 302
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
    assert read(people.alice).check_password(NEW)


@pytest.mark.parametrize(
    ("old", "new"),
    [("wrong", NEW), (PASSWORD, "short"), (PASSWORD, "alice@example.test"), ("", NEW)],
)
def test_password_stays_when_refused(old: str, new: str, people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.alice).post("/profile/password/", {"old": old, "new": new})
    assert answer.status_code == 422
    assert read(people.alice).check_password(PASSWORD)


def test_first_password_needs_no_old_one_when_person_came_by_link(sign_in: SignIn) -> None:
    user = make_user("new")
    user.set_unusable_password()
    user.save()
    assert sign_in(user).post("/profile/password/", {"new": NEW}).status_code == 302


# People


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_people_are_closed_when_not_administrator(
    who: str, people: People, sign_in: SignIn
) -> None:
    client = sign_in(getattr(people, who))
    assert client.get("/people/").status_code == 403
    assert client.get("/api/v1/people/").status_code == 403
    assert client.get("/api/v1/people/ada/").status_code == 403
    pages = ["add/", "bob/deactivate/", "bob/activate/", "bob/link/", "bob/roles/"]
    for page in pages:
        assert client.post(f"/people/{page}", {}).status_code == 403
    assert post(client, "/api/v1/people/", username="x", email="x@x.test").status_code == 403
    grant = {"username": who, "role": "admin"}
    assert post(client, "/api/v1/role-grants/", **grant).status_code == 403
    assert not AuditEntry.objects.filter(action="person_added").exists()


def test_new_person_signs_in_by_link_when_added(people: People, sign_in: SignIn) -> None:
    values = {"username": "dora", "name": "Dora", "email": "d@x.test", "role": "viewer"}
    page = sign_in(people.ada).post("/people/add/", values).content.decode()
    link = page.split('id="new-link">')[1].split("<")[0]
    assert "dora" in sign_in(people.ada).get("/people/").content.decode()
    client = Client()
    assert client.post(link.removeprefix("http://localhost:8000")).status_code == 302
    assert may(User.objects.get(username="dora"), Action.VIEW, people.source)


@pytest.mark.parametrize(
    "wrong", [{"username": "alice"}, {"username": "ALICE"}, {"username": "a b/c"},
              {"email": "alice@example.test"}, {"email": "no"}]
)  # fmt: skip
def test_person_is_not_added_when_invalid(
    wrong: dict[str, str], people: People, sign_in: SignIn
) -> None:
    values = {"username": "dora", "email": "d@x.test", **wrong}
    count = User.objects.count()
    assert sign_in(people.ada).post("/people/add/", values).status_code == 422
    assert post(sign_in(people.ada), "/api/v1/people/", **values).status_code in {400, 422}
    assert User.objects.count() == count


def test_access_ends_at_once_when_deactivated(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    _, secret = services.issue_token(user=people.alice, name="ci")
    assert sign_in(people.ada).post("/people/alice/deactivate/").status_code == 302
    assert client.get("/profile/").status_code == 302
    header = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me/", headers=header).status_code == 401
    sign_in(people.ada).post("/people/alice/activate/")
    # A token must be made anew.
    assert Client().get("/api/v1/me/", headers=header).status_code == 401
    assert may(read(people.alice), Action.DISCOVER, people.source)


def test_administrator_stays_when_last_or_self(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    client.post("/people/ada/deactivate/")
    grant = RoleGrant.objects.get(user=people.ada)
    client.post(f"/people/roles/{grant.public_id}/revoke/")
    assert client.delete(f"/api/v1/role-grants/{grant.public_id}/").status_code == 409
    assert read(people.ada).is_active
    assert RoleGrant.objects.filter(pk=grant.pk).exists()


def test_role_of_administrator_ends_when_another_is_there(people: People, sign_in: SignIn) -> None:
    services.grant_role(user=people.bob, role=Role.ADMIN)
    User.objects.filter(pk=people.ada.pk).update(is_superuser=True)
    grant = RoleGrant.objects.get(user=people.ada)
    sign_in(people.bob).post(f"/people/roles/{grant.public_id}/revoke/")
    ada = read(people.ada)
    assert not ada.is_superuser
    assert not ada.is_staff
    assert not may(ada, Action.VIEW, people.source)


def test_role_holds_on_one_source_when_given_there(people: People, sign_in: SignIn) -> None:
    values = {"role": "steward", "scope": str(people.source.public_id)}
    sign_in(people.ada).post("/people/charlie/roles/", values)
    charlie = read(people.charlie)
    assert may(charlie, Action.DISCOVER, people.source)
    assert not may(charlie, Action.DISCOVER)
    grant = RoleGrant.objects.get(user=charlie)
    sign_in(people.ada).post(f"/people/roles/{grant.public_id}/revoke/")
    assert not may(read(people.charlie), Action.VIEW, people.source)


def test_grant_of_deleted_source_goes_when_revoked(people: People, sign_in: SignIn) -> None:
    grant = RoleGrant.objects.get(user=people.bob)
    people.source.delete()
    assert sign_in(people.ada).get("/people/").status_code == 200
    assert sign_in(people.bob).get("/profile/").status_code == 200
    sign_in(people.ada).post(f"/people/roles/{grant.public_id}/revoke/")
    assert not RoleGrant.objects.filter(pk=grant.pk).exists()


def test_people_are_kept_when_asked_by_rest(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    made = post(client, "/api/v1/people/", username="dora", email="d@x.test")
    assert made.status_code == 201
    assert Client().post(f"/sign-in/link/{made.json()['sign_in_secret']}/").status_code == 302
    source = str(people.source.public_id)
    granted = post(client, "/api/v1/role-grants/", username="dora", role="viewer", source=source)
    assert (granted.status_code, granted.json()["source"]) == (201, source)
    dora = User.objects.get(username="dora")
    assert may(dora, Action.VIEW, people.source)
    off = client.patch(
        "/api/v1/people/dora/", {"is_active": False}, content_type="application/json"
    )
    assert off.json()["is_active"] is False
    assert client.get("/api/v1/people/nobody/").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"username": "nobody"}, {"role": "king"}, {"source": "x"},
              {"source": "11111111-1111-1111-1111-111111111111"}]
)  # fmt: skip
def test_no_role_is_given_when_request_makes_no_sense(
    wrong: dict[str, str], people: People, sign_in: SignIn
) -> None:
    values = {"username": "bob", "role": "viewer", **wrong}
    count = RoleGrant.objects.count()
    answer = post(sign_in(people.ada), "/api/v1/role-grants/", **values)
    assert answer.status_code in {400, 404}
    assert RoleGrant.objects.count() == count


def test_only_own_grants_are_listed_when_not_administrator(people: People, sign_in: SignIn) -> None:
    def names(user: User) -> set[str]:
        rows = sign_in(user).get("/api/v1/role-grants/").json()["results"]
        return {row["username"] for row in rows}

    assert names(people.bob) == {"bob"}
    assert names(people.charlie) == set()
    assert names(people.ada) == {"ada", "alice", "bob"}


def test_service_refuses_when_zone_is_unknown() -> None:
    with pytest.raises(InputInvalid):
        services.change_profile(user=make_user(), name="", email="a@b.test", time_zone="Nowhere")


# Admin site and audit trail


def test_admin_pages_open_when_administrator(people: People, sign_in: SignIn) -> None:
    services.issue_token(user=people.alice, name="ci")
    client = sign_in(people.ada)
    for model in ("user", "rolegrant", "apitoken", "signinlink", "auditentry"):
        assert client.get(f"/admin/rbac/{model}/").status_code == 200
    assert client.get(f"/admin/rbac/user/{people.bob.pk}/change/").status_code == 200


def test_admin_site_is_closed_when_not_administrator(people: People, sign_in: SignIn) -> None:
    assert sign_in(people.alice).get("/admin/").status_code == 302
    assert Client().get("/admin/login/").status_code == 200


def test_audit_trail_stays_when_administrator_edits(people: People, sign_in: SignIn) -> None:
    entry = AuditEntry.objects.earliest("id")
    client = sign_in(people.ada)
    path = f"/admin/rbac/auditentry/{entry.pk}"
    assert client.get(f"{path}/change/").status_code == 200
    assert client.post(f"{path}/change/", {"action": "nothing"}).status_code == 403
    assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    marked = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    client.post("/admin/rbac/auditentry/", marked)
    assert AuditEntry.objects.filter(pk=entry.pk).exists()
