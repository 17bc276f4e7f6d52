"""The machine's verdicts over time: kept for each run, taken back with it, beside decisions."""

from __future__ import annotations

from django.urls import reverse

from apps.classification import services
from apps.classification.models import Label, PastVerdict
from apps.classification.selectors import list_nearest
from apps.classification.types import LabelState
from apps.discovery.models import DiscoveryJob
from datawave_edge.protocol import TableSnapshot
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_profile, make_table, make_unchanged
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import LABELS, client_of


def make_contact(rate: float = 0.98, hits: str = "email", **fields: float) -> TableSnapshot:
    """A table whose one column holds e-mail addresses, or something else."""
    profile = make_profile(hits={hits: rate}, **fields)
    return make_table("contact", [make_column("c1", profile=profile)])


def last_job() -> int:
    return DiscoveryJob.objects.latest("pk").pk


def test_it_works(people: People) -> None:
    judge_tables(people.source, make_contact())
    judge_tables(people.source, make_contact(hits="uuid", rate=1.0))
    kinds = list(PastVerdict.objects.values_list("semantic_type", "job"))
    assert [kind for kind, _ in kinds] == [label_of("c1").semantic_type, "contact.email"]
    assert len({job for _, job in kinds}) == 2


def test_history_stays_short_when_nothing_new_is_said(people: People) -> None:
    table = make_contact()
    judge_tables(people.source, table)
    judge_tables(people.source, make_unchanged(table))
    assert PastVerdict.objects.count() == 1


def test_label_is_as_before_when_a_run_is_taken_back(people: People) -> None:
    judge_tables(people.source, make_contact())
    before = label_of("c1")
    judge_tables(people.source, make_contact(hits="uuid", rate=1.0))
    assert label_of("c1").semantic_type != before.semantic_type
    assert services.take_back_run(job_id=last_job()) == 1
    again = label_of("c1")
    for name in ("semantic_type", "machine_type", "confidence", "sensitivity", "evidence"):
        assert getattr(again, name) == getattr(before, name)
    assert PastVerdict.objects.count() == 1


def test_labels_go_when_the_run_that_made_them_is_taken_back(people: People) -> None:
    judge_tables(people.source, make_contact())
    services.take_back_run(job_id=last_job())
    assert not Label.objects.exists()


def test_decision_stays_when_the_run_below_it_is_taken_back(people: People) -> None:
    judge_tables(people.source, make_contact())
    services.decide_label(label=label_of("c1"), user=people.alice, kind="accept")
    services.take_back_run(job_id=last_job())
    label = label_of("c1")
    assert (label.state, label.semantic_type) == (LabelState.CONFIRMED, "contact.email")
    assert label.machine_type == ""


def test_newer_run_stands_when_an_older_is_taken_back(people: People) -> None:
    judge_tables(people.source, make_contact())
    older = last_job()
    judge_tables(people.source, make_contact(hits="uuid", rate=1.0))
    now = label_of("c1").semantic_type
    assert services.take_back_run(job_id=older) == 0
    assert label_of("c1").semantic_type == now


# Contradictions


def contradict(people: People) -> Label:
    """A person confirms what little the machine knew; then the values speak of e-mail."""
    judge_tables(people.source, make_contact(hits="none", rate=0.0))
    services.decide_label(
        label=label_of("c1"), user=people.alice, kind="change", semantic_type="user.username"
    )
    judge_tables(people.source, make_contact())
    return label_of("c1")


def test_decision_is_contradicted_when_the_machine_is_sure_of_something_new(
    people: People, sign_in: SignIn
) -> None:
    label = contradict(people)
    assert (label.conflict, label.semantic_type) == (True, "user.username")
    page = sign_in(people.bob).get(reverse("classification:label-list") + "?conflict=true")
    assert [each.pk for each in page.context["labels"]] == [label.pk]
    assert "Contradicted" in page.content.decode()
    assert client_of(people.alice).get(LABELS, {"conflict": "true"}).json()["count"] == 1


def test_nothing_is_contradicted_when_the_person_knew_what_the_machine_thought(
    people: People,
) -> None:
    judge_tables(people.source, make_contact())
    services.decide_label(
        label=label_of("c1"), user=people.alice, kind="change", semantic_type="user.username"
    )
    judge_tables(people.source, make_contact(rate=0.99))
    assert not label_of("c1").conflict


def test_contradiction_ends_when_the_person_decides_again(people: People) -> None:
    label = contradict(people)
    decision = services.decide_label(label=label, user=people.alice, kind="accept")
    label.refresh_from_db()
    assert not label.conflict
    services.undo_decision(decision=decision, user=people.alice)
    label.refresh_from_db()
    assert label.conflict


def test_stranger_counts_no_contradiction_when_looking(people: People, sign_in: SignIn) -> None:
    contradict(people)
    page = sign_in(people.charlie).get(reverse("classification:label-list"))
    assert page.context["conflicts"] == 0


# Near columns


def test_confirmed_columns_are_named_when_a_like_one_is_judged(
    people: People, sign_in: SignIn
) -> None:
    judge_tables(people.source, make_customers())
    services.decide_label(label=label_of("email"), user=people.alice, kind="accept")
    judge_tables(people.source, make_table("leads", [make_column("e_mail", hits={"email": 0.97})]))
    label = label_of("e_mail")
    ((near, distance),) = list_nearest(label, people.bob)
    assert near.field.name == "email"
    assert 0 < distance < 0.35
    detail = reverse("classification:label-detail", args=[label.public_id])
    assert "main.customers.email" in sign_in(people.bob).get(detail).content.decode()
    (told,) = client_of(people.bob).get(f"{LABELS}{label.public_id}/nearest/").json()
    assert (told["column"], told["semantic_type"]) == ("email", "contact.email")


def test_near_column_is_hidden_when_its_source_may_not_be_seen(people: People) -> None:
    other = make_source("secret")
    judge_tables(other, make_table("hidden", [make_column("mail", hits={"email": 0.98})]))
    services.decide_label(label=label_of("mail"), user=people.ada, kind="accept")
    judge_tables(people.source, make_customers())
    label = label_of("email")
    assert label.nearest
    assert list_nearest(label, people.alice) == []
    assert len(list_nearest(label, people.ada)) == 1


def test_history_is_closed_when_a_stranger_asks(email: Label, people: People) -> None:
    for part in ("history", "nearest"):
        url = f"{LABELS}{email.public_id}/{part}/"
        assert client_of(people.charlie).get(url).status_code == 404
        assert client_of(people.bob).get(url).status_code == 200
    (first,) = client_of(people.alice).get(f"{LABELS}{email.public_id}/history/").json()
    assert first["semantic_type"] == "contact.email"
