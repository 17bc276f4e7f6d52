"""A steward has a batch that validation refused tried again, or does without it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.discovery import services as discovery
from apps.discovery.models import Batch, Dataset
from apps.discovery.services import refused
from apps.racine import services
from apps.racine.models import Run
from apps.racine.types import RunState
from apps.rbac.models import AuditEntry
from tests.conftest import SignIn
from tests.discovery.factories import (
    make_close,
    make_column,
    make_failed,
    make_table,
    open_stream,
    send_batch,
    send_body,
)
from tests.people import People

from .conftest import WorkOff
from .test_rest import client_of, post

pytestmark = pytest.mark.django_db(transaction=True)
ODD = make_table("odd", [make_column("second", key_position=2)])


def finish(run: Run, work_off: WorkOff, *batches: Any) -> Run:
    """The agent sends these, closes, and all is worked off."""
    job, agent = open_stream(run.source, job=run.job)
    for seq, content in enumerate(batches):
        if isinstance(content, bytes):
            send_body(job, agent, seq, content, 1)
        else:
            send_batch(job, agent, seq, content)
    names = [("main", name) for name in ("fine", "odd")]
    discovery.close_job(job=job, agent=agent, close=make_close(job, names))
    work_off()
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED_WITH_ERRORS
    return run


@pytest.fixture
def parted(run: Run, work_off: WorkOff) -> Run:
    """A batch was refused, and the agent has sent its parts: one is fine, one refused too."""
    stand_in = make_failed("odd", code="description_refused")
    fine = make_table("fine")
    return finish(run, work_off, [fine, ODD], [fine], [ODD], [stand_in])


@pytest.fixture
def mended(parted: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The server was updated since, and finds nothing odd in the table any more."""
    monkeypatch.setattr(refused, "find_faults", lambda _: [])
    return parted


def url_of(run: Run, seq: int, verb: str) -> str:
    return f"/runs/{run.public_id}/refused/{seq}/{verb}/"


def list_states(run: Run) -> list[str]:
    return list(run.job.batches.order_by("seq").values_list("state", flat=True))


def test_page_tells_what_was_refused_and_why(parted: Run, people: People, sign_in: SignIn) -> None:
    page = sign_in(people.alice).get(f"/runs/{parted.public_id}/").content.decode()
    batch = Batch.objects.get(job=parted.job, seq=0)
    assert f'data-copy="{batch.sha256}"' in page
    assert f"{batch.sha256[:12]}…" in page
    assert "main.fine" in page
    assert "main.odd" in page
    assert ">The places of “odd”&#x27;s primary key are not 1, 2, …<" in page
    assert url_of(parted, 0, "requeue") in page
    assert url_of(parted, 0, "discard") in page
    bobs = sign_in(people.bob).get(f"/runs/{parted.public_id}/").content.decode()
    assert url_of(parted, 0, "discard") not in bobs
    assert "Ask a steward" in bobs


@pytest.mark.parametrize("seq", [0, 2])
def test_run_completes_when_a_refused_batch_is_taken_in_after_all(
    mended: Run, people: People, work_off: WorkOff, sign_in: SignIn, seq: int
) -> None:
    assert not Dataset.objects.filter(name="odd").exists()
    sign_in(people.alice).post(url_of(mended, seq, "requeue"))
    mended.refresh_from_db()
    assert mended.state == RunState.RUNNING
    work_off()
    mended.refresh_from_db()
    assert mended.state == RunState.COMPLETED
    assert (
        mended.summary["balance"] | {"seen": 2, "stored": 2, "failed": 0}
        == (mended.summary["balance"])
    )
    assert list_states(mended) == ["accepted"] * 4
    batch = Batch.objects.get(job=mended.job, seq=seq)
    assert mended.stage_runs.get(batch=batch).counters["tables"] >= 1
    entries = AuditEntry.objects.filter(action="batch_requeued", actor=people.alice)
    assert batch.sha256 in [entry.detail["sha256"] for entry in entries]


