"""What people decide: accept, reject, change, undo; who may, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from apps.classification import services
from apps.classification.models import Label, LabelDecision
from apps.classification.selectors import UnknownSemanticType
from apps.classification.signals import label_decided
from apps.classification.types import DecisionKind, LabelState, Sensitivity
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from tests.people import People

from .conftest import judge_tables, make_customers


def test_it_works(email: Label, people: People) -> None:
    decision = services.decide_label(label=email, user=people.alice, kind=DecisionKind.ACCEPT)
    email.refresh_from_db()
    assert (email.state, email.confidence, email.decided_by) == (
        LabelState.CONFIRMED,
        1.0,
        people.alice,
    )
    assert (decision.type_before, decision.type_after) == ("contact.email", "contact.email")


def test_viewer_is_refused_when_deciding(email: Label, people: People) -> None:
    with pytest.raises(PermissionMissing):
        services.decide_label(label=email, user=people.bob, kind=DecisionKind.ACCEPT)
    assert not LabelDecision.objects.exists()


def test_stranger_finds_nothing_when_deciding(email: Label, people: People) -> None:
    with pytest.raises(NotThere):
        services.decide_label(label=email, user=people.charlie, kind=DecisionKind.ACCEPT)


def test_label_loses_its_meaning_when_rejected(email: Label, people: People) -> None:
    services.decide_label(label=email, user=people.alice, kind=DecisionKind.REJECT)
    email.refresh_from_db()
    assert (email.state, email.personal) == (LabelState.REJECTED, False)
    assert email.sensitivity == Sensitivity.INTERNAL


def test_sensitivity_follows_when_the_type_is_changed(email: Label, people: People) -> None:
    services.decide_label(
        label=email, user=people.alice, kind="change", semantic_type="secret.password"
    )
    email.refresh_from_db()
    assert (email.semantic_type, email.state) == ("secret.password", LabelState.CHANGED)
    assert email.sensitivity == Sensitivity.RESTRICTED


def test_contextual_type_is_personal_when_other_columns_are(email: Label, people: People) -> None:
    services.decide_label(
        label=email, user=people.alice, kind="change", semantic_type="address.city"
    )
    email.refresh_from_db()
    assert email.personal


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [
        ("change", "no.such", UnknownSemanticType),
        ("change", "", UnknownSemanticType),
        ("undo", "", InputInvalid),
        ("", "", InputInvalid),
    ],
)
def test_input_is_refused_when_it_makes_no_sense(
    email: Label, people: People, kind: str, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.decide_label(label=email, user=people.alice, kind=kind, semantic_type=name)


def test_nothing_can_be_accepted_when_the_machine_abstained(email: Label, people: People) -> None:
    Label.objects.update(semantic_type="", machine_type="")
    with pytest.raises(services.NothingToAccept):
        services.decide_label(label=email, user=people.alice, kind="accept")


def test_label_is_as_before_when_a_decision_is_undone(email: Label, people: People) -> None:
    decision = services.decide_label(
        label=email, user=people.alice, kind="change", semantic_type="secret.password"
    )
    services.undo_decision(decision=decision, user=people.alice)
    again = Label.objects.get(pk=email.pk)
    for name in ("semantic_type", "sensitivity", "personal", "confidence", "state", "decided_by"):
        assert getattr(again, name) == getattr(email, name)


def test_second_undo_is_refused_when_the_first_has_been(email: Label, people: People) -> None:
    decision = services.decide_label(label=email, user=people.alice, kind="accept")
    services.undo_decision(decision=decision, user=people.alice)
    with pytest.raises(services.DecisionUndone):
        services.undo_decision(decision=decision, user=people.alice)


def test_older_decision_stays_when_a_newer_stands(email: Label, people: People) -> None:
    older = services.decide_label(label=email, user=people.alice, kind="accept")
    newer = services.decide_label(label=email, user=people.alice, kind="reject")
    with pytest.raises(services.DecisionSuperseded):
        services.undo_decision(decision=older, user=people.alice)
    services.undo_decision(decision=newer, user=people.alice)
    services.undo_decision(decision=older, user=people.alice)
    email.refresh_from_db()
    assert email.state == LabelState.SUGGESTED


def test_viewer_is_refused_when_undoing(email: Label, people: People) -> None:
    decision = services.decide_label(label=email, user=people.alice, kind="accept")
    with pytest.raises(PermissionMissing):
        services.undo_decision(decision=decision, user=people.bob)


def test_machine_verdict_counts_when_it_changed_before_the_undo(
    email: Label, people: People
) -> None:
    decision = services.decide_label(label=email, user=people.alice, kind="accept")
    Label.objects.filter(pk=email.pk).update(machine_type="user.username", machine_confidence=0.6)
    services.undo_decision(decision=decision, user=people.alice)
    email.refresh_from_db()
    assert (email.semantic_type, email.confidence) == ("user.username", 0.6)


def test_many_are_decided_alike_when_all_are_allowed(people: People) -> None:
    judge_tables(people.source, make_customers())
    decisions = services.decide_many(labels=Label.objects.all(), user=people.alice, kind="accept")
    assert len(decisions) == 4
    assert set(Label.objects.values_list("state", flat=True)) == {LabelState.CONFIRMED}
    assert AuditEntry.objects.filter(action="label_decided").count() == 1


def test_none_is_decided_when_one_is_not_allowed(people: People) -> None:
    judge_tables(people.source, make_customers())
    with pytest.raises(PermissionMissing):
        services.decide_many(labels=Label.objects.all(), user=people.bob, kind="accept")
    assert not Label.objects.exclude(state=LabelState.SUGGESTED).exists()


def test_others_hear_of_it_when_the_decision_is_committed(
    email: Label, people: People, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[str] = []

    def hear(decision: LabelDecision, **_: Any) -> None:
        heard.append(decision.kind)

    label_decided.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            decision = services.decide_label(label=email, user=people.alice, kind="accept")
            services.undo_decision(decision=decision, user=people.alice)
            assert not heard
    finally:
        label_decided.disconnect(hear)
    assert heard == ["accept", "undo"]
