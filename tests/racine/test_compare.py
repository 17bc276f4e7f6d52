"""Two runs side by side: drift, labels and findings that differ."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.racine import services
from apps.racine.models import Run
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_column, make_table
from tests.factories import make_agent, make_source
from tests.people import People

from .conftest import WorkOff
from .test_rest import client_of

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN = make_table("customer", [make_column("id", "integer", key_position=1), "name"])
GROWN = make_table(
    "customer",
    [
        make_column("id", "integer", key_position=1),
        "name",
        make_column("email", hits={"email": 1.0}),
    ],
)
CARDS = make_table(
    "cards",
    [make_column("iban", hits={"iban": 1.0}), make_column("email", hits={"email": 0.6})],
)


def discover(source: Any, user: Any, tables: list[Any], work_off: WorkOff) -> Run:
    run = services.start_run(source=source, user=user)
    feed_job(source, tables, run=run, complete=True)
    work_off()
    run.refresh_from_db()
    return run


@pytest.fixture
def runs(people: People, work_off: WorkOff) -> tuple[Run, Run, Run]:
    given = ([PLAIN], [GROWN, CARDS], [GROWN, CARDS])
    first, second, third = (
        discover(people.source, people.alice, list(tables), work_off) for tables in given
    )
    return first, second, third


def page_of(run: Run) -> str:
    return reverse("racine:run-compare", args=[run.public_id])


def api_of(run: Run, other: Run) -> str:
    return f"/api/v1/runs/{run.public_id}/compare/?with={other.public_id}"


def test_it_works(runs: tuple[Run, Run, Run], people: People) -> None:
    first, second, _ = runs
    told = client_of(people.bob).get(api_of(second, first)).json()
    assert (told["earlier"], told["later"]) == (str(first.public_id), str(second.public_id))
    found = {(each["kind"], each["dataset"], each["column"]) for each in told["differences"]}
    assert ("column_added", "main.customer", "email") in found
    assert ("table_added", "main.cards", "") in found
    assert ("label_added", "main.customer", "email") in found
    assert "finding_new" in told["counts"]
    assert sum(told["counts"].values()) == len(told["differences"])


def test_order_does_not_matter_when_compared(runs: tuple[Run, Run, Run], people: People) -> None:
    bob = client_of(people.bob)
    assert bob.get(api_of(runs[0], runs[1])).json() == bob.get(api_of(runs[1], runs[0])).json()


def test_nothing_differs_when_nothing_changed(
    runs: tuple[Run, Run, Run], people: People, sign_in: SignIn
) -> None:
    assert client_of(people.bob).get(api_of(runs[2], runs[1])).json()["differences"] == []
    page = sign_in(people.bob).get(page_of(runs[2])).content.decode()
    assert "Nothing is different" in page


def test_gone_table_and_fixed_finding_are_told(
    runs: tuple[Run, Run, Run], people: People, work_off: WorkOff
) -> None:
    last = runs[2]
    for _ in range(2):
        last = discover(people.source, people.alice, [PLAIN], work_off)
    counts = client_of(people.bob).get(api_of(runs[2], last)).json()["counts"]
    assert counts["table_missing"] == counts["table_dropped"] == 1
    assert counts["column_removed"] == 1
    assert counts["finding_fixed"] >= 1


def test_page_narrows_and_links_when_asked(
    runs: tuple[Run, Run, Run], people: People, sign_in: SignIn
) -> None:
    first, second, _ = runs
    bob = sign_in(people.bob)
    address = f"{page_of(second)}?with={first.public_id}"
    assert "main.cards" in bob.get(address).content.decode()
    narrowed = bob.get(f"{address}&kind=column_added").content.decode()
    assert "main.customer.email" in narrowed
    assert "main.cards" not in narrowed
    assert (
        page_of(second)
        in bob.get(reverse("racine:run-detail", args=[second.public_id])).content.decode()
    )


def test_file_is_for_those_who_may_export(
    runs: tuple[Run, Run, Run], people: People, sign_in: SignIn
) -> None:
    address = f"{page_of(runs[1])}?with={runs[0].public_id}&format=csv"
    text = sign_in(people.alice).get(address).content.decode()
    assert "column_added,main.customer,email" in text
    assert sign_in(people.bob).get(address).status_code == 403
    assert sign_in(people.charlie).get(address).status_code == 404


def test_comparison_is_refused_with_its_reason(
    runs: tuple[Run, Run, Run], people: People, sign_in: SignIn, work_off: WorkOff
) -> None:
    source = make_source("other", agent=make_agent("edge"))
    foreign = discover(source, people.ada, [PLAIN], work_off)
    ada, alice = client_of(people.ada), client_of(people.alice)
    assert ada.get(api_of(runs[0], foreign)).status_code == 422
    # What Alice may not see is no other than what is not there.
    hidden = alice.get(api_of(runs[0], foreign)).json()
    missing = alice.get(f"/api/v1/runs/{runs[0].public_id}/compare/?with=nonsense").json()
    assert hidden["detail"] == missing["detail"]
    assert alice.get(api_of(runs[0], runs[0])).status_code == 422
    assert client_of(people.charlie).get(api_of(runs[0], runs[1])).status_code == 404
    page = sign_in(people.ada).get(page_of(foreign)).content.decode()
    assert "nothing to compare with" in page
