"""Schedules, windows, objectives, limits and hooks in the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.racine import services
from apps.racine.models import Blackout, Run, Schedule
from tests.people import People

from .test_rest import client_of, post
from .test_schedules import NIGHTLY, make_due, plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stage")]
URL = "/api/v1/schedules/"


def patch(client: Client, url: str, **data: Any) -> Any:
    return client.patch(url, data, content_type="application/json")


def body_of(people: People, **fields: Any) -> dict[str, Any]:
    return {"source": str(people.source.public_id), **NIGHTLY, **fields}


def test_it_works(people: People) -> None:
    alice = client_of(people.alice)
    answer = post(alice, URL, **body_of(people))
    assert answer.status_code == 201
    body = answer.json()
    assert body["words"] == "At 02:30 every day (Europe/Berlin)"
    assert len(body["next"]) == 5
    assert body["next"][0] == body["next_due_at"]
    one = f"{URL}{body['id']}/"
    assert patch(alice, one, cron="0 4 * * *", priority=9).json()["cron"] == "0 4 * * *"
    assert post(alice, f"{one}pause/").json()["paused"] is True
    assert post(alice, f"{one}resume/").json()["paused"] is False
    assert alice.get(URL).json()["count"] == 1
    assert alice.delete(one).status_code == 204
    assert not Schedule.objects.exists()


def test_doors_are_closed_when_the_caller_may_not(people: People) -> None:
    schedule = plan(people, kind="change")
    one = f"{URL}{schedule.public_id}/"
    for name, code in (("bob", 403), ("charlie", 404)):
        caller = client_of(getattr(people, name))
        assert post(caller, URL, **body_of(people)).status_code == code
        assert patch(caller, one, cron="0 4 * * *").status_code == code
        for act in ("pause", "resume", "hook"):
            assert post(caller, f"{one}{act}/").status_code == code
        assert caller.delete(one).status_code == code
    assert client_of(people.bob).get(one).status_code == 200
    assert client_of(people.charlie).get(one).status_code == 404
    reader = client_of(people.alice, read_only=True)
    assert post(reader, f"{one}pause/").status_code == 403
    assert Client().get(URL).status_code == 401
    assert Schedule.objects.get().paused_at is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cron": "* * * * *"}, "cron"),
        ({"kind": "moon"}, "kind"),
        ({"kind": "interval", "every_minutes": 1}, "every_minutes"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"source": "nonsense"}, "source"),
    ],
)
def test_field_is_named_when_its_value_is_wrong(
    people: People, fields: dict[str, Any], named: str
) -> None:
    answer = post(client_of(people.alice), URL, **body_of(people, **fields))
    assert answer.status_code in (400, 422)
    assert named in str(answer.json())


def test_change_starts_a_discovery_when_a_pipeline_announces_it(people: People) -> None:
    schedule = plan(people, kind="change", debounce_seconds=0)
    answer = post(client_of(people.alice), f"{URL}{schedule.public_id}/hook/")
    secret = answer.json()["secret"]
    hook = f"/api/v1/hooks/{schedule.public_id}/"
    for wrong in ("", "Bearer ", f"Bearer {secret}x", f"Basic {secret}", secret):
        assert Client().post(hook, headers={"Authorization": wrong}).status_code == 401
    schedule.refresh_from_db()
    assert schedule.next_due_at is None
    pipeline = Client(headers={"Authorization": f"Bearer {secret}"})
    assert pipeline.post(hook).status_code == 202
    assert pipeline.get(URL).status_code == 401
    make_due(schedule)
    services.fire_schedules()
    assert Run.objects.get().schedule == schedule
    second = post(client_of(people.alice), f"{URL}{schedule.public_id}/hook/").json()["secret"]
    assert pipeline.post(hook).status_code == 401
    assert secret not in str(Schedule.objects.values())
    assert second != secret


def test_hook_is_refused_when_it_waits_for_no_change(people: People) -> None:
    schedule = plan(people)
    answer = post(client_of(people.alice), f"{URL}{schedule.public_id}/hook/")
    assert answer.status_code == 422


def test_windows_come_and_go_when_asked(people: People) -> None:
    body = {
        "source": str(people.source.public_id), "name": "Office", "days": [0, 1],
        "begins": "08:00", "ends": "18:00", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    url = "/api/v1/blackouts/"
    alice = client_of(people.alice)
    one = post(alice, url, **body)
    assert one.status_code == 201
    for name, code in (("bob", 403), ("charlie", 404)):
        caller = client_of(getattr(people, name))
        assert post(caller, url, **body).status_code == code
        assert caller.delete(f"{url}{one.json()['id']}/").status_code == code
    for field, value in (("days", []), ("days", [7]), ("ends", "08:00"), ("time_zone", "x")):
        assert post(alice, url, **{**body, field: value}).status_code in (400, 422)
    assert alice.get(url).json()["count"] == 1
    assert client_of(people.charlie).get(url).json()["count"] == 0
    assert alice.delete(f"{url}{one.json()['id']}/").status_code == 204
    assert not Blackout.objects.exists()


def test_objective_is_kept_when_set(people: People) -> None:
    url = f"/api/v1/sources/{people.source.public_id}/freshness/"
    alice = client_of(people.alice)
    assert alice.get(url).status_code == 404
    answer = alice.put(url, {"hours": 12}, content_type="application/json")
    assert answer.json() == {"hours": 12, "missed_at": None}
    assert client_of(people.bob).get(url).json()["hours"] == 12
    assert client_of(people.bob).delete(url).status_code == 403
    assert client_of(people.charlie).get(url).status_code == 404
    assert alice.put(url, {"hours": 0}, content_type="application/json").status_code == 422
    assert alice.delete(url).status_code == 204
    assert alice.get(url).status_code == 404


def test_limits_are_the_administrators_when_changed(people: People) -> None:
    url = "/api/v1/orchestration/"
    ada = client_of(people.ada)
    changed = patch(ada, url, most_runs=2, paused=True).json()
    assert changed == {"most_runs": 2, "most_runs_per_agent": 1, "paused": True}
    assert client_of(people.charlie).get(url).json() == changed
    for name in ("alice", "bob", "charlie"):
        for body in ({"most_runs": 9}, {"paused": False}):
            assert patch(client_of(getattr(people, name)), url, **body).status_code in (403, 404)
    assert patch(ada, url, most_runs=0).status_code in (400, 422)
    assert ada.get(url).json() == changed
