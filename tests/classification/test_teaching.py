"""Own types by example, exceptions, and ratings of shipped types."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.classification import active, services, vocabulary
from apps.classification.judge import judge_all
from apps.classification.models import Label, Lesson, OwnType
from apps.classification.selectors import get_semantic_type, name_semantic_type
from apps.classification.showing import find_hits
from apps.classification.tables import read_table
from apps.classification.taxonomy import SHIPPED, in_force
from apps.classification.types import LabelState
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from datawave_edge.protocol import ColumnSnapshot
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_profile, make_table
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of
from .versions import finish_all

pytestmark = pytest.mark.usefixtures("shipped_types")
TYPES = reverse("classification:type-list")
TEACH = reverse("classification:teach")
OWN = "/api/v1/own-types/"
RATE = "/api/v1/semantic-types/contact.email/rate/"


def debtor(name: str = "debtor_no", **fields: float) -> ColumnSnapshot:
    values: dict[str, Any] = {"digit_rate": 0.8, "letter_rate": 0.2, "mean_length": 8.0, **fields}
    return make_column(name, profile=make_profile(**values))


def judge_debtors(people: People, number: int = 6) -> list[Label]:
    for n in range(number):
        judge_tables(people.source, make_table(f"ledger{n}", [debtor()]))
    return list(Label.objects.filter(field__name="debtor_no").order_by("pk"))


def teach(people: People, labels: list[Label], **fields: Any) -> OwnType:
    values = {"title": "Debtor number", "sensitivity": "confidential", "personal": True, **fields}
    return services.teach_type(user=people.ada, labels=labels, **values)


def test_it_works(people: People) -> None:
    labels = judge_debtors(people)
    made = teach(people, labels[:5])
    assert made.name == "own.debtor_number"
    shown = Label.objects.get(pk=labels[0].pk)
    assert (shown.state, shown.semantic_type, shown.sensitivity) == (
        LabelState.CHANGED,
        made.name,
        "confidential",
    )
    finish_all()
    sixth = Label.objects.get(pk=labels[5].pk)
    assert (sixth.state, sixth.semantic_type, sixth.personal) == ("suggested", made.name, True)
    assert "shown as examples" in sixth.evidence[0]["text"]
    judge_tables(people.source, make_table("fresh", [debtor("no_debtor")]))
    assert label_of("no_debtor").semantic_type == made.name
    judge_tables(people.source, make_customers())
    assert label_of("email").semantic_type == "contact.email"


def test_type_is_retired_when_nobody_wants_it(people: People) -> None:
    labels = judge_debtors(people)
    made = teach(people, labels[:3])
    finish_all()
    services.retire_type(own=made, user=people.ada)
    finish_all()
    assert Label.objects.get(pk=labels[0].pk).semantic_type == made.name
    assert Label.objects.get(pk=labels[5].pk).semantic_type != made.name
    with pytest.raises(services.TypeRetired):
        services.retire_type(own=made, user=people.ada)


def test_type_stays_when_it_is_in_use(people: People) -> None:
    made = teach(people, judge_debtors(people)[:3])
    with pytest.raises(services.TypeInUse):
        services.delete_type(own=made, user=people.ada)


def test_type_goes_when_nothing_names_it(people: People) -> None:
    made = OwnType.objects.create(name="own.x", title="Nothing", sensitivity="public")
    services.delete_type(own=made, user=people.ada)
    assert not OwnType.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "E-mail address"}, "title"),
        ({"title": "e-MAIL  address"}, "title"),
        ({"title": "x"}, "title"),
        ({"title": "y" * 81}, "title"),
        ({"sensitivity": "secret"}, "sensitivity"),
        ({"radius": 0.9}, "radius"),
        ({"radius": float("nan")}, "radius"),
    ],
)
def test_type_is_refused_when_it_makes_no_sense(
    people: People, fields: dict[str, Any], field: str
) -> None:
    labels = judge_debtors(people, 3)
    with pytest.raises(InputInvalid) as caught:
        teach(people, labels, **fields)
    assert caught.value.field == field
    assert not OwnType.objects.exists()


def test_type_is_refused_when_too_few_are_shown(people: People) -> None:
    with pytest.raises(InputInvalid) as caught:
        teach(people, judge_debtors(people, 2))
    assert caught.value.field == "labels"


def test_name_is_refused_when_another_own_type_has_it(people: People) -> None:
    labels = judge_debtors(people, 3)
    teach(people, labels)
    with pytest.raises(services.TypeNameTaken):
        teach(people, labels, title="Debtor-Number")
    with pytest.raises(services.TypeNameTaken):
        teach(people, labels, title="debtor number")


def test_labels_follow_when_a_type_is_changed(people: People) -> None:
    labels = judge_debtors(people, 3)
    made = teach(people, labels)
    services.change_type(own=made, user=people.ada, title="Debtor", sensitivity="restricted")
    assert Label.objects.get(pk=labels[0].pk).sensitivity == "restricted"
    assert name_semantic_type(made.name) == "Debtor"


def test_other_processes_know_a_type_when_it_was_made_elsewhere(people: People) -> None:
    made = teach(people, judge_debtors(people, 3))
    vocabulary.put_in_force(SHIPPED)
    vocabulary._known[:] = ["another mark"]
    vocabulary.refresh_vocabulary()
    assert made.name in in_force().types


def test_verdicts_are_the_same_when_tables_are_judged_together(people: People) -> None:
    labels = judge_debtors(people, 4)
    teach(people, labels[:3])
    services.teach_exception(user=people.ada, label=labels[3], semantic_type="id.record")
    judge = active.current_judge()
    tables = [read_table(make_table("t", [debtor(), "city"])), read_table(make_customers())] * 3
    together = judge_all(judge, tables)
    assert together == [judge.judge(table) for table in tables]
    assert together[0][0].semantic_type == "own.debtor_number"


# Exceptions


def test_columns_are_never_called_so_when_a_person_made_an_exception(people: People) -> None:
    judge_tables(people.source, make_customers())
    city = label_of("city")
    lesson = services.teach_exception(user=people.ada, label=city, semantic_type=city.semantic_type)
    finish_all()
    judge_tables(people.source, make_table("clients", make_customers().columns))
    again = Label.objects.get(field__name="city", field__dataset__name="clients")
    assert again.semantic_type == ""
    assert label_of_first("city").state == LabelState.REJECTED
    services.take_back_lesson(lesson=lesson, user=people.ada)
    finish_all()
    again.refresh_from_db()
    assert again.semantic_type == "address.city"
    with pytest.raises(services.LessonOver):
        services.take_back_lesson(lesson=lesson, user=people.ada)


def label_of_first(column: str) -> Label:
    return Label.objects.filter(field__name=column).order_by("pk")[0]


# Ratings


def test_labels_follow_when_a_shipped_type_is_rated(people: People) -> None:
    judge_tables(people.source, make_customers())
    services.decide_label(label=label_of("email"), user=people.alice, kind="accept")
    services.rate_type(user=people.ada, semantic_type="contact.email", sensitivity="restricted")
    assert label_of("email").sensitivity == "restricted"
    services.rate_type(user=people.ada, semantic_type="address.city", sensitivity="confidential")
    finish_all()
    assert label_of("city").sensitivity == "confidential"
    assert get_semantic_type("address.city").sensitivity == "confidential"
    assert AuditEntry.objects.filter(action="type_rated").count() == 2
    shipped = SHIPPED.types["contact.email"].sensitivity
    services.rate_type(user=people.ada, semantic_type="contact.email", sensitivity=shipped)
    assert label_of("email").sensitivity == shipped


def test_rating_is_refused_when_it_makes_no_sense(people: People) -> None:
    for name, level in (("no.such", "public"), ("contact.email", "top")):
        with pytest.raises((InputInvalid, NotThere)):
            services.rate_type(user=people.ada, semantic_type=name, sensitivity=level)


# Doors


def test_only_a_role_for_everything_may_teach_when_at_the_doors(
    people: People, sign_in: SignIn
) -> None:
    labels = judge_debtors(people, 3)
    own = OwnType.objects.create(name="own.x", title="Xylophone", sensitivity="public")
    lesson = Lesson.objects.create(kind="never", semantic_type="own.x", radius=0.1)
    body = {
        "labels": [str(label.public_id) for label in labels],
        "title": "Debtor",
        "sensitivity": "public",
    }
    for person in (people.alice, people.bob, people.charlie):
        api, page = client_of(person), sign_in(person)
        posts = [
            api.post(OWN, body, format="json"),
            api.post(f"{OWN}{own.public_id}/retire/"),
            api.delete(f"{OWN}{own.public_id}/"),
            api.delete(f"/api/v1/lessons/{lesson.public_id}/"),
            api.post(RATE, {"sensitivity": "public"}, format="json"),
            page.post(reverse("classification:type-rate"), {"sensitivity": "public"}),
            page.post(reverse("classification:type-change", args=[own.public_id])),
            page.post(reverse("classification:label-never", args=[labels[0].public_id])),
            page.post(reverse("classification:lesson-take-back", args=[lesson.public_id])),
        ]
        assert {answer.status_code for answer in posts} <= {403, 404}
    assert sign_in(people.charlie).get(TYPES).status_code == 404
    teach_page = f"{TEACH}?label={labels[0].public_id}"
    assert sign_in(people.charlie).get(teach_page).status_code == 404
    assert "Make the type" not in sign_in(people.bob).get(teach_page).content.decode()


def test_hits_are_of_what_may_be_seen_when_previewed(people: People) -> None:
    labels = judge_debtors(people, 3)
    judge_tables(make_source("secret"), make_table("hidden", [debtor()]))
    body = {"labels": [str(labels[0].public_id)]}
    assert client_of(people.ada).post(f"{OWN}preview/", body, format="json").json()["number"] == 4
    assert client_of(people.bob).post(f"{OWN}preview/", body, format="json").json()["number"] == 3
    assert (
        client_of(people.charlie).post(f"{OWN}preview/", body, format="json").json()["number"] == 0
    )
    assert find_hits([], 0.2, Label.objects.all()).number == 0


def test_pages_teach_and_change_when_the_administrator_works(
    people: People, sign_in: SignIn
) -> None:
    labels = judge_debtors(people, 4)
    ada = sign_in(people.ada)
    text = ada.get(f"{TEACH}?label={labels[0].public_id}&title=Debtor").content.decode()
    assert "main.ledger3.debtor_no" in text
    body = {
        "label": [str(label.public_id) for label in labels],
        "title": "Debtor",
        "sensitivity": "restricted",
        "personal": "1",
        "radius": "0.1",
    }
    ada.post(reverse("classification:type-make"), body)
    own = OwnType.objects.get()
    assert "Debtor" in ada.get(TYPES).content.decode()
    url = reverse("classification:type-change", args=[own.public_id])
    ada.post(url, {"action": "delete"})
    assert OwnType.objects.exists()
    ada.post(url, {"title": "Debtor no.", "sensitivity": "public"})
    ada.post(url, {"action": "retire"})
    own.refresh_from_db()
    assert (own.title, own.sensitivity) == ("Debtor no.", "public")
    assert own.retired_at
    rate = {"semantic_type": "contact.email", "sensitivity": "public"}
    ada.post(reverse("classification:type-rate"), rate)
    assert get_semantic_type("contact.email").sensitivity == "public"


def test_api_teaches_when_allowed(people: People) -> None:
    labels = judge_debtors(people, 4)
    ada = client_of(people.ada)
    body = {
        "labels": [str(label.public_id) for label in labels],
        "title": "Debtor",
        "sensitivity": "restricted",
    }
    made = ada.post(OWN, body, format="json")
    assert made.status_code == 201
    url = f"{OWN}{made.json()['id']}/"
    assert ada.delete(url).status_code == 409
    changed = ada.put(url, {"title": "Debitor", "sensitivity": "public"}, format="json")
    assert changed.json()["title"] == "Debitor"
    assert ada.post(OWN, {**body, "title": "Debitor"}, format="json").status_code == 422
    assert ada.post(f"{url}retire/").json()["retired_at"]
    lesson = {"label": str(labels[0].public_id), "semantic_type": "id.record"}
    taught = ada.post("/api/v1/lessons/", lesson, format="json")
    assert taught.status_code == 201
    assert client_of(people.bob).get("/api/v1/lessons/").json()["count"] == 1
    assert ada.delete(f"/api/v1/lessons/{taught.json()['id']}/").status_code == 204
    rated = ada.post(RATE, {"sensitivity": "public"}, format="json")
    assert rated.json()["sensitivity"] == "public"


def test_nothing_is_taught_when_a_steward_of_one_source_tries(people: People) -> None:
    with pytest.raises((PermissionMissing, NotThere)):
        services.teach_type(
            user=people.alice,
            labels=judge_debtors(people, 3),
            title="Debtor",
            sensitivity="public",
            personal=False,
        )
