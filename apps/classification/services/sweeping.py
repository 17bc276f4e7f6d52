"""What the sweeper looks after here."""

from __future__ import annotations

from .learning import wake_learning
from .replaying import wake_replays


def sweep() -> None:
    """Work that was lost with its task or its worker is given again."""
    wake_replays()
    wake_learning()
