"""Numbers that pass their own checks: cards (Luhn), IBANs (mod 97), article numbers (EAN-13)."""

from __future__ import annotations

import random

from .people import fill

CARD_PATTERNS = (
    ("4000##########", "Visa"),
    ("5555##########", "Mastercard"),
    ("3782#########", "Amex"),
)
IBAN_PATTERNS = (
    "DE####################",
    "FR#########################",
    "NL##BRCK##########",
    "ES######################",
)
BICS = ("BRCKDEFFXXX", "SALTFRPP", "QUILNL2A", "TAMRESMMXXX")
_CARD_LENGTH = {"Visa": 16, "Mastercard": 16, "Amex": 15}
_LUHN_DOUBLE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn_digit(payload: str) -> str:
    """The check digit that makes payload + digit pass the Luhn test."""
    total = sum(_LUHN_DOUBLE[int(c)] for c in payload[::-2])
    total += sum(int(c) for c in payload[-2::-2])
    return str(-total % 10)


def card_number(rng: random.Random) -> tuple[str, str]:
    """A card number that passes Luhn, and its brand."""
    pattern, brand = CARD_PATTERNS[int(rng.random() * len(CARD_PATTERNS))]
    payload = fill(rng, pattern.ljust(_CARD_LENGTH[brand] - 1, "#"))
    return payload + luhn_digit(payload), brand


def iban(rng: random.Random) -> str:
    """An IBAN that passes mod 97."""
    raw = fill(rng, IBAN_PATTERNS[int(rng.random() * len(IBAN_PATTERNS))])
    country, account = raw[:2], raw[4:]
    digits = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{account}"


def ean13(rng: random.Random) -> str:
    """An article number of the range kept for in-store use."""
    payload = fill(rng, "20##########")
    total = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(payload))
    return payload + str(-total % 10)


def ssn(rng: random.Random) -> str:
    """A number of the shape of a US social security number."""
    return f"{rng.randrange(101, 650)}-{rng.randrange(11, 99)}-{rng.randrange(1001, 9999)}"


def vat_number(rng: random.Random) -> str:
    """A company's tax registration as Europe writes it."""
    return fill(rng, rng.choice(("DE#########", "GB#########", "ESB########", "PL##########")))
