"""Learns from decisions in the background, and promotes what does better."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from apps.classification.active import find_active, open_judge
from apps.classification.judge import Judge, judge_all
from apps.classification.layer import MOST_REMEMBERED, Choice, Layer, pack_layer, unpack_layer
from apps.classification.learning import Example, Trial, try_learning
from apps.classification.model.store import ModelRefused
from apps.classification.model_files import keep_parts, place_file, read_parts
from apps.classification.models import Label, LabelDecision, Learning, StoredModel
from apps.classification.signals import learning_due
from apps.classification.tables import read_table
from apps.classification.types import (
    DECIDED_STATES,
    OPEN_REPLAY_STATES,
    DecisionKind,
    LabelState,
    LearningOutcome,
    ModelKind,
    ReplayState,
)
from apps.discovery.selectors import load_tables
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError

from .registry import ensure_shipped
from .replaying import ReplayOpen, start_preview

if TYPE_CHECKING:
    from apps.rbac.models import User

# So many new decisions, and so long after the last time: people decide in bursts.
ENOUGH_NEW: Final = 10
PAUSE: Final = dt.timedelta(minutes=2)
MOST_EXAMPLES: Final = 5_000
LEASE: Final = dt.timedelta(minutes=15)
_CHUNK: Final = 25


class LearningOpen(DataWaveError):
    """Decisions are being learnt from at this moment."""

    status = 409


def ask_to_learn(*, user: User) -> Learning:
    """Learn now. Raises PermissionMissing, NotThere, LearningOpen."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    if (made := _open(user)) is None:
        raise LearningOpen
    rbac.record_audit(actor=user, action="learning_asked", scope=None, detail={})
    return made


def learn_if_due() -> Learning | None:
    """Learn when enough decisions came together and the last time is a while ago."""
    last = Learning.objects.first()
    if last and (last.is_open or last.created_at > timezone.now() - PAUSE):
        return None
    new = LabelDecision.objects.filter(pk__gt=last.last_decision if last else 0)
    if new.exclude(kind=DecisionKind.UNDO).filter(undone_at=None).count() < ENOUGH_NEW:
        return None
    return _open(None)


def _open(user: User | None) -> Learning | None:
    """A new attempt, unless one is open: the database allows one."""
    try:
        with transaction.atomic():
            made = Learning.objects.create(asked_by=user)
    except IntegrityError:
        return None
    announce(learning_due, Learning, learning=made)
    return made


def wake_learning() -> None:
    """An attempt that nobody works on, and decisions that nobody has learnt from."""
    now = timezone.now()
    waited = now - dt.timedelta(seconds=5)
    lost = Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=waited)
    for learning in Learning.objects.filter(lost, state__in=OPEN_REPLAY_STATES):
        announce(learning_due, Learning, learning=learning)
    learn_if_due()


# The work


def learn(*, learning_id: int) -> None:
    """Learn, measure, and start the way into force of what is better."""
    now = timezone.now()
    rows = Learning.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        pk=learning_id,
        state__in=OPEN_REPLAY_STATES,
    )
    if rows.update(state=ReplayState.RUNNING, lease_until=now + LEASE) != 1:
        return
    try:
        _learn(Learning.objects.get(pk=learning_id))
    except ModelRefused as refused:
        _end(learning_id, state=ReplayState.FAILED, error=str(refused)[:300])


def _learn(learning: Learning) -> None:
    last = LabelDecision.objects.aggregate(last=Max("pk"))["last"] or 0
    base, layer = _find_base()
    examples = list(gather_examples(open_judge(base)))
    trial = try_learning(examples, layer)
    with transaction.atomic():
        model = _store(trial, base, len(examples)) if _is_worth_storing(trial) else None
        _note(learning, trial, examples, last, model)
        if model and trial.outcome == LearningOutcome.PROMOTED:
            _promote(model)


def _find_base() -> tuple[StoredModel, Layer | None]:
    """The trained version under the one in force, and what decisions taught on top of it."""
    active = find_active()
    if active is None or active.kind != ModelKind.LEARNED or active.base is None:
        return active or ensure_shipped(), None
    return active.base, unpack_layer(*read_parts(place_file(active.file.sha256)))


def gather_examples(base: Judge) -> Iterator[Example]:
    """Decisions that stand, with what a judge says of their columns from the stored profiles."""
    labels = Label.objects.filter(
        state__in=DECIDED_STATES, likeness__isnull=False, field__state="active"
    ).exclude(semantic_type="")
    rows = labels.select_related("field").order_by("-decided_at", "-pk")
    decided = {row.field_id: row for row in rows[: min(MOST_EXAMPLES, MOST_REMEMBERED)]}
    ids = sorted({row.field.dataset_id for row in decided.values()})
    for start in range(0, len(ids), _CHUNK):
        tables = load_tables(ids[start : start + _CHUNK])
        judged = judge_all(base, [read_table(table.snapshot) for table in tables])
        for table, verdicts in zip(tables, judged, strict=True):
            for verdict in verdicts:
                label = decided.get(table.field_ids.get(verdict.column, 0))
                if label is not None:
                    said = Choice(verdict.semantic_type, verdict.confidence)
                    yield _make_example(label, said, table.dataset_id)


def _make_example(label: Label, said: Choice, dataset_id: int) -> Example:
    return Example(
        likeness=bytes(label.likeness or b""),
        dataset_id=dataset_id,
        said=said,
        semantic_type=label.semantic_type,
        is_so=label.state != LabelState.REJECTED,
    )


def _is_worth_storing(trial: Trial) -> bool:
    return trial.outcome in (LearningOutcome.PROMOTED, LearningOutcome.WORSE_TYPE)


def _store(trial: Trial, base: StoredModel, number: int) -> StoredModel:
    kept = keep_parts(*pack_layer(trial.layer))
    if found := StoredModel.objects.filter(file=kept, base=base).first():
        return found
    learned = StoredModel.objects.filter(kind=ModelKind.LEARNED).count() + 1
    return StoredModel.objects.create(
        version=f"learned-{learned}",
        kind=ModelKind.LEARNED,
        base=base,
        file=kept,
        size=kept.size,
        figures={"shown": _show(trial, number), "thresholds": dict(trial.layer.thresholds)},
        note=LearningOutcome(trial.outcome).label,
    )


def _show(trial: Trial, number: int) -> dict[str, str]:
    return {
        "Decisions": str(number),
        "Right before": f"{trial.before.right / number:.0%}",
        "Right after": f"{trial.after.right / number:.0%}",
    }


def _note(
    learning: Learning,
    trial: Trial,
    examples: Sequence[Example],
    last: int,
    model: StoredModel | None,
) -> None:
    _end(
        learning.pk,
        state=ReplayState.DONE,
        outcome=trial.outcome,
        last_decision=last,
        decisions=len(examples),
        tables=len({each.dataset_id for each in examples}),
        right_before=trial.before.right,
        right_after=trial.after.right,
        wrong_before=trial.before.wrong,
        wrong_after=trial.after.wrong,
        types={
            name: [count, trial.before.by_type.get(name, 0), trial.after.by_type.get(name, 0)]
            for name, count in sorted(trial.counts.items())
        },
        model=model,
    )


def _end(learning_id: int, **fields: Any) -> None:
    Learning.objects.filter(pk=learning_id).update(
        finished_at=timezone.now(), lease_until=None, **fields
    )


def _promote(model: StoredModel) -> None:
    try:
        start_preview(model=model, user=None, then_activate=True)
    except ReplayOpen:
        return  # Somebody looks at it already and will decide.
