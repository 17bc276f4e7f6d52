"""Taking a run back: all is as it was before, and the next discovery brings all of it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.catalog.models import CatalogEntry
from apps.classification import services as classification
from apps.classification.models import Label
from apps.classification.types import DecisionKind
from apps.compliance import services as compliance
from apps.compliance.models import Finding
from apps.datasources.models import DataSource
from apps.discovery import services as discovery
from apps.discovery.models import Dataset, DiscoveryJob, Field
from apps.discovery.types import DatasetState, FieldState
from apps.racine import services
from apps.racine.models import Run, Undo
from apps.racine.services import undoing
from apps.racine.types import UndoState
from apps.rbac.models import AuditEntry, User
from datawave.common.errors import NotThere, PermissionMissing
from datawave_edge.protocol import TableSnapshot
from tests.conftest import SignIn
from tests.discovery.factories import (
    feed_job,
    make_column,
    make_failed,
    make_table,
    make_unchanged,
)
from tests.faults.harness.canonical import Picture, compare, load_picture
from tests.people import People, make_people

from .conftest import WorkOff
from .test_rest import client_of

pytestmark = pytest.mark.django_db(transaction=True)


class OwnStore:
    """The database of the test, as the canonical form reads it."""

    def query(self, statement: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def picture_of(source: DataSource) -> Picture:
    return load_picture(OwnStore(), source.pk)


def email(share: float = 0.9) -> Any:
    return make_column("email", hits={"email": share})


CUSTOMER = make_table("customer", [make_column("id", "integer", key_position=1), email(), "name"])
CUSTOMER_GROWN = make_table(
    "customer",
    [make_column("id", "decimal", key_position=1), email(), "name", "ssn"],
)
CUSTOMER_SHRUNK = make_table("customer", [make_column("id", "integer", key_position=1), "name"])
ORDERS = make_table("orders", [make_column("id", "integer", key_position=1), "customer_id"])
INVOICES = make_table("invoices", [make_column("iban", hits={"iban": 1.0}), email(0.6)])


def discover(people: People, tables: list[Any], work_off: WorkOff) -> Run:
    run = services.start_run(source=people.source, user=people.alice)
    feed_job(people.source, tables, run=run, complete=True)
    work_off()
    run.refresh_from_db()
    assert not run.is_active
    return run


def take_back(run: Run, people: People) -> Undo:
    undo = services.request_undo(run=run, user=people.alice)
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    run.refresh_from_db()
    return undo


def test_it_works(people: People, work_off: WorkOff) -> None:
    discover(people, [CUSTOMER, ORDERS], work_off)
    before = picture_of(people.source)
    run = discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    after = picture_of(people.source)
    assert compare(after, before) != []
    undo = take_back(run, people)
    assert undo.state == UndoState.DONE
    assert run.undone_at is not None
    assert compare(picture_of(people.source), before) == []
    discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    assert compare(picture_of(people.source), after, history=False) == []


def test_nothing_is_left_when_the_first_run_is_taken_back(
    people: People, work_off: WorkOff
) -> None:
    before = picture_of(people.source)
    take_back(discover(people, [CUSTOMER, ORDERS, INVOICES], work_off), people)
    found = picture_of(people.source)
    # How often each rule passed is known of an empty source too.
    found.pop("tallies")
    before.pop("tallies")
    assert compare(found, before) == []
    again = discover(people, [CUSTOMER], work_off)
    assert not again.job.source.schema_changes.exists()


def test_runs_go_one_after_the_other_when_several_are_taken_back(
    people: People, work_off: WorkOff
) -> None:
    pictures, runs = [], []
    for tables in ([CUSTOMER], [CUSTOMER_GROWN, ORDERS], [ORDERS], [CUSTOMER_SHRUNK, ORDERS]):
        pictures.append(picture_of(people.source))
        runs.append(discover(people, list(tables), work_off))
    with pytest.raises(services.NotUndoable, match=f"Take back #{runs[3].pk} first"):
        services.request_undo(run=runs[2], user=people.alice)
    for run, before in list(zip(runs, pictures, strict=True))[:0:-1]:
        take_back(run, people)
        assert compare(picture_of(people.source), before) == [], run


def test_last_word_is_that_of_a_run_that_stands_when_one_between_was_taken_back(
    people: People, work_off: WorkOff
) -> None:
    first = discover(people, [CUSTOMER], work_off)
    for _ in range(2):
        take_back(discover(people, [make_unchanged(CUSTOMER)], work_off), people)
        assert Dataset.objects.get().last_job_id == first.job_id


VERSIONS: dict[str, list[TableSnapshot]] = {
    "customer": [CUSTOMER, CUSTOMER_GROWN, CUSTOMER_SHRUNK],
    "orders": [ORDERS, make_table("orders", ["id", "total"])],
    "invoices": [INVOICES],
}
choices = st.fixed_dictionaries(
    {name: st.sampled_from(["absent", "failed", *range(len(v))]) for name, v in VERSIONS.items()}
)


def records_of(chosen: dict[str, Any], source: DataSource) -> list[Any]:
    """What an agent would send: an unchanged table by its hash alone."""
    held = dict(
        Dataset.objects.filter(source=source)
        .exclude(snapshot=None)
        .values_list("name", "content_hash")
    )
    records = []
    for name, choice in chosen.items():
        if choice == "failed":
            records.append(make_failed(name))
        elif choice != "absent":
            table = VERSIONS[name][choice]
            same = held.get(name) == table.content_hash
            records.append(make_unchanged(table) if same else table)
    return records


@given(st.lists(choices, min_size=1, max_size=3), choices)
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_all_is_as_before_when_any_run_is_taken_back(
    work_off: WorkOff, earlier: list[dict[str, Any]], last: dict[str, Any]
) -> None:
    DataSource.objects.all().delete()
    User.objects.all().delete()
    people = make_people()
    for chosen in earlier:
        discover(people, records_of(chosen, people.source), work_off)
    before = picture_of(people.source)
    run = discover(people, records_of(last, people.source), work_off)
    after = picture_of(people.source)
    take_back(run, people)
    assert compare(picture_of(people.source), before) == []
    discover(people, records_of(last, people.source), work_off)
    assert compare(picture_of(people.source), after, history=False) == []


def test_what_people_decided_stays_when_a_run_is_taken_back(
    people: People, work_off: WorkOff
) -> None:
    discover(people, [CUSTOMER], work_off)
    run = discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    old = Label.objects.get(field__name="name", field__dataset__name="customer")
    new = Label.objects.get(field__name="iban")
    for label in (old, new):
        classification.decide_label(
            label=label, user=people.alice, kind=DecisionKind.CHANGE, semantic_type="finance.iban"
        )
    undo = take_back(run, people)
    assert undo.counts["columns_kept"] == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.semantic_type) == ("changed", "finance.iban")
    assert (new.state, new.semantic_type) == ("changed", "finance.iban")
    invoices = Dataset.objects.get(name="invoices")
    assert (invoices.state, invoices.snapshot) == (DatasetState.DROPPED, None)
    assert [field.name for field in invoices.fields.all()] == ["iban"]
    assert invoices.fields.get().state == FieldState.REMOVED
    assert not Field.objects.filter(name="ssn").exists()
    discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    new.refresh_from_db()
    assert (new.state, new.semantic_type) == ("changed", "finance.iban")
    invoices.refresh_from_db()
    assert invoices.state == DatasetState.ACTIVE
    assert invoices.fields.filter(state=FieldState.ACTIVE).count() == 2


def test_written_entry_stays_when_its_table_goes(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER, ORDERS], work_off)
    entry = CatalogEntry.objects.get(dataset__name="orders")
    CatalogEntry.objects.filter(pk=entry.pk).update(
        description="What was sold.", described_by=people.alice, described_at=timezone.now()
    )
    take_back(run, people)
    assert list(Dataset.objects.values_list("name", flat=True)) == ["orders"]
    discover(people, [ORDERS], work_off)
    entry.refresh_from_db()
    assert entry.description == "What was sold."


def test_decided_finding_keeps_its_decision_when_the_run_had_fixed_it(
    people: People, work_off: WorkOff
) -> None:
    discover(people, [CUSTOMER, INVOICES], work_off)
    finding = Finding.objects.filter(dataset__name="invoices", state="open").first()
    assert finding is not None
    compliance.decide_finding(finding=finding, user=people.ada, state="acknowledged", note="Known.")
    run = discover(people, [CUSTOMER], work_off)
    discover_again = discover(people, [CUSTOMER], work_off)
    finding.refresh_from_db()
    assert finding.state == "fixed"
    take_back(discover_again, people)
    take_back(run, people)
    finding.refresh_from_db()
    assert (finding.state, finding.decided_by) == ("acknowledged", people.ada)


def test_undo_happens_once_when_asked_again(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER], work_off)
    first = take_back(run, people)
    second = take_back(run, people)
    assert (second.pk, second.finished_at) == (first.pk, first.finished_at)
    assert AuditEntry.objects.filter(action="discovery_undone").count() == 1
    lines = [event.message for event in run.events.all()]
    assert sum("Taken back by alice" in line for line in lines) == 1


def test_nothing_begins_when_a_run_is_being_taken_back(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER], work_off)
    undo = services.request_undo(run=run, user=people.alice)
    with pytest.raises(services.SourceBusy, match="being taken back"):
        services.start_run(source=people.source, user=people.alice)
    services.work_on_undo(undo_id=undo.pk)
    with pytest.raises(services.RunOutdated):
        services.retry_quarantined(run=run, user=people.alice)
    services.start_run(source=people.source, user=people.alice)


def test_undo_is_refused_when_a_discovery_goes_on(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER], work_off)
    services.start_run(source=people.source, user=people.alice)
    with pytest.raises(services.NotUndoable, match="goes on"):
        services.request_undo(run=run, user=people.alice)
    assert not Undo.objects.exists()


@pytest.mark.parametrize("step", [1, 4, 5, 6, 7, 11])
def test_another_goes_on_when_the_worker_dies_at_a_step(
    people: People, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    discover(people, [CUSTOMER, ORDERS], work_off)
    before = picture_of(people.source)
    run = discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    undo = services.request_undo(run=run, user=people.alice)
    keep, left = undoing._keep, [step]

    def die_at(undo: Undo, **values: object) -> None:
        keep(undo, **values)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(undoing, "_keep", die_at)
    with pytest.raises(KeyboardInterrupt):
        services.work_on_undo(undo_id=undo.pk)
    monkeypatch.undo()
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert undo.state == UndoState.OPEN, "The lease of the dead still holds."
    Undo.objects.update(lease_until=timezone.now())
    services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert undo.state == UndoState.DONE
    assert compare(picture_of(people.source), before) == []


def test_undo_is_tried_again_and_then_given_up_when_a_step_fails(
    people: People, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = discover(people, [CUSTOMER], work_off)
    undo = services.request_undo(run=run, user=people.alice)

    def fail(**_: object) -> None:
        raise RuntimeError("secret value")

    monkeypatch.setattr(discovery, "take_back_job", fail)
    for _ in range(5):
        Undo.objects.update(lease_until=None)
        services.work_on_undo(undo_id=undo.pk)
    undo.refresh_from_db()
    assert (undo.state, undo.failures) == (UndoState.FAILED, 5)
    assert not any("secret" in event.message for event in run.events.all())
    monkeypatch.undo()
    assert take_back(run, people).state == UndoState.DONE


def test_undo_is_refused_when_the_person_may_not(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER], work_off)
    for person in (people.bob, people.charlie):
        with pytest.raises((PermissionMissing, NotThere)):
            services.request_undo(run=run, user=person)
    assert not Undo.objects.exists()


def test_jobs_own_facts_return_when_its_successor_is_taken_back(
    people: People, work_off: WorkOff
) -> None:
    discover(people, [CUSTOMER], work_off)
    DataSource.objects.update(facts={"server_version": "1"})
    people.source.refresh_from_db()
    run = discover(people, [CUSTOMER], work_off)
    take_back(run, people)
    assert DataSource.objects.get().facts == {"server_version": "1"}
    assert DiscoveryJob.objects.exclude(undone_at=None).get() == run.job


def test_pages_say_what_goes_when_asked(people: People, work_off: WorkOff, sign_in: SignIn) -> None:
    discover(people, [CUSTOMER], work_off)
    run = discover(people, [CUSTOMER_GROWN, INVOICES], work_off)
    detail = reverse("racine:run-detail", args=[run.public_id])
    page = reverse("racine:run-undo", args=[run.public_id])
    alice = sign_in(people.alice)
    assert page in alice.get(detail).content.decode()
    assert page not in sign_in(people.bob).get(detail).content.decode()
    asked = alice.get(page).content.decode()
    assert "main.invoices" in asked
    assert "It goes: this discovery saw it first." in asked
    assert "It goes back to its version before." in asked
    codes = [sign_in(who).post(page).status_code for who in (people.bob, people.charlie)]
    assert codes == [403, 404]
    assert not Undo.objects.exists()
    assert "being taken back" in alice.post(page, follow=True).content.decode()
    services.sweep()
    services.work_on_undo(undo_id=Undo.objects.get().pk)
    told = alice.get(detail).content.decode()
    assert "<b>Taken back</b>" in told
    assert page not in told


def test_api_takes_back_when_asked(people: People, work_off: WorkOff) -> None:
    run = discover(people, [CUSTOMER], work_off)
    url = f"/api/v1/runs/{run.public_id}/undo/"
    alice = client_of(people.alice)
    preview = alice.get(url).json()
    assert (preview["counts"]["tables_new"], preview["obstacle"]) == (1, "")
    assert preview["tables"][0]["name"] == "main.customer"
    for name, code in (("bob", 403), ("charlie", 404)):
        caller = client_of(getattr(people, name))
        assert caller.get(url).status_code == code
        assert caller.post(url).status_code == code
    answer = alice.post(url)
    assert (answer.status_code, answer.json()["state"]) == (202, "open")
    services.work_on_undo(undo_id=Undo.objects.get().pk)
    assert alice.get(f"/api/v1/runs/{run.public_id}/").json()["undone_at"] is not None
    newer = discover(people, [CUSTOMER], work_off)
    services.start_run(source=people.source, user=people.alice)
    refused = alice.post(f"/api/v1/runs/{newer.public_id}/undo/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_undoable")
