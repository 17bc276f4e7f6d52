"""Finds what free text mentions inside: an address, a number, a link."""

from __future__ import annotations

import re
from typing import Final

from .network import EMAIL, IPV4
from .numbers import PHONE, is_card_number, is_iban, is_us_ssn

# A quick look that most texts fail, so that the patterns below run on few.
_WORTH: Final = re.compile(r"@|://|www\.|\d{3}")
_EMAIL: Final = re.compile(EMAIL)
_URL: Final = re.compile(r"(?:https?|ftp)://[^\s]{2,}|www\.[^\s.]+\.[^\s]{2,}", re.IGNORECASE)
_IPV4: Final = re.compile(rf"(?<![\d.]){IPV4}(?![\d.])")
_SSN: Final = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_PHONE: Final = re.compile(rf"(?<![\w.+-])(?:{PHONE})(?![\w-])")
_CARD: Final = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")


def find_mentions(text: str) -> set[str]:
    """Names of what the text mentions."""
    if not _WORTH.search(text):
        return set()
    found = {name for name, pattern in _PLAIN if pattern.search(text)}
    found |= {name for name, pattern, proof in _PROVEN if any(map(proof, pattern.findall(text)))}
    # The digits of a card or an account can look like a phone's.
    if "phone" in found and found & {"card_number", "iban"}:
        rest = _CARD.sub(" ", _IBAN.sub(" ", text))
        return found if _PHONE.search(rest) else found - {"phone"}
    return found


_PLAIN: Final = (("email", _EMAIL), ("url", _URL), ("ipv4", _IPV4), ("phone", _PHONE))
_PROVEN: Final = (
    ("card_number", _CARD, is_card_number),
    ("iban", _IBAN, is_iban),
    ("us_ssn", _SSN, is_us_ssn),
)
