"""Writes of classification: verdicts, decisions, sign-offs, versions of the judge."""

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
from .registry import (
    AlreadyActive,
    NothingBefore,
    PreviewNeeded,
    VersionTaken,
    activate_model,
    end_replay,
    ensure_shipped,
    moves_much,
    put_in_force,
    register_model,
    roll_back,
)
from .replaying import (
    ActiveModelReplayed,
    ReplayClosed,
    ReplayOpen,
    advance_replay,
    cancel_replay,
    start_preview,
    wake_replays,
)
from .signing import AlreadyWithdrawn, NothingToSign, attest, withdraw_attestation
from .sweeping import sweep

__all__ = [
    "MAX_AT_ONCE",
    "ActiveModelReplayed",
    "AlreadyActive",
    "AlreadyWithdrawn",
    "DecisionSuperseded",
    "DecisionUndone",
    "NothingBefore",
    "NothingToAccept",
    "NothingToSign",
    "PreviewNeeded",
    "ReplayClosed",
    "ReplayOpen",
    "TooManyLabels",
    "VersionTaken",
    "activate_model",
    "advance_replay",
    "attest",
    "cancel_replay",
    "decide_label",
    "decide_many",
    "end_replay",
    "ensure_shipped",
    "judge_batch",
    "moves_much",
    "put_in_force",
    "register_model",
    "roll_back",
    "settle_run",
    "start_preview",
    "store_verdicts",
    "sweep",
    "take_back_run",
    "undo_decision",
    "undo_many",
    "undo_together",
    "wake_replays",
    "withdraw_attestation",
]
