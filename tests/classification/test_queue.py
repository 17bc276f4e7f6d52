"""The review queue: what comes first, what one decision settles, and undoing it at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.classification import services
from apps.classification.models import Label, LabelDecision
from apps.classification.queue import explain, list_groups, list_waiting, load_groups
from apps.classification.types import LabelState
from apps.datasources.models import DataSource
from datawave.common.errors import NotThere, PermissionMissing
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of

PAGE = reverse("classification:review")
DECIDE = reverse("classification:review-decide")
MEMBERS = reverse("classification:review-members")
API = "/api/v1/review-queue/"
HTMX = {"HX-Request": "true"}


def judge_mails(source: DataSource, *names: str) -> None:
    """Tables with a column `email` each, and one with a city."""
    tables = [make_table(name, [make_column("email", hits={"email": 0.98})]) for name in names]
    judge_tables(source, *tables, make_table("places", [make_column("city", hits={"city": 0.6})]))


def decide(people: People, label: Label, **fields: str) -> list[LabelDecision]:
    return services.decide_group(
        label=label, among=list_waiting(people.alice), user=people.alice, **fields
    )


def first_mail() -> Label:
    return Label.objects.filter(field__name="email").order_by("pk")[0]


def test_it_works(people: People) -> None:
    judge_mails(people.source, "a", "b", "c")
    groups = load_groups(list(list_groups(list_waiting(people.alice))))
    assert {(group.label.field.name, group.size) for group in groups} == {("email", 3), ("city", 1)}
    assert groups == sorted(groups, key=lambda group: -group.worth)
    assert "3 columns" in explain(next(group for group in groups if group.size == 3))


def set_waiting(number: int, confidence: float, sensitivity: str) -> None:
    Label.objects.filter(pk=number).update(
        confidence=confidence, sensitivity=sensitivity, group=None
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0.5, "restricted"), (0.5, "internal")),
        ((0.3, "internal"), (0.9, "internal")),
        ((0.8, "restricted"), (0.5, "public")),
    ],
)
def test_doubt_and_sensitivity_come_first_when_ordered(
    people: People, first: tuple[float, str], second: tuple[float, str]
) -> None:
    judge_tables(people.source, make_customers())
    email, city = label_of("email"), label_of("city")
    set_waiting(city.pk, *first)
    set_waiting(email.pk, *second)
    kept = list_waiting(people.alice).filter(pk__in=[email.pk, city.pk])
    assert [row["first"] for row in list_groups(kept)] == [city.pk, email.pk]


def test_larger_group_comes_first_when_the_rest_is_the_same(people: People) -> None:
    judge_mails(people.source, "a", "b", "c")
    Label.objects.update(confidence=0.5, sensitivity="internal")
    sizes = [row["size"] for row in list_groups(list_waiting(people.alice))]
    assert sizes == [3, 1]


def test_group_is_settled_and_undone_at_once_when_decided(people: People) -> None:
    judge_mails(people.source, "a", "b", "c")
    decisions = decide(people, first_mail(), kind="accept")
    assert len(decisions) == 3
    assert len({each.together for each in decisions}) == 1
    assert set(Label.objects.filter(field__name="email").values_list("state")) == {("confirmed",)}
    assert label_of("city").state == LabelState.SUGGESTED
    services.undo_together(decision=decisions[1], user=people.alice)
    assert not Label.objects.exclude(state=LabelState.SUGGESTED).exists()
    with pytest.raises(services.DecisionUndone):
        services.undo_together(decision=decisions[1], user=people.alice)


def test_other_sources_wait_when_only_one_may_be_decided(people: People) -> None:
    judge_mails(people.source, "a", "b")
    other = make_source("erp")
    judge_mails(other, "x")
    assert len(decide(people, first_mail(), kind="accept")) == 2
    assert Label.objects.get(field__dataset__source=other, field__name="email").state == "suggested"


def test_what_another_suggestion_has_stays_when_the_group_is_decided(people: People) -> None:
    judge_mails(people.source, "a", "b", "c")
    odd = Label.objects.filter(field__name="email").order_by("-pk")[0]
    Label.objects.filter(pk=odd.pk).update(semantic_type="user.username")
    assert len(decide(people, first_mail(), kind="accept")) == 2


def test_decision_is_refused_when_the_group_was_decided_meanwhile(people: People) -> None:
    judge_mails(people.source, "a", "b")
    label = first_mail()
    decide(people, label, kind="accept")
    with pytest.raises(services.NothingWaits):
        decide(people, label, kind="reject")


def test_viewer_and_stranger_are_refused_when_deciding(people: People, sign_in: SignIn) -> None:
    judge_mails(people.source, "a", "b")
    label = first_mail()
    for person, error, status in (
        (people.bob, PermissionMissing, 403),
        (people.charlie, NotThere, 404),
    ):
        with pytest.raises(error):
            services.decide_group(
                label=label, among=list_waiting(person), user=person, kind="accept"
            )
        body = {"label": str(label.public_id), "kind": "accept"}
        assert sign_in(person).post(DECIDE, body).status_code == status
        assert client_of(person).post(f"{API}decide/", body, format="json").status_code == status
    assert not LabelDecision.objects.exists()


def test_page_explains_and_decides_when_the_steward_looks(people: People, sign_in: SignIn) -> None:
    judge_mails(people.source, "a", "b", "c")
    alice = sign_in(people.alice)
    text = alice.get(PAGE).content.decode()
    assert "and 2 alike in 3 tables" in text
    assert "expected harm" in text
    label = first_mail()
    members = alice.get(f"{MEMBERS}?label={label.public_id}").content.decode()
    assert members.count("main.") == 3
    body = {"label": str(label.public_id), "kind": "change", "semantic_type": "user.username"}
    answer = alice.post(DECIDE, body, headers=HTMX).content.decode()
    assert "3 columns changed to" in answer
    decision = LabelDecision.objects.last()
    assert decision is not None
    undo = reverse("classification:decisions-together", args=[decision.public_id])
    assert undo in answer
    assert sign_in(people.bob).post(undo).status_code == 403
    assert sign_in(people.charlie).post(undo).status_code == 404
    assert alice.post(undo, headers=HTMX).headers["HX-Refresh"] == "true"
    assert Label.objects.filter(state="suggested").count() == 4


def test_queue_is_narrowed_when_the_address_says_so(people: People, sign_in: SignIn) -> None:
    judge_mails(people.source, "a", "b")
    alice = sign_in(people.alice)

    def names(query: str) -> list[str]:
        groups = alice.get(f"{PAGE}?{query}").context["groups"]
        return [group.label.field.name for group, _, _ in groups]

    assert names("type=address.city") == ["city"]
    assert names("q=email") == ["email"]
    assert names(f"source={people.source.public_id}") != []
    assert names("max_confidence=0.01") == []
    assert names("source=nonsense&max_confidence=x") is not None


def test_nothing_is_shown_when_a_stranger_looks(people: People, sign_in: SignIn) -> None:
    judge_mails(people.source, "a")
    page = sign_in(people.charlie).get(PAGE)
    assert not page.context["groups"]
    assert "Nothing waits" in page.content.decode()
    url = f"{MEMBERS}?label={first_mail().public_id}"
    assert sign_in(people.charlie).get(url).status_code == 404
    assert sign_in(people.alice).get(f"{MEMBERS}?label=nonsense").status_code == 404
    assert client_of(people.charlie).get(API).json()["count"] == 0


def test_api_lists_and_decides_when_allowed(people: People) -> None:
    judge_mails(people.source, "a", "b")
    alice = client_of(people.alice)
    page = alice.get(API, {"type": "contact.email"}).json()
    (group,) = page["results"]
    assert (page["count"], group["size"], group["tables"]) == (1, 2, 2)
    body = {"label": group["label"], "kind": "accept"}
    decided = alice.post(f"{API}decide/", body, format="json")
    assert (decided.status_code, len(decided.json())) == (201, 2)
    undo = f"/api/v1/decisions/{decided.json()[0]['id']}/undo-together/"
    assert client_of(people.bob).post(undo).status_code == 403
    assert len(alice.post(undo).json()) == 2
    assert alice.post(f"{API}decide/", {"kind": "accept"}, format="json").status_code in (400, 422)


def test_csv_is_exported_when_allowed(people: People, sign_in: SignIn) -> None:
    judge_mails(people.source, "a", "b")
    text = sign_in(people.alice).get(f"{PAGE}?format=csv").content.decode()
    assert "crm,main.a,email,contact.email" in text
    assert "email" not in sign_in(people.bob).get(f"{PAGE}?format=csv").content.decode()


def test_queries_stay_the_same_when_the_queue_is_longer(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    judge_mails(people.source, "a")
    few = count()
    judge_tables(people.source, make_customers())
    assert count() == few
