"""The review queue and its buttons, for the steward, a viewer and a stranger."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.classification import services
from apps.classification.models import Label, LabelDecision
from apps.classification.types import LabelState
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table
from tests.people import People

from .conftest import judge_tables, make_customers

LIST = reverse("classification:label-list")
UNDO = reverse("classification:decisions-undo")
BULK = reverse("classification:label-bulk")
HTMX = {"HX-Request": "true"}


def decide_url(label: Label) -> str:
    return reverse("classification:label-decide", args=[label.public_id])


def test_it_works(email: Label, people: People, sign_in: SignIn) -> None:
    page = sign_in(people.alice).get(LIST)
    assert page.status_code == 200
    text = page.content.decode()
    assert "E-mail address" in text
    assert "data-accept" in text


def test_viewer_sees_no_buttons_when_looking(email: Label, people: People, sign_in: SignIn) -> None:
    text = sign_in(people.bob).get(LIST).content.decode()
    assert "E-mail address" in text
    assert "data-accept" not in text


def test_stranger_sees_nothing_when_looking(email: Label, people: People, sign_in: SignIn) -> None:
    client = sign_in(people.charlie)
    assert not client.get(LIST).context["labels"]
    detail = reverse("classification:label-detail", args=[email.public_id])
    assert client.get(detail).status_code == 404


def test_list_is_narrowed_when_the_address_says_so(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    client = sign_in(people.alice)

    def columns(query: str) -> set[str]:
        return {label.field.name for label in client.get(f"{LIST}?{query}").context["labels"]}

    assert columns("q=mail") == {"email"}
    assert columns("type=contact.email&type=address.city") == {"email", "city"}
    assert columns("state=confirmed") == set()
    assert columns("sensitivity=internal") == {"id"}
    assert columns("min_confidence=0&max_confidence=0.01") == set()
    assert columns("q=%00&min_confidence=x") is not None


def test_queue_empties_when_labels_are_decided(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    services.decide_many(labels=Label.objects.all(), user=people.alice, kind="accept")
    client = sign_in(people.alice)
    assert not client.get(LIST).context["labels"]
    assert len(client.get(f"{LIST}?state=confirmed").context["labels"]) == 4


def test_queries_stay_the_same_when_the_queue_is_longer(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        return len(queries)

    judge_tables(people.source, make_customers())
    # What each process reads once is no part of it.
    count()
    few = count()
    judge_tables(people.source, make_table("t", [make_column(f"c{n}") for n in range(15)]))
    assert count() == few


def test_cells_and_undo_come_back_when_htmx_decides(
    email: Label, people: People, sign_in: SignIn
) -> None:
    client = sign_in(people.alice)
    text = client.post(decide_url(email), {"kind": "accept"}, headers=HTMX).content.decode()
    email.refresh_from_db()
    decision = LabelDecision.objects.get()
    assert email.state == LabelState.CONFIRMED
    assert f"#type-{email.public_id}" in text
    assert UNDO in text
    assert f'value="{decision.public_id}"' in text
    undone = client.post(UNDO, {"decision": str(decision.public_id)}, headers=HTMX)
    assert f"#decision-{email.public_id}" in undone.content.decode()
    email.refresh_from_db()
    assert email.state == LabelState.SUGGESTED


def test_several_are_put_back_when_undone_together(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    made = services.decide_many(labels=Label.objects.all(), user=people.alice, kind="reject")
    values = {"decision": [str(each.public_id) for each in made]}
    assert sign_in(people.bob).post(UNDO, values).status_code == 403
    sign_in(people.alice).post(UNDO, values)
    assert set(Label.objects.values_list("state", flat=True)) == {LabelState.SUGGESTED}


def test_page_is_shown_again_when_there_is_no_htmx(
    email: Label, people: People, sign_in: SignIn
) -> None:
    client = sign_in(people.alice)
    values = {"kind": "change", "semantic_type": "user.username", "next": "/classification/?q=a"}
    assert client.post(decide_url(email), values)["Location"] == "/classification/?q=a"
    away = client.post(decide_url(email), {"kind": "accept", "next": "https://evil.test/"})
    assert away["Location"] == LIST


def test_wrong_type_is_said_beside_the_row_when_htmx_sends_it(
    email: Label, people: People, sign_in: SignIn
) -> None:
    values = {"kind": "change", "semantic_type": "no.such"}
    answer = sign_in(people.alice).post(decide_url(email), values, headers=HTMX)
    assert "There is no semantic type no.such." in answer.content.decode()
    assert not LabelDecision.objects.exists()


def test_viewer_and_stranger_are_refused_when_they_decide(
    email: Label, people: People, sign_in: SignIn
) -> None:
    assert sign_in(people.bob).post(decide_url(email), {"kind": "accept"}).status_code == 403
    assert sign_in(people.charlie).post(decide_url(email), {"kind": "accept"}).status_code == 404
    assert not LabelDecision.objects.exists()


def test_undo_is_refused_when_not_allowed(email: Label, people: People, sign_in: SignIn) -> None:
    decision = services.decide_label(label=email, user=people.alice, kind="accept")
    url = reverse("classification:decision-undo", args=[decision.public_id])
    assert sign_in(people.bob).post(url).status_code == 403
    assert sign_in(people.charlie).post(url).status_code == 404


def test_chosen_labels_are_decided_when_sent_together(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    chosen = list(Label.objects.values_list("public_id", flat=True))[:2]
    values = {"kind": "accept", "label": [*map(str, chosen), "rubbish"]}
    assert sign_in(people.alice).post(BULK, values)["Location"] == LIST
    assert Label.objects.filter(state=LabelState.CONFIRMED).count() == 2


def test_all_that_match_are_decided_when_everything_is_chosen(
    people: People, sign_in: SignIn
) -> None:
    judge_tables(people.source, make_customers())
    sign_in(people.alice).post(f"{BULK}?q=e", {"kind": "reject", "everything": "1"})
    rejected = Label.objects.filter(state=LabelState.REJECTED)
    assert {label.field.name for label in rejected} == set(
        Label.objects.values_list("field__name", flat=True)
    )


def test_bulk_changes_nothing_when_the_person_may_not(people: People, sign_in: SignIn) -> None:
    judge_tables(people.source, make_customers())
    values = {"kind": "accept", "everything": "1"}
    assert sign_in(people.bob).post(BULK, values).status_code == 403
    sign_in(people.charlie).post(BULK, values)
    assert not Label.objects.exclude(state=LabelState.SUGGESTED).exists()


def test_csv_is_safe_when_names_are_formulas(people: People, sign_in: SignIn) -> None:
    table = make_table("=cmd()", [make_column("@mail", hits={"email": 1.0})], container="")
    judge_tables(people.source, table)
    answer = sign_in(people.alice).get(f"{LIST}?format=csv")
    text = answer.content.decode()
    assert "'=cmd()" in text
    assert "'@mail" in text


def test_csv_is_empty_when_the_person_may_not_export(
    email: Label, people: People, sign_in: SignIn
) -> None:
    answer = sign_in(people.bob).get(f"{LIST}?format=csv")
    assert b"contact.email" not in answer.content


def test_detail_tells_why_when_opened(email: Label, people: People, sign_in: SignIn) -> None:
    services.decide_label(label=email, user=people.alice, kind="accept")
    url = reverse("classification:label-detail", args=[email.public_id])
    text = sign_in(people.bob).get(url).content.decode()
    assert "98 % of values are e-mail addresses" in text
    assert "alice" in text
