"""The timeline of a run, however long: on its page, page by page, in the API and as a file."""

from __future__ import annotations

import csv

import pytest
from django.utils import timezone

from apps.racine import timeline
from apps.racine.models import Run, StateChange
from apps.racine.types import ChangeOf, RunState, StageState
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_table
from tests.people import People

from .conftest import WorkOff
from .test_rest import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def add_changes(run: Run, count: int) -> None:
    """A stage run that is tried again and again."""
    StateChange.objects.bulk_create(
        StateChange(
            at=timezone.now(),
            run_id=run.pk,
            kind=ChangeOf.STAGE,
            row_id=1,
            before=StageState.LEASED,
            after=StageState.RETRY_WAIT,
            fence=number,
        )
        for number in range(1, count + 1)
    )


def test_page_says_how_many_are_older_when_they_are_too_many(
    run: Run, people: People, sign_in: SignIn
) -> None:
    add_changes(run, timeline.SHOWN + 3)
    alice = sign_in(people.alice)
    page = alice.get(f"/runs/{run.public_id}/").content.decode()
    assert "Show 3 older changes" in page
    assert f'href="/runs/{run.public_id}/timeline/"' in page
    part = alice.get(f"/runs/{run.public_id}/?part=changes").content.decode()
    assert "Show 3 older changes" in part


def test_every_change_is_on_one_page(run: Run, people: People, sign_in: SignIn) -> None:
    add_changes(run, 203)
    alice = sign_in(people.alice)
    url = f"/runs/{run.public_id}/timeline/"
    pages = [alice.get(f"{url}?page={number}").content.decode() for number in (1, 2, 3)]
    assert [page.count("<time ") for page in pages] == [100, 100, 3]
    assert "203 changes of state" in pages[0]
    assert "201–203 of" in pages[2]


def test_file_has_ordinary_changes_too(
    run: Run, people: People, work_off: WorkOff, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "CHUNK", 2)
    feed_job(run.source, [make_table("a")], run=run)
    work_off()
    answer = sign_in(people.alice).get(f"/runs/{run.public_id}/timeline/?format=csv")
    rows = list(csv.reader(answer.content.decode().splitlines()))
    assert len(rows) == StateChange.objects.filter(run_id=run.pk).count() + 1
    told = [(row[1], row[3]) for row in rows]
    assert ("Fake, batch 0", StageState.DONE.label) in told
    assert told[-1] == ("Run", RunState.COMPLETED.label)


def test_nobody_sees_it_or_takes_it_away_who_may_not(
    run: Run, people: People, sign_in: SignIn
) -> None:
    url = f"/runs/{run.public_id}/timeline/"
    assert sign_in(people.charlie).get(url).status_code == 404
    bob = sign_in(people.bob)
    assert "format=csv" not in bob.get(url).content.decode()
    assert bob.get(f"{url}?format=csv").status_code == 403


def test_api_has_it_page_by_page(run: Run, people: People) -> None:
    add_changes(run, 3)
    url = f"/api/v1/runs/{run.public_id}/timeline/"
    body = client_of(people.alice).get(f"{url}?page=2&page_size=2").json()
    assert body["count"] == 3
    assert [(one["after"], one["fence"]) for one in body["results"]] == [("Will be retried", 3)]
    assert client_of(people.charlie).get(url).status_code == 404
