"""Error codes with their words, and incidents that are told of once."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from apps.discovery import services as discovery
from apps.notifications.models import Notice
from apps.racine import services
from apps.racine.error_codes import TABLE, find_kind
from apps.racine.models import Incident, Run, Schedule
from apps.racine.types import ErrorClass, RunState
from apps.rbac import services as rbac
from apps.rbac.models import User
from apps.rbac.types import Role
from datawave_edge.faults import ADVICE
from datawave_edge.protocol import JobFailure
from tests.conftest import SignIn
from tests.discovery.factories import (
    feed_job,
    make_close,
    make_failed,
    make_table,
    open_stream,
    send_batch,
)
from tests.factories import make_user
from tests.people import People

from .conftest import FakeStage, WorkOff
from .test_rest import client_of

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("apps/racine", "apps/discovery")


def list_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def list_raised() -> set[str]:
    """Codes that are written in the code: `error_code="..."`, `code="..."`, Loss("..."), ..."""
    found: set[str] = set()
    for path in list_files(*SERVER, "edge_agent/src"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= set(name_codes(node))
    return found


def name_codes(call: ast.Call) -> list[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    values: list[Any] = []
    if name in ("SourceFault", "Loss") and call.args:
        values.append(call.args[0])
    if name in ("fail_run", "_end", "update", "change_stages", "JobFailure"):
        values += [word.value for word in call.keywords if word.arg in ("code", "error_code")]
    return [
        value.value
        for value in values
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value
    ]


def test_every_code_has_its_words_when_it_is_raised() -> None:
    raised = list_raised()
    assert {"secret_missing", "worker_lost", "no_agent", "agent_lost", "stream_conflict"} <= raised
    assert (raised | set(ADVICE)) - set(TABLE) == set()


@pytest.mark.parametrize("code", sorted(TABLE))
def test_code_says_what_happened_and_what_to_do(code: str) -> None:
    kind = TABLE[code]
    assert kind.code == code
    assert isinstance(kind.group, ErrorClass)
    for text in (kind.sentence, kind.next_step):
        assert re.fullmatch(r"[A-Z“].{9,}[.”]", text), text


def test_every_class_is_used_when_codes_are_sorted() -> None:
    assert {kind.group for kind in TABLE.values()} == set(ErrorClass)


def test_unforeseen_code_is_our_own_matter() -> None:
    assert find_kind("zero_division_error").group == ErrorClass.OURS


def fail_once(people: People, code: str = "auth_failed") -> Run:
    run = services.start_run(source=people.source, user=people.ada)
    job, agent = open_stream(run.source, job=run.job)
    message = find_kind(code).sentence
    discovery.fail_job(job=job, agent=agent, failure=JobFailure(code=code, message=message))
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    return run


def read_well(people: People, work_off: WorkOff, *records: Any) -> Run:
    run = services.start_run(source=people.source, user=people.ada)
    feed_job(run.source, [make_table("a"), *records], run=run)
    work_off()
    run.refresh_from_db()
    return run


def titles_of(user: Any) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


def start(people: People, user: User) -> Run:
    return services.start_run(source=people.source, user=user)


def plan_run(people: People, user: User) -> Run:
    schedule = services.add_schedule(
        user=user, source=people.source, kind="interval", every_minutes=60
    )
    Schedule.objects.filter(pk=schedule.pk).update(next_due_at=timezone.now())
    services.fire_schedules()
    return Run.objects.get(schedule=schedule)


def break_run(run: Run, work_off: WorkOff, *, failed: bool) -> None:
    """End it as failed, or with one table that could not be read."""
    if failed:
        job, agent = open_stream(run.source, job=run.job)
        failure = JobFailure(code="auth_failed", message="No.")
        discovery.fail_job(job=job, agent=agent, failure=failure)
    else:
        feed_job(run.source, [make_table("a"), make_failed("b")], run=run)
        work_off()


def end_well(run: Run, work_off: WorkOff) -> None:
    feed_job(run.source, [make_table("a")], run=run)
    work_off()


def tell_whom(*kinds: str) -> set[str]:
    """Names of those who got such a notice."""
    return set(Notice.objects.filter(kind__in=kinds).values_list("user__username", flat=True))


@pytest.fixture
def owned(people: People) -> People:
    """Alice owns the source; Ada presses the buttons."""
    people.source.owner = people.alice
    people.source.save()
    return people


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stage")
class TestIncidents:
    """Runs that fail, again, and no more."""

    def test_it_works(self, owned: People, work_off: WorkOff) -> None:
        runs = [fail_once(owned) for _ in range(3)]
        incident = Incident.objects.get()
        assert (incident.code, incident.runs, incident.last_run) == ("auth_failed", 3, runs[-1])
        assert titles_of(owned.alice) == ["Failed: discovery of crm"]
        read_well(owned, work_off)
        incident.refresh_from_db()
        assert incident.cleared_at is not None
        assert titles_of(owned.alice) == [
            "Failed: discovery of crm",
            "Solved: discovery of crm",
            "Completed: discovery of crm",
        ]
        body = Notice.objects.get(user=owned.alice, kind="incident_cleared").body
        assert "The server refused the sign-in." in body

    @pytest.mark.parametrize("failed", [True, False])
    @pytest.mark.parametrize("planned", [True, False])
    def test_same_people_hear_of_its_beginning_and_its_end(
        self, owned: People, work_off: WorkOff, *, failed: bool, planned: bool
    ) -> None:
        owner, asker, later, steward = (make_user(name) for name in ("olga", "otto", "tom", "sue"))
        for person, role in ((owner, Role.VIEWER), (steward, Role.STEWARD)):
            rbac.grant_role(user=person, role=role, scope=owned.source)
        for person in (asker, later):
            rbac.grant_role(user=person, role=Role.SOURCE_ADMIN, scope=owned.source)
        owned.source.owner = owner
        owned.source.save()
        run = plan_run(owned, asker) if planned else start(owned, asker)
        break_run(run, work_off, failed=failed)
        began = tell_whom("run_failed", "run_completed_with_errors")
        assert began == {"olga", "otto", "sue", "alice", "ada"}
        services.cancel_run(run=start(owned, later), user=later)
        end_well(start(owned, later), work_off)
        assert tell_whom("incident_cleared") == began

    def test_those_who_heard_hear_of_its_end_when_the_run_is_resumed(
        self, owned: People, work_off: WorkOff
    ) -> None:
        run = fail_once(owned)
        services.resume_run(run=run, user=owned.alice)
        end_well(run, work_off)
        assert tell_whom("incident_cleared") == tell_whom("run_failed") == {"alice", "ada"}

    def test_who_asked_hears_each_time_without_mail(self, owned: People) -> None:
        for _ in range(2):
            fail_once(owned)
        told = Notice.objects.filter(user=owned.ada, kind="run_failed").order_by("pk")
        assert [hasattr(notice, "delivery") for notice in told] == [True, False]

    def test_stakeholders_hear_of_another_code(self, owned: People) -> None:
        for code in ("auth_failed", "auth_failed", "host_unresolved"):
            fail_once(owned, code)
        assert Incident.objects.filter(cleared_at=None).count() == 2
        assert len(titles_of(owned.alice)) == 2

    def test_it_opens_anew_when_it_comes_back(self, owned: People, work_off: WorkOff) -> None:
        fail_once(owned)
        read_well(owned, work_off)
        fail_once(owned)
        assert Incident.objects.count() == 2
        assert titles_of(owned.alice).count("Failed: discovery of crm") == 2

    def test_unreadable_table_is_told_once(self, owned: People, work_off: WorkOff) -> None:
        for _ in range(3):
            run = read_well(owned, work_off, make_failed("b", code="permission_denied"))
            assert run.state == RunState.COMPLETED_WITH_ERRORS
        assert [each.code for each in Incident.objects.all()] == ["permission_denied"]
        assert len(titles_of(owned.alice)) == 1
        read_well(owned, work_off)
        assert "Solved: discovery of crm" in titles_of(owned.alice)

    def test_set_aside_batch_is_an_incident(
        self, owned: People, work_off: WorkOff, stage: FakeStage
    ) -> None:
        stage.on_compute = [RuntimeError("value 4711")] * 3
        run = services.start_run(source=owned.source, user=owned.ada)
        feed_job(run.source, [make_table("a")], run=run)
        for _ in range(3):
            work_off()
            run.stage_runs.filter(state="retry_wait").update(state="ready", not_before=None)
        work_off()
        incident = Incident.objects.get()
        assert incident.code == "runtime_error"
        assert find_kind(incident.code).group == ErrorClass.OURS
        assert not any("4711" in str(values) for values in Notice.objects.values_list())

    def test_table_without_a_profile_is_told_once(self, owned: People, work_off: WorkOff) -> None:
        unread = make_table("b", profile_error="permission_denied")
        for _ in range(3):
            run = read_well(owned, work_off, unread)
            assert run.state == RunState.COMPLETED_WITH_ERRORS
        incident = Incident.objects.get()
        assert (incident.code, incident.runs) == ("profile_unread", 3)
        assert len(titles_of(owned.alice)) == 1
        read_well(owned, work_off, make_table("b"))
        assert "Solved: discovery of crm" in titles_of(owned.alice)

    def test_doubted_absence_is_told_once(self, owned: People, work_off: WorkOff) -> None:
        tables = [make_table(f"t{number:02}") for number in range(20)]
        read_well(owned, work_off, *tables)
        for _ in range(2):
            read_well(owned, work_off)
        incident = Incident.objects.get()
        assert (incident.code, incident.runs) == ("absence_doubted", 2)
        read_well(owned, work_off, *tables)
        incident.refresh_from_db()
        assert incident.cleared_at is not None

    def test_lost_grant_is_told_when_the_account_sees_but_a_part(
        self, owned: People, work_off: WorkOff
    ) -> None:
        read_well(owned, work_off, make_table("b"))
        run = services.start_run(source=owned.source, user=owned.ada)
        feed_job(run.source, [make_table("a")], run=run, authoritative=False)
        work_off()
        run.refresh_from_db()
        assert run.state == RunState.COMPLETED_WITH_ERRORS
        (told,) = run.summary["troubles"]
        assert told.startswith("1 table is no longer listed, and the account may not see all")
        assert Incident.objects.get().code == "absence_doubted"

    def test_broken_balance_is_told_once(self, owned: People, work_off: WorkOff) -> None:
        for _ in range(2):
            run = services.start_run(source=owned.source, user=owned.ada)
            job, agent = open_stream(run.source, job=run.job)
            send_batch(job, agent, 0, [make_table("a")])
            close = make_close(job, [("main", "a"), ("main", "lost")])
            discovery.close_job(job=job, agent=agent, close=close)
            work_off()
        incident = Incident.objects.get()
        assert (incident.code, incident.runs) == ("balance_broken", 2)
        assert find_kind(incident.code).group == ErrorClass.OURS

    def test_resumed_run_counts_once(self, owned: People) -> None:
        run = fail_once(owned)
        services.resume_run(run=run, user=owned.ada)
        job, agent = open_stream(run.source, job=run.job)
        failure = JobFailure(code="auth_failed", message="No.")
        discovery.fail_job(job=job, agent=agent, failure=failure)
        assert Incident.objects.get().runs == 1
        assert len(titles_of(owned.alice)) == 1

    def test_cancelled_run_neither_opens_nor_clears(self, owned: People) -> None:
        fail_once(owned)
        run = services.start_run(source=owned.source, user=owned.ada)
        services.cancel_run(run=run, user=owned.ada)
        assert Incident.objects.get().cleared_at is None

    def test_stranger_hears_nothing(self, owned: People, work_off: WorkOff) -> None:
        fail_once(owned)
        read_well(owned, work_off)
        assert not Notice.objects.filter(user__in=[owned.charlie, owned.bob]).exists()
        assert all(owned.charlie.email not in message.to for message in mail.outbox)

    def test_pages_show_it_while_it_is_open(
        self, owned: People, sign_in: SignIn, work_off: WorkOff
    ) -> None:
        fail_once(owned)
        run = fail_once(owned)
        source = reverse("datasources:source-detail", args=[owned.source.public_id])
        bob = sign_in(owned.bob)
        assert "What is wrong" in bob.get(source).content.decode()
        page = bob.get(reverse("racine:run-detail", args=[run.public_id])).content.decode()
        assert "over 2 discoveries" in page
        assert "The source’s · code" in page
        assert sign_in(owned.charlie).get(source).status_code == 404
        read_well(owned, work_off)
        assert "What is wrong" not in bob.get(source).content.decode()

    def test_api_tells_of_them(self, owned: People, work_off: WorkOff) -> None:
        run = fail_once(owned)
        url = "/api/v1/incidents/?open=true"
        (told,) = client_of(owned.bob).get(url).json()["results"]
        assert (told["code"], told["error_class"], told["runs"]) == ("auth_failed", "source", 1)
        assert told["next_step"] == find_kind("auth_failed").next_step
        assert client_of(owned.charlie).get(url).json()["count"] == 0
        body = client_of(owned.bob).get(f"/api/v1/runs/{run.public_id}/").json()
        assert (body["error_class"], body["live"]["error"]["class"]) == ("source", "source")
        read_well(owned, work_off)
        assert client_of(owned.bob).get(url).json()["count"] == 0
        codes = client_of(owned.charlie).get("/api/v1/error-codes/").json()
        assert {row["code"] for row in codes} == set(TABLE)
