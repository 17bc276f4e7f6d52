"""Labels, what people decided about them, and what they signed off."""

from __future__ import annotations

from .labels import AlikeGroup, Label, LabelDecision, LabelQuerySet, PastVerdict
from .signoff import Attestation, AttestationQuerySet

__all__ = [
    "AlikeGroup",
    "Attestation",
    "AttestationQuerySet",
    "Label",
    "LabelDecision",
    "LabelQuerySet",
    "PastVerdict",
]
