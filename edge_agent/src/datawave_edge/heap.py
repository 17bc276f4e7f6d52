"""Keeps Python's collector of cycles from walking, again and again, over what never goes away."""

from __future__ import annotations

import gc
from typing import Final

# Many times Python's own: a catalogue's rows are many objects, next to none of them in cycles.
OBJECTS_BEFORE_COLLECTING: Final = 20_000


def settle_heap() -> None:
    """Leave all that is loaded by now out of every later collection; call it once at the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, *gc.get_threshold()[1:])
