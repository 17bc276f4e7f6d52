"""The judge that is in force."""

from __future__ import annotations

from typing import Final

from .judge import Judge
from .model.opening import ShippedJudge

SHIPPED: Final = ShippedJudge()


def current_judge() -> Judge:
    """The judge whose verdicts count."""
    return SHIPPED
