"""The judge that works by rules: each column alone first, then all of a table together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apps.classification.judge import Evidence, TableFacts, Verdict
from apps.classification.taxonomy import KEY_TYPES, find_type, sensitivity_of
from apps.classification.types import SENSITIVITY_RANK, Sensitivity

from . import wording
from .columns import Column, read_column
from .context import add_context
from .names import names_person, split_words
from .scoring import Scores, confidence_of, rank, score_column
from .subject import ORGANISATIONS, PEOPLE, THINGS, Subject, judge_subject, points_at_person

ABSTAIN_BELOW: Final = 0.35
_TEMPERATURE: Final = 1.0
_MOST_WITHOUT_VALUES: Final = 0.7
_MOST: Final = 0.99
_MENTIONS: Final = ("email", "phone", "card_number", "iban", "us_ssn")
_FEW_MENTIONS: Final = 0.01
_SOME_MENTIONS: Final = 0.05
# Names of texts that are about the person of the row.
_NOTES: Final = frozenset(
    ["bio", "biography", "clinical", "comment", "comments", "complaint", "feedback", "interaction",
     "interactions", "medical", "message", "messages", "narrative", "note", "notes", "observation",
     "observations", "remark", "remarks", "review", "reviews", "transcript"]
)  # fmt: skip
_REASONS: Final = 6


class RuleJudge:
    """Judges by names, recognisers and siblings; needs no training."""

    version = "rules-2"

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        columns = [read_column(each, table.references.get(each.name, "")) for each in table.columns]
        scores = {column.name: score_column(column, table.name) for column in columns}
        subject = judge_subject(table, _best_types(scores))
        for column in columns:
            add_context(column, scores[column.name], subject, columns)
        types = _best_types(scores)
        subject = judge_subject(table, types)
        return [_conclude(column, scores[column.name], subject, types) for column in columns]


def _best_types(scores: Mapping[str, Scores]) -> dict[str, str]:
    return {name: rank(each)[0][0] for name, each in scores.items()}


def _conclude(
    column: Column, scores: Scores, subject: Subject, types: Mapping[str, str]
) -> Verdict:
    confidence = min(_MOST, confidence_of(scores, _TEMPERATURE))
    if not column.filled:
        confidence = min(_MOST_WITHOUT_VALUES, confidence)
    kind = types[column.name] if confidence >= ABSTAIN_BELOW else ""
    return conclude(column, kind, confidence, scores, subject, types)


def conclude(  # noqa: PLR0917 - all that is known of a column
    column: Column,
    kind: str,
    confidence: float,
    scores: Scores,
    subject: Subject,
    types: Mapping[str, str],
) -> Verdict:
    """The verdict on a column whose type was chosen, with what the rules can say of it."""
    personal = is_personal(column, kind, subject)
    return Verdict(
        column=column.name,
        semantic_type=kind,
        confidence=round(confidence, 4),
        sensitivity=_sensitivity(column, kind, personal=personal, types=types),
        personal=personal,
        evidence=tuple(_gather(column, kind, scores, subject)),
    )


def is_personal(column: Column, kind: str, subject: Subject) -> bool:
    """Whether the column holds data about a person, which its table may decide."""
    found = find_type(kind)
    if found is None:
        return False
    if kind in KEY_TYPES:
        return _is_key_of_person(column, subject)
    if kind == "data.json":
        return mentions_people(column, _SOME_MENTIONS, but="phone")
    if kind == "text.free":
        return mentions_people(column) or (subject.about_people and _names_notes(column))
    if kind.startswith("contact."):
        return _is_contact_of_person(column, subject)
    return found.personal or (found.contextual and subject.about_people)


def _names_notes(column: Column) -> bool:
    """Notes on a person are about the person; other texts in such a table need not be."""
    return not _NOTES.isdisjoint(split_words(column.name))


def _is_key_of_person(column: Column, subject: Subject) -> bool:
    own_key = subject.kind == PEOPLE and column.is_key and not column.references
    return own_key or points_at_person(column.name, column.references)


def _is_contact_of_person(column: Column, subject: Subject) -> bool:
    """The phone of a shop is the shop's; that of its manager is a person's."""
    if subject.kind not in (ORGANISATIONS, THINGS) or subject.about_people:
        return True
    if subject.with_contacts:
        return True
    return names_person(split_words(column.name))


def mentions_people(column: Column, least: float = _FEW_MENTIONS, but: str = "") -> bool:
    """Whether texts or documents mention means of reaching or naming a person."""
    found = column.profile.mentions
    return any(found.get(name, 0.0) >= least for name in _MENTIONS if name != but)


def _sensitivity(column: Column, kind: str, *, personal: bool, types: Mapping[str, str]) -> str:
    level = sensitivity_of(kind, personal=personal)
    if kind == "text.free" and personal and _is_clinical(column, types):
        return Sensitivity.RESTRICTED.value
    return max(level, Sensitivity.PUBLIC.value, key=SENSITIVITY_RANK.__getitem__)


def _is_clinical(column: Column, types: Mapping[str, str]) -> bool:
    words = set(split_words(column.name))
    return bool(words & {"clinical", "medical", "health", "patient", "therapy"}) or any(
        kind.startswith("health.") for kind in types.values()
    )


def _gather(column: Column, kind: str, scores: Scores, subject: Subject) -> list[Evidence]:
    if not kind:
        return [wording.tell(-1.0, "Nothing speaks clearly for one type")]
    found = scores[kind].reasons if kind in scores else []
    reasons = sorted(found, key=lambda each: -each.weight)[:_REASONS]
    reasons += _tell_rival(kind, scores)
    if kind in ("text.free", "data.json"):
        reasons += [
            wording.tell_mention(name, rate) for name, rate in column.profile.mentions.items()
        ]
    about = find_type(kind)
    if about and kind not in KEY_TYPES and (about.contextual or kind.startswith("contact.")):
        weight = 0.5 if is_personal(column, kind, subject) else -0.5
        reasons.append(wording.tell(weight, _tell_subject(subject)))
    if not column.filled:
        reasons.append(wording.tell(-1.0, "There were no values to look at"))
    return reasons


def _tell_subject(subject: Subject) -> str:
    if subject.kind == PEOPLE:
        return "The table's rows are people"
    about = "about people" if subject.about_people else "not about people"
    if subject.with_contacts:
        about = "naming contacts"
    return f"The table's rows are {subject.kind}, {about}"


def _tell_rival(kind: str, scores: Scores) -> list[Evidence]:
    """The type that the name alone would have given, and what spoke against it."""
    named = [
        (each, score)
        for each, score in scores.items()
        if each != kind and any("name speaks" in reason.text for reason in score.reasons)
    ]
    against = [
        wording.tell(-reason.weight, f"Not {wording.tell_title(each)}: {reason.text}")
        for each, score in named
        for reason in score.reasons
        if not reason.supports
    ]
    return sorted(against, key=lambda each: -each.weight)[:2]