def test_nothing_changes_when_the_batch_makes_no_more_sense(parted: Run, people: People) -> None:
    answer = post(client_of(people.alice), f"/api/v1{url_of(parted, 0, 'requeue')}")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_refused")
    parted.refresh_from_db()
    assert parted.state == RunState.COMPLETED_WITH_ERRORS
    assert parted.summary["balance"]["failed"] == 1
    assert not AuditEntry.objects.filter(action="batch_requeued").exists()


def test_batch_can_only_be_read_anew_when_it_did_not_fit_the_protocol(
    run: Run, people: People, work_off: WorkOff, sign_in: SignIn
) -> None:
    finish(run, work_off, [make_table("fine")], b'{"secret": "of a patient"}\n')
    page = sign_in(people.alice).get(f"/runs/{run.public_id}/").content.decode()
    assert "It is not written as this server expects" in page
    assert "is not kept, so it can’t be tried again" in page
    assert 'form="rediscover"' in page
    assert url_of(run, 1, "requeue") not in page
    alice = client_of(people.alice)
    (item,) = alice.get(f"/api/v1/runs/{run.public_id}/set-aside/").json()
    assert item | {"kind": "validation", "id": 1, "can_requeue": False, "tables": []} == item
    answer = post(alice, f"/api/v1{url_of(run, 1, 'requeue')}")
    assert (answer.status_code, answer.json()["code"]) == (409, "content_gone")


def test_nothing_waits_when_the_batch_is_discarded(
    parted: Run, people: People, work_off: WorkOff, sign_in: SignIn
) -> None:
    alice = sign_in(people.alice)
    answer = alice.post(url_of(parted, 0, "discard"), headers={"HX-Request": "true"})
    assert "The batch is discarded." in answer.content.decode()
    assert url_of(parted, 0, "discard") not in answer.content.decode()
    assert list_states(parted) == ["discarded", "accepted", "quarantined", "accepted"]
    assert AuditEntry.objects.filter(action="batch_discarded", actor=people.alice).count() == 1
    again = post(client_of(people.alice), f"/api/v1{url_of(parted, 0, 'discard')}")
    assert (again.status_code, again.json()["code"]) == (409, "not_set_aside")
    services.rerun_stage(run=parted, stage="fake", user=people.alice)
    work_off()
    parted.refresh_from_db()
    assert parted.state == RunState.COMPLETED_WITH_ERRORS


def test_agent_hears_the_same_when_it_repeats_a_discarded_batch(run: Run, people: People) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [ODD])
    batch = Batch.objects.get(job=job, seq=0)
    services.discard_refused(run=run, batch=batch, user=people.alice)
    assert send_batch(job, agent, 0, [ODD]).status == "quarantined"


def test_it_waits_for_the_end_when_the_agent_still_reads(run: Run, people: People) -> None:
    job, agent = open_stream(run.source, job=run.job)
    send_batch(job, agent, 0, [ODD])
    answer = post(client_of(people.alice), f"/api/v1{url_of(run, 0, 'requeue')}")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_unfinished")


def test_it_is_not_kept_when_the_source_is_read_anew(parted: Run, people: People) -> None:
    services.start_run(source=people.source, user=people.alice)
    alice = client_of(people.alice)
    items = alice.get(f"/api/v1/runs/{parted.public_id}/set-aside/").json()
    assert [item["can_requeue"] for item in items] == [False, False]
    assert items[0]["tables"] == ["main.fine", "main.odd"]
    answer = post(alice, f"/api/v1{url_of(parted, 0, 'requeue')}")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_outdated")


@pytest.mark.parametrize("verb", ["requeue", "discard"])
def test_decision_is_refused_when_the_person_may_not(
    parted: Run, people: People, sign_in: SignIn, verb: str
) -> None:
    api = f"/api/v1{url_of(parted, 0, verb)}"
    assert sign_in(people.bob).post(url_of(parted, 0, verb)).status_code == 403
    assert sign_in(people.charlie).post(url_of(parted, 0, verb)).status_code == 404
    assert post(client_of(people.bob), api).status_code == 403
    assert post(client_of(people.charlie), api).status_code == 404
    assert post(client_of(people.alice, read_only=True), api).status_code == 403
    assert post(client_of(people.alice), api.replace("/0/", "/99/")).status_code == 404
    assert list_states(parted)[0] == "quarantined"
