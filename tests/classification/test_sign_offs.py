"""Signing off tables and sources: who may, what it covers, and what makes it stale."""

from __future__ import annotations

import msgspec
import pytest
from django.urls import reverse

from apps.classification import services
from apps.classification.models import Attestation, Label
from apps.classification.stage import ClassificationStage
from apps.discovery.models import DiscoveryJob
from apps.discovery.types import RunScope
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from tests.conftest import SignIn
from tests.discovery.factories import seal_table
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of

LIST = reverse("classification:attestation-list")
API = "/api/v1/attestations/"


def sign(email: Label, people: People, *, whole: bool = False) -> Attestation:
    dataset = None if whole else email.field.dataset
    return services.attest(user=people.alice, source=people.source, dataset=dataset)


def test_it_works(email: Label, people: People) -> None:
    services.decide_label(label=email, user=people.alice, kind="accept")
    made = sign(email, people)
    assert (made.columns, made.decided, made.suggested, made.tables) == (4, 1, 3, 1)
    assert (made.user_name, made.stands) == ("alice", True)
    assert AuditEntry.objects.filter(action="labels_signed_off").count() == 1


@pytest.mark.parametrize("whole", [False, True])
def test_sign_off_is_stale_when_somebody_decides_after_it(
    email: Label, people: People, *, whole: bool
) -> None:
    made = sign(email, people, whole=whole)
    services.decide_label(label=email, user=people.alice, kind="reject")
    made.refresh_from_db()
    assert (made.stands, made.changes_since) == (False, 1)
    assert "decided" in made.stale_reason


def test_sign_off_stands_when_a_run_finds_the_same(email: Label, people: People) -> None:
    made = sign(email, people)
    judge_tables(people.source, make_customers(row_count=500))
    made.refresh_from_db()
    assert made.stands


def test_sign_off_is_stale_when_columns_go(email: Label, people: People) -> None:
    made = sign(email, people)
    table = make_customers()
    narrower = msgspec.structs.replace(table, columns=table.columns[:2])
    judge_tables(people.source, seal_table(narrower))
    job = DiscoveryJob.objects.latest("pk")
    scope = RunScope(run_id=job.public_id, job_id=job.pk, source_id=people.source.pk)
    ClassificationStage().settle(scope)
    made.refresh_from_db()
    assert (made.stale_reason, made.changes_since) == ("The structure changed.", 2)


def test_other_sources_stay_signed_when_one_changes(email: Label, people: People) -> None:
    other = make_source("erp")
    judge_tables(other, make_customers())
    kept = services.attest(user=people.ada, source=other)
    services.decide_label(label=email, user=people.alice, kind="accept")
    kept.refresh_from_db()
    assert kept.stands


def test_viewer_and_stranger_are_refused_when_signing(email: Label, people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.attest(user=people.bob, source=people.source)
    with pytest.raises(NotThere):
        services.attest(user=people.charlie, source=people.source)
    assert not Attestation.objects.exists()


def test_nothing_is_signed_when_there_are_no_labels(people: People) -> None:
    with pytest.raises(services.NothingToSign):
        services.attest(user=people.alice, source=people.source)


def test_note_is_refused_when_it_is_too_long(email: Label, people: People) -> None:
    with pytest.raises(InputInvalid, match="500"):
        services.attest(user=people.alice, source=people.source, note="x" * 501)


def test_sign_off_is_withdrawn_once_when_asked(email: Label, people: People) -> None:
    made = sign(email, people)
    with pytest.raises(PermissionMissing):
        services.withdraw_attestation(attestation=made, user=people.bob)
    services.withdraw_attestation(attestation=made, user=people.alice)
    with pytest.raises(services.AlreadyWithdrawn):
        services.withdraw_attestation(attestation=made, user=people.alice)
    services.decide_label(label=email, user=people.alice, kind="accept")
    made.refresh_from_db()
    assert made.changes_since == 0


def test_api_signs_and_withdraws_when_allowed(email: Label, people: People) -> None:
    alice = client_of(people.alice)
    dataset = str(email.field.dataset.public_id)
    made = alice.post(API, {"dataset": dataset, "note": "looked at all"}, format="json")
    assert made.status_code == 201
    url = f"{API}{made.json()['id']}/"
    assert client_of(people.bob).get(url).json()["signed_by"] == "alice"
    assert client_of(people.bob).post(f"{url}withdraw/").status_code == 403
    assert client_of(people.charlie).get(url).status_code == 404
    assert alice.post(f"{url}withdraw/").json()["withdrawn_at"]
    assert alice.get(API, {"standing": "withdrawn"}).json()["count"] == 1
    assert alice.get(API, {"standing": "current"}).json()["count"] == 0


@pytest.mark.parametrize("body", [{}, {"source": "x"}, {"note": "x" * 501}])
def test_api_refuses_when_the_scope_makes_no_sense(
    email: Label, people: People, body: dict[str, str]
) -> None:
    answer = client_of(people.alice).post(API, body, format="json")
    assert answer.status_code in (400, 422)
    assert not Attestation.objects.exists()


def test_stranger_finds_no_source_when_signing_by_api(email: Label, people: People) -> None:
    body = {"source": str(people.source.public_id)}
    assert client_of(people.charlie).post(API, body, format="json").status_code == 404
    assert client_of(people.bob).post(API, body, format="json").status_code == 403


def test_pages_sign_and_tell_when_the_steward_looks(
    email: Label, people: People, sign_in: SignIn
) -> None:
    alice, dataset = sign_in(people.alice), email.field.dataset
    asset = reverse("catalog:asset", args=[dataset.public_id]) + "?tab=sign-off"
    assert "Sign off this table" in alice.get(asset).content.decode()
    alice.post(reverse("classification:dataset-sign", args=[dataset.public_id]), {"note": "ok"})
    alice.post(reverse("classification:source-sign", args=[people.source.public_id]))
    assert Attestation.objects.count() == 2
    text = sign_in(people.bob).get(asset).content.decode()
    assert "Current" in text
    assert "Sign off this table" not in text
    services.decide_label(label=label_of("city"), user=people.alice, kind="accept")
    assert "Stale" in alice.get(LIST).content.decode()
    source = reverse("datasources:source-detail", args=[people.source.public_id])
    assert "change since" in alice.get(source).content.decode()


def test_list_is_empty_when_a_stranger_looks(email: Label, people: People, sign_in: SignIn) -> None:
    made = sign(email, people)
    stranger = sign_in(people.charlie)
    assert not stranger.get(LIST).context["attestations"]
    for name, key in (
        ("dataset-sign", email.field.dataset.public_id),
        ("source-sign", people.source.public_id),
        ("attestation-withdraw", made.public_id),
    ):
        url = reverse(f"classification:{name}", args=[key])
        assert stranger.post(url).status_code == 404
        assert sign_in(people.bob).post(url).status_code == 403


def test_csv_names_all_when_exported(email: Label, people: People, sign_in: SignIn) -> None:
    sign(email, people)
    text = sign_in(people.alice).get(f"{LIST}?format=csv").content.decode()
    assert "crm,main.customers,alice" in text
    assert "alice" not in sign_in(people.bob).get(f"{LIST}?format=csv").content.decode()
