"""Writes of classification: verdicts, decisions and sign-offs."""

from __future__ import annotations

from .deciding import (
    MAX_AT_ONCE,
    DecisionSuperseded,
    DecisionUndone,
    NothingToAccept,
    TooManyLabels,
    decide_label,
    decide_many,
    undo_decision,
    undo_many,
    undo_together,
)
from .judging import judge_batch, settle_run, store_verdicts, take_back_run
from .signing import AlreadyWithdrawn, NothingToSign, attest, withdraw_attestation

__all__ = [
    "MAX_AT_ONCE",
    "AlreadyWithdrawn",
    "DecisionSuperseded",
    "DecisionUndone",
    "NothingToAccept",
    "NothingToSign",
    "TooManyLabels",
    "attest",
    "decide_label",
    "decide_many",
    "judge_batch",
    "settle_run",
    "store_verdicts",
    "take_back_run",
    "undo_decision",
    "undo_many",
    "undo_together",
    "withdraw_attestation",
]
