"""Finds what free text mentions inside: an address, a number, a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from .network import EMAIL, IPV4
from .numbers import PHONE, is_card_number, is_iban, is_us_ssn

# A quick look that most texts fail, so that the patterns below run on few.
_WORTH: Final = re.compile(r"\d{3}")
_EMAIL: Final = re.compile(EMAIL)
_URL: Final = re.compile(r"(?:https?|ftp)://[^\s]{2,}|www\.[^\s.]+\.[^\s]{2,}", re.IGNORECASE)
_IPV4: Final = re.compile(rf"(?<![\d.]){IPV4}(?![\d.])")
_SSN: Final = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_PHONE: Final = re.compile(rf"(?<![\w.+-])(?:{PHONE})(?![\w-])")
_CARD: Final = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")


def find_mentions(text: str) -> set[str]:
    """Names of what the text mentions."""
    if not _is_worth(text):
        return set()
    found = {name for name, may, pattern in _PLAIN if may(text) and pattern.search(text)}
    found |= {name for name, pattern, proof in _PROVEN if any(map(proof, pattern.findall(text)))}
    # The digits of a card or an account can look like a phone's.
    if "phone" in found and found & {"card_number", "iban"}:
        rest = _CARD.sub(" ", _IBAN.sub(" ", text))
        return found if _PHONE.search(rest) else found - {"phone"}
    return found


def _is_worth(text: str) -> bool:
    return "@" in text or "://" in text or "www." in text or _WORTH.search(text) is not None


def _may_link(text: str) -> bool:
    return "://" in text or "www." in text.lower()


def _has_dots(text: str) -> bool:
    return text.count(".") >= 3  # noqa: PLR2004 - between four numbers


# Before each pattern what it cannot do without, which is quicker to look for.
_PLAIN: Final[tuple[tuple[str, Callable[[str], bool], re.Pattern[str]], ...]] = (
    ("email", lambda text: "@" in text, _EMAIL),
    ("url", _may_link, _URL),
    ("ipv4", _has_dots, _IPV4),
    ("phone", lambda _: True, _PHONE),
)
_PROVEN: Final = (
    ("card_number", _CARD, is_card_number),
    ("iban", _IBAN, is_iban),
    ("us_ssn", _SSN, is_us_ssn),
)
