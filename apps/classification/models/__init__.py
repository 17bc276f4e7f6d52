"""Labels, what people decided about them, what they signed off, and versions of the judge."""

from __future__ import annotations

from .labels import AlikeGroup, Label, LabelDecision, LabelQuerySet, PastVerdict
from .learning import Learning
from .registry import Activation, ModelFile, Replay, ReplayChange, StoredModel
from .signoff import Attestation, AttestationQuerySet
from .teaching import (
    Lesson,
    OwnRecogniser,
    OwnRecogniserQuerySet,
    OwnType,
    TypeRating,
    TypeThreshold,
)

__all__ = [
    "Activation",
    "AlikeGroup",
    "Attestation",
    "AttestationQuerySet",
    "Label",
    "LabelDecision",
    "LabelQuerySet",
    "Learning",
    "Lesson",
    "ModelFile",
    "OwnRecogniser",
    "OwnRecogniserQuerySet",
    "OwnType",
    "PastVerdict",
    "Replay",
    "ReplayChange",
    "StoredModel",
    "TypeRating",
    "TypeThreshold",
]
