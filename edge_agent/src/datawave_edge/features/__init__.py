"""Features: what a value looks like, told without the value.

VERSION rises when a recogniser or a measure changes its meaning, so that stored profiles can be
told apart.
"""

from __future__ import annotations

from typing import Final

from .mentions import find_mentions
from .rating import rate, rate_hits
from .recognisers import RECOGNISERS, recognise

__all__ = ["RECOGNISERS", "VERSION", "find_mentions", "rate", "rate_hits", "recognise"]

VERSION: Final = 2
