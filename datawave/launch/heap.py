"""Keeps Python's collector of cycles from walking, again and again, over what never goes away."""

from __future__ import annotations

import gc

# Ten times Python's own: a batch makes some 100,000 objects, next to none of them in cycles.
OBJECTS_BEFORE_COLLECTING = 10_000


def settle_heap() -> None:
    """Leave all that is loaded by now out of every later collection; call it once at the start.

    Else a sixth of the CPU of a large run goes into collecting.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, *gc.get_threshold()[1:])
