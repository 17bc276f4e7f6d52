"""Learning from decisions: when, honestly measured, promoted only where it helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.classification import learning, services
from apps.classification.layer import Choice, Layer
from apps.classification.learning import (
    Example,
    Score,
    decide_promotion,
    fit,
    judge_held_back,
    try_learning,
)
from apps.classification.likeness import describe_column
from apps.classification.models import Label, LabelDecision, Learning, Replay, StoredModel
from apps.classification.types import LearningOutcome
from datawave.common.errors import NotThere, PermissionMissing
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_profile, make_table
from tests.people import People

from .conftest import judge_tables
from .test_rest import client_of
from .versions import finish_all

pytestmark = pytest.mark.usefixtures("own_models")
API = "/api/v1/learnings/"
UNLIKE = (
    "alpha", "bravo", "carol", "delta", "erika", "fritz", "gamma", "hotel", "india", "julia",
    "kilos", "limas",
)  # fmt: skip
PAGE = reverse("classification:model-list")


def example(
    name: str, table: int, said: str, is_: str, *, sure: float = 0.9, is_so: bool = True
) -> Example:
    column = make_column(name, profile=make_profile(hits={"digits": 1.0}, digit_rate=1.0))
    return Example(
        likeness=describe_column(column),
        dataset_id=table,
        said=Choice(said, sure),
        semantic_type=is_,
        is_so=is_so,
    )


def misjudged(number: int) -> list[Example]:
    """Columns of one kind that the trained judge takes for another."""
    return [example("debtor_ref", n, "id.record", "finance.account") for n in range(number)]


def well_judged(number: int, name: str = "zip") -> list[Example]:
    return [
        example(name, 100 + n, "address.postal_code", "address.postal_code") for n in range(number)
    ]


# What is learnt


def test_it_works() -> None:
    trial = try_learning([*misjudged(12), *well_judged(12)], None)
    assert trial.outcome == LearningOutcome.PROMOTED
    assert (trial.before.right, trial.after.right) == (12, 24)


def test_nothing_is_learnt_when_decisions_are_few() -> None:
    assert try_learning(misjudged(9), None).outcome == LearningOutcome.TOO_FEW
    same_table = [example(f"c{n}", 1, "a", "b") for n in range(30)]
    assert try_learning(same_table, None).outcome == LearningOutcome.TOO_FEW


def test_nothing_is_promoted_when_the_judge_is_right_already() -> None:
    assert try_learning(well_judged(30), None).outcome == LearningOutcome.NO_BETTER


def test_a_table_teaches_nothing_about_itself_when_measured() -> None:
    """Each table has its own kind of column: nothing carries over to another."""
    odd = [example(name, n, "id.record", f"type.{n}") for n, name in enumerate(UNLIKE)]
    trial = try_learning(odd, None)
    assert trial.after.right == 0
    assert trial.outcome == LearningOutcome.NO_BETTER


def test_version_in_force_is_measured_without_a_table_s_own_decisions() -> None:
    alone = misjudged(1)
    layer = fit(alone)
    assert judge_held_back(layer, alone) == [alone[0].said]
    pair = misjudged(2)
    assert [each.semantic_type for each in judge_held_back(fit(misjudged(4)), pair)] == [
        "finance.account"
    ] * 2


def test_type_is_doubted_when_people_reject_it_for_alike_columns() -> None:
    rejected = [
        example("debtor_ref", n, "finance.account", "finance.account", sure=0.6, is_so=False)
        for n in range(12)
    ]
    layer = fit(rejected)
    (choice,) = judge_held_back(
        layer, [example("debtor_ref", 99, "finance.account", "x", sure=0.6)]
    )
    assert choice.confidence < 0.3


def test_threshold_is_learnt_when_unsure_suggestions_are_wrong() -> None:
    unsure = [
        example(name, n, "org.name", "product.name", sure=0.35)
        for n, name in enumerate(
            ["kappa", "sigma", "omega", "theta", "delta", "gamma", "zetas", "lambd"]
        )
    ]
    sure = [example(f"firm{n}", 50 + n, "org.name", "org.name", sure=0.95) for n in range(8)]
    layer = fit([*unsure, *sure])
    assert 0.35 < layer.thresholds.get("org.name", 0.0) <= 0.95


def scores(**types: int) -> Score:
    right = sum(types.values())
    return Score(right=right, wrong=100 - right, by_type=types)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (scores(a=40, b=40), scores(a=45, b=40), LearningOutcome.PROMOTED),
        (scores(a=40, b=40), scores(a=40, b=40), LearningOutcome.NO_BETTER),
        (scores(a=40, b=40), scores(a=41, b=39), LearningOutcome.NO_BETTER),
        (scores(a=40, b=40), scores(a=49, b=36), LearningOutcome.PROMOTED),
        (scores(a=40, b=40), scores(a=50, b=34), LearningOutcome.WORSE_TYPE),
    ],
)
def test_promotion_follows_the_rule_when_scores_differ(
    before: Score, after: Score, outcome: str
) -> None:
    assert decide_promotion(before, after, {"a": 50, "b": 50}) == outcome


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 20)),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 20)),
)
def test_no_counted_type_loses_much_when_promoted(
    before: dict[str, int], after: dict[str, int]
) -> None:
    counts = dict.fromkeys("abc", 20)
    if decide_promotion(scores(**before), scores(**after), counts) == LearningOutcome.PROMOTED:
        assert sum(after.values()) > sum(before.values())
        assert all(before.get(n, 0) - after.get(n, 0) <= 2 for n in "abc")


# When, and what follows


def decide_many_tables(people: People, number: int = 12) -> None:
    """A column that the judge takes for something else, in many tables, each corrected."""
    for n in range(number):
        column = make_column("debtor_ref", profile=make_profile(hits={"digits": 1.0}))
        judge_tables(people.source, make_table(f"t{n}", [column]))
    labels = Label.objects.all()
    services.decide_many(
        labels=labels, user=people.alice, kind="change", semantic_type="finance.iban"
    )


def learn() -> Learning:
    made = services.learn_if_due()
    assert made is not None
    services.learn(learning_id=made.pk)
    made.refresh_from_db()
    return made


def test_decisions_come_into_force_when_they_help(people: People) -> None:
    decide_many_tables(people)
    learnt = learn()
    assert (learnt.outcome, learnt.decisions, learnt.tables) == ("promoted", 12, 12)
    assert (learnt.right_before, learnt.right_after) == (0, 12)
    replay = Replay.objects.get()
    assert replay.then_activate
    finish_all()
    services.end_replay(replay_id=replay.pk)
    finish_all()
    column = make_column("debtor_ref", profile=make_profile(hits={"digits": 1.0}))
    judge_tables(people.source, make_table("fresh", [column]))
    label = Label.objects.get(field__dataset__name="fresh")
    assert (label.semantic_type, label.model_version) == ("finance.iban", "learned-1")
    services.roll_back(user=people.ada)
    finish_all()
    label.refresh_from_db()
    assert label.semantic_type != "finance.iban"


def test_learning_waits_when_little_is_new(people: People) -> None:
    decide_many_tables(people, 9)
    assert services.learn_if_due() is None
    Learning.objects.create(state="done", last_decision=LabelDecision.objects.latest("pk").pk)
    assert services.learn_if_due() is None


def test_learning_waits_when_the_last_was_just_now(people: People) -> None:
    decide_many_tables(people)
    last = Learning.objects.create(state="done")
    assert services.learn_if_due() is None
    Learning.objects.filter(pk=last.pk).update(
        created_at=timezone.now() - services.learning.PAUSE * 2
    )
    assert services.learn_if_due() is not None


def test_undone_decisions_count_for_nothing_when_it_is_due(people: People) -> None:
    decide_many_tables(people)
    decision = LabelDecision.objects.all()[0]
    services.undo_together(decision=decision, user=people.alice)
    assert services.learn_if_due() is None


def test_one_attempt_is_open_when_two_ask(people: People) -> None:
    services.ask_to_learn(user=people.ada)
    with pytest.raises(services.LearningOpen):
        services.ask_to_learn(user=people.ada)
    assert services.learn_if_due() is None


def test_attempt_ends_well_when_there_is_nothing_to_learn(people: People) -> None:
    made = services.ask_to_learn(user=people.ada)
    services.learn(learning_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.outcome) == ("done", "too_few")
    assert not StoredModel.objects.filter(kind="learned").exists()


def test_lost_attempt_is_taken_up_when_the_sweeper_comes(
    people: People, django_capture_on_commit_callbacks: Callable[[], Any]
) -> None:
    made = services.ask_to_learn(user=people.ada)
    Learning.objects.update(state="running", lease_until=timezone.now())
    with django_capture_on_commit_callbacks() as callbacks:
        services.sweep()
    assert len(callbacks) == 1
    services.learn(learning_id=made.pk)
    made.refresh_from_db()
    assert made.state == "done"


def test_second_worker_does_nothing_when_the_first_is_at_work(people: People) -> None:
    made = services.ask_to_learn(user=people.ada)
    Learning.objects.update(state="running", lease_until=timezone.now() + services.learning.LEASE)
    services.learn(learning_id=made.pk)
    made.refresh_from_db()
    assert made.state == "running"


def test_memory_is_bounded_when_fitted() -> None:
    layer = fit(misjudged(20))
    assert isinstance(layer, Layer)
    assert len(layer.memory) == 20
    assert learning.FOLDS == 5


# Doors


def test_only_a_role_for_everything_may_ask_when_at_the_doors(
    people: People, sign_in: SignIn
) -> None:
    url = reverse("classification:learn")
    for person in (people.alice, people.bob, people.charlie):
        with pytest.raises((PermissionMissing, NotThere)):
            services.ask_to_learn(user=person)
        assert sign_in(person).post(url).status_code in (403, 404)
        assert client_of(person).post(API).status_code in (403, 404)
    assert sign_in(people.ada).post(url).status_code == 302
    assert client_of(people.ada).post(API).status_code == 409
    assert client_of(people.bob).get(API).json()["count"] == 1
    assert client_of(people.charlie).get(API).json()["count"] == 0
    assert "Learning" in sign_in(people.bob).get(PAGE).content.decode()
