"""Sends signals after commit; a receiver that fails is logged and spoils nothing for the others."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal


def announce(signal: Signal, sender: Any, **facts: Any) -> None:
    """Tell the receivers once the change that they hear of is committed."""

    def send() -> None:
        signal.send_robust(sender, **facts)

    transaction.on_commit(send)
