"""Makes, changes and takes back what own types look like: versions that can be restored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from apps.classification.in_force import read_definition
from apps.classification.models import OwnRecogniser, OwnType
from apps.classification.recognising import (
    Definition,
    Examples,
    check_definition,
    require_right,
)
from apps.classification.vocabulary import change_vocabulary
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid, NotThere

from .teaching import (
    TypeRetired,
    check_sensitivity,
    check_title,
    judge_anew,
    make_type,
    record_teaching,
)

if TYPE_CHECKING:
    from apps.rbac.models import User

# Of all own types together: agents get them with each run.
MOST_RECOGNISERS: Final = 50
MOST_WORDS_IN_ALL: Final = 50_000
KEPT_VERSIONS: Final = 20


class NothingTaught(DataWaveError):
    """This type has no patterns or words in force."""

    status = 409


@transaction.atomic
def make_recognised_type(
    *,
    user: User,
    title: str,
    sensitivity: str,
    personal: bool,
    definition: Definition,
    examples: Examples,
    description: str = "",
) -> OwnType:
    """Make a type of what its values and names look like.

    Raises PermissionMissing, InputInvalid, TypeNameTaken, ExamplesUnlike.
    """
    rbac.require(user, Action.DECIDE_LABELS, None)
    title = check_title(title)
    check_sensitivity(sensitivity)
    tidied = _check(definition, examples)
    made = make_type(
        title=title,
        description=description[:300],
        sensitivity=sensitivity,
        personal=personal,
        made_by=user,
    )
    transaction.on_commit(change_vocabulary)
    change_vocabulary()
    record_teaching(user, "own_type_made", {"type": made.name, "title": title})
    _put_in_force(made, user, tidied, "recogniser_saved")
    return made


@transaction.atomic
def save_recogniser(
    *, own: OwnType, user: User, definition: Definition, examples: Examples
) -> OwnRecogniser:
    """Say anew what a type looks like. Raises as make_recognised_type does, and TypeRetired."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    return _put_in_force(own, user, _check(definition, examples), "recogniser_saved")


@transaction.atomic
def replace_words(*, own: OwnType, user: User, words: Iterable[str]) -> OwnRecogniser:
    """Give a type another list of words and keep its patterns. Raises as save_recogniser does."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    held = own.recognisers.filter(retired_at=None).first()
    before = read_definition(held) if held else Definition()
    tidied = check_definition(replace(before, words=tuple(words)))
    return _put_in_force(own, user, tidied, "recogniser_saved")


@transaction.atomic
def restore_recogniser(*, own: OwnType, user: User, version: int) -> OwnRecogniser:
    """Put an earlier version in force again. Raises NotThere, TypeRetired."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    past = own.recognisers.filter(version=version).first()
    if past is None:
        raise NotThere
    return _put_in_force(own, user, read_definition(past), "recogniser_restored")


@transaction.atomic
def take_back_recogniser(*, own: OwnType, user: User) -> None:
    """Its patterns and words count no more. Raises NothingTaught."""
    rbac.require(user, Action.DECIDE_LABELS, None)
    if not own.recognisers.filter(retired_at=None).update(retired_at=timezone.now()):
        raise NothingTaught
    record_teaching(user, "recogniser_taken_back", {"type": own.name})
    judge_anew(user)


def _check(definition: Definition, examples: Examples) -> Definition:
    tidied = check_definition(definition)
    require_right(tidied, examples)
    return tidied


def _put_in_force(own: OwnType, user: User, definition: Definition, action: str) -> OwnRecogniser:
    # Locked, so that two who save at once get two versions.
    held = OwnType.objects.select_for_update().get(pk=own.pk)
    if held.retired_at:
        raise TypeRetired
    held.recognisers.filter(retired_at=None).update(retired_at=timezone.now())
    _require_room(len(definition.words))
    newest = held.recognisers.aggregate(newest=Max("version"))["newest"] or 0
    made = OwnRecogniser.objects.create(
        own_type=held,
        version=newest + 1,
        patterns=list(definition.patterns),
        words=list(definition.words),
        names=list(definition.names),
        word_count=len(definition.words),
        has_values=definition.has_values,
        least=definition.least,
        made_by=user,
    )
    held.recognisers.filter(version__lte=made.version - KEPT_VERSIONS).delete()
    record_teaching(user, action, _describe(made))
    judge_anew(user)
    return made


def _require_room(words: int) -> None:
    in_force = OwnRecogniser.objects.in_force()
    if in_force.count() >= MOST_RECOGNISERS:
        said = f"At most {MOST_RECOGNISERS} own types are told by patterns; retire one first."
        raise InputInvalid(said, field="patterns")
    held = in_force.aggregate(words=Sum("word_count"))["words"] or 0
    if held + words > MOST_WORDS_IN_ALL:
        said = f"All lists together have at most {MOST_WORDS_IN_ALL:,} words; {held:,} are taken."
        raise InputInvalid(said, field="words")


def _describe(made: OwnRecogniser) -> dict[str, object]:
    """For the audit trail: how much, never what."""
    return {
        "type": made.own_type.name,
        "version": made.version,
        "patterns": len(made.patterns),
        "words": made.word_count,
        "names": len(made.names),
        "least": made.least,
    }
