"""Semantic types, sensitivity, states of labels, and what people decide."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices


class Sensitivity(TextChoices):
    """How much harm the data could do; ordered by SENSITIVITY_RANK."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    RESTRICTED = "restricted", "Restricted"


SENSITIVITY_RANK: dict[str, int] = {level.value: rank for rank, level in enumerate(Sensitivity)}


class LabelState(TextChoices):
    """Where a label stands; the last three were decided by a person and stick."""

    SUGGESTED = "suggested", "Suggested"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Rejected"
    CHANGED = "changed", "Changed"


DECIDED_STATES = (LabelState.CONFIRMED, LabelState.REJECTED, LabelState.CHANGED)
# States in which a label says what the column means.
STANDING_STATES = (LabelState.SUGGESTED, LabelState.CONFIRMED, LabelState.CHANGED)


class DecisionKind(TextChoices):
    """What a person did to a label."""

    ACCEPT = "accept", "Accepted"
    REJECT = "reject", "Rejected"
    CHANGE = "change", "Changed"
    UNDO = "undo", "Undone"


@dataclass(frozen=True, kw_only=True)
class SemanticType:
    """One meaning that a column can have."""

    name: str
    title: str
    group: str
    sensitivity: str
    # True when such data is always about a person.
    personal: bool
    # True when it is about a person only where the rows of its table are people.
    contextual: bool
    # Fideslang data categories.
    categories: tuple[str, ...]
    description: str
    # What it is a kind of, and what schema.org and Google call it.
    node: str = "any"
    schema_org: str = ""
    info_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypeNode:
    """A place in the tree of types; the topmost has no parent."""

    name: str
    title: str
    parent: str


@dataclass(frozen=True, kw_only=True)
class LabelFacts:
    """What a label says of a field to those who depend on it."""

    semantic_type: str
    sensitivity: str
    personal: bool
    confidence: float
    state: str
    # Empty where the field is not about a person.
    categories: tuple[str, ...]


class ModelKind(TextChoices):
    """Where a version of the judge comes from."""

    SHIPPED = "shipped", "Shipped"
    TRAINED = "trained", "Trained"
    LEARNED = "learned", "Learned from decisions"


class ReplayKind(TextChoices):
    """Whether a replay only looks or writes."""

    PREVIEW = "preview", "Preview"
    APPLY = "apply", "Applying"


class ReplayState(TextChoices):
    """How far a replay is."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_REPLAY_STATES = (ReplayState.WAITING, ReplayState.RUNNING)


class LearningOutcome(TextChoices):
    """What became of what was learnt."""

    PROMOTED = "promoted", "Better: put in force when its preview is done"
    NO_BETTER = "no_better", "No better than what is in force"
    WORSE_TYPE = "worse_type", "Better, but a type got clearly worse"
    TOO_FEW = "too_few", "Too few decisions to learn from"


class LessonKind(TextChoices):
    """What was taught about columns like some."""

    LIKE = "like", "Such columns are of this type"
    NEVER = "never", "Such columns are never of this type"
