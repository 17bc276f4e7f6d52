"""Tables that vanish all at once: nothing happens to them until a person has said so."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.datasources.models import DataSource
from apps.discovery import services
from apps.discovery.models import AbsenceDoubt, Dataset, SchemaChange
from apps.discovery.types import ChangeKind, DatasetState, DoubtState, RunScope
from apps.rbac.models import AuditEntry, User
from tests.people import People

from .factories import feed_job, make_table, make_unchanged

TABLES = [make_table(f"t{number:02}") for number in range(20)]
STAYS = TABLES[:8]
GONE = [table.name for table in TABLES[8:]]


def run_discovery(source: DataSource, tables: list[Any]) -> None:
    """Feed a run as an agent would, and settle what its listing means."""
    job, _ = feed_job(source, tables)
    scope = RunScope(run_id=uuid.uuid4(), job_id=job.pk, source_id=source.pk)
    services.settle_absence(run=scope)


@pytest.fixture
def doubt(people: People) -> AbsenceDoubt:
    """Twelve of twenty tables are no longer listed."""
    run_discovery(people.source, list(TABLES))
    run_discovery(people.source, [make_unchanged(table) for table in STAYS])
    return AbsenceDoubt.objects.get()


def list_states(*states: DatasetState) -> list[str]:
    return list(Dataset.objects.filter(state__in=states).values_list("name", flat=True))


def act(user: User, doubt: AbsenceDoubt, what: str) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post(f"/api/v1/absences/{doubt.public_id}/{what}/")


def decide(user: User, doubt: AbsenceDoubt, decision: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(f"/absences/{doubt.public_id}/decide/", {"decision": decision}, follow=True)


def test_person_is_asked_when_most_tables_vanish_at_once(doubt: AbsenceDoubt) -> None:
    assert (doubt.tables, doubt.of, doubt.state) == (12, 20, DoubtState.OPEN)
    assert sorted(doubt.datasets.values_list("name", flat=True)) == GONE
    assert len(list_states(DatasetState.ACTIVE)) == 20


def test_tables_are_dropped_when_the_steward_confirms(doubt: AbsenceDoubt, people: People) -> None:
    answer = act(people.alice, doubt, "confirm")
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed")
    assert list_states(DatasetState.DROPPED) == GONE
    told = SchemaChange.objects.filter(kind=ChangeKind.TABLE_DROPPED)
    assert told.count() == 12
    entry = AuditEntry.objects.get(action="absence_confirmed")
    assert (entry.actor, entry.detail["tables"]) == (people.alice, 12)


def test_tables_stay_when_the_steward_keeps_them(doubt: AbsenceDoubt, people: People) -> None:
    assert "kept as they were" in decide(people.alice, doubt, "kept").content.decode()
    assert len(list_states(DatasetState.ACTIVE)) == 20
    assert AuditEntry.objects.filter(action="absence_kept", actor=people.alice).exists()


def test_tables_come_back_when_the_decision_is_undone(doubt: AbsenceDoubt, people: People) -> None:
    act(people.alice, doubt, "confirm")
    assert act(people.alice, doubt, "undo").json()["state"] == "open"
    assert len(list_states(DatasetState.ACTIVE)) == 20
    assert not SchemaChange.objects.filter(kind=ChangeKind.TABLE_DROPPED).exists()


@pytest.mark.parametrize("what", ["confirm", "keep", "undo"])
def test_nobody_else_decides_when_they_may_not_discover(
    doubt: AbsenceDoubt, people: People, what: str
) -> None:
    assert act(people.bob, doubt, what).status_code == 403
    assert act(people.charlie, doubt, what).status_code == 404
    doubt.refresh_from_db()
    assert doubt.state == DoubtState.OPEN
    assert len(list_states(DatasetState.ACTIVE)) == 20


def test_page_shows_what_each_may_see(doubt: AbsenceDoubt, people: People) -> None:
    def read(user: User, query: str = "") -> Any:
        client = Client()
        client.force_login(user)
        return client.get(f"/absences/{doubt.public_id}/{query}")

    page = read(people.alice).content.decode()
    assert "They are gone" in page
    assert GONE[0] in page
    assert "They are gone" not in read(people.bob).content.decode()
    assert read(people.charlie).status_code == 404
    assert decide(people.bob, doubt, "confirmed").status_code == 403
    assert decide(people.charlie, doubt, "confirmed").status_code == 404
    lines = read(people.ada, "?format=csv").content.decode().splitlines()
    assert len(lines) == 13
    assert read(people.charlie, "?format=csv").status_code == 404


def test_page_says_so_when_the_decision_is_none(doubt: AbsenceDoubt, people: People) -> None:
    assert "Choose whether" in decide(people.alice, doubt, "maybe").content.decode()
    doubt.refresh_from_db()
    assert doubt.state == DoubtState.OPEN


def test_second_decision_is_refused_when_someone_was_faster(
    doubt: AbsenceDoubt, people: People
) -> None:
    assert act(people.alice, doubt, "keep").status_code == 200
    late = act(people.ada, doubt, "confirm")
    assert (late.status_code, late.json()["code"]) == (409, "doubt_decided")
    assert "decided already" in decide(people.ada, doubt, "confirmed").content.decode()
    assert len(list_states(DatasetState.ACTIVE)) == 20


def test_question_is_withdrawn_when_the_tables_are_listed_again(
    doubt: AbsenceDoubt, people: People
) -> None:
    run_discovery(people.source, [make_unchanged(table) for table in TABLES])
    doubt.refresh_from_db()
    assert doubt.state == DoubtState.OUTDATED
    assert act(people.alice, doubt, "confirm").status_code == 409


def test_question_is_asked_anew_when_they_are_still_not_listed(
    doubt: AbsenceDoubt, people: People
) -> None:
    act(people.alice, doubt, "keep")
    run_discovery(people.source, [make_unchanged(table) for table in STAYS])
    assert list(AbsenceDoubt.objects.values_list("state", flat=True)) == ["open", "kept"]


def test_question_stays_open_when_a_later_listing_says_nothing(
    doubt: AbsenceDoubt, people: People
) -> None:
    job, _ = feed_job(people.source, [], authoritative=False)
    scope = RunScope(run_id=uuid.uuid4(), job_id=job.pk, source_id=people.source.pk)
    services.settle_absence(run=scope)
    doubt.refresh_from_db()
    assert doubt.state == DoubtState.OPEN


def test_table_is_not_dropped_when_a_later_run_saw_it(doubt: AbsenceDoubt, people: People) -> None:
    back = make_unchanged(TABLES[8])
    feed_job(people.source, [back])
    act(people.alice, doubt, "confirm")
    assert list_states(DatasetState.DROPPED) == GONE[1:]


def test_question_is_asked_once_when_settling_is_repeated(
    doubt: AbsenceDoubt, people: People
) -> None:
    scope = RunScope(run_id=uuid.uuid4(), job_id=doubt.job_id, source_id=people.source.pk)
    services.settle_absence(run=scope)
    act(people.alice, doubt, "keep")
    services.settle_absence(run=scope)
    assert AbsenceDoubt.objects.get().state == DoubtState.KEPT


def test_list_is_narrowed_to_what_one_may_view(doubt: AbsenceDoubt, people: People) -> None:
    def read(user: User, path: str) -> Any:
        client = APIClient()
        client.force_authenticate(user)
        return client.get(f"/api/v1/absences/{path}").json()

    assert read(people.bob, "?state=open")["count"] == 1
    assert read(people.bob, "?state=kept")["count"] == 0
    assert read(people.bob, f"{doubt.public_id}/tables/")["count"] == 12
    assert read(people.charlie, "")["count"] == 0
    assert read(people.charlie, f"{doubt.public_id}/tables/")["code"] == "not_there"


def test_source_page_asks_while_the_question_is_open(doubt: AbsenceDoubt, people: People) -> None:
    client = Client()
    client.force_login(people.alice)
    address = f"/sources/{people.source.public_id}/"
    assert "12 of 20 tables are no longer listed" in client.get(address).content.decode()
    act(people.alice, doubt, "keep")
    assert "no longer listed" not in client.get(address).content.decode()
