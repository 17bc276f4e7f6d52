"""Recognisers of numbers with a meaning, most of them by their check digits."""

from __future__ import annotations

import re
from typing import Final

from .gate import recogniser

PHONE: Final = (
    r"(?:\+|00)\d{1,3}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d(?:[ ./-]?\d){5,12}"
    r"|(?:\(\d{2,5}\)|\d{3}[.-])[ ]?\d{3}[ .-]?\d{3,4}"
    r"|0\d{1,4}[ /.-]\d{2,4}(?:[ .-]?\d{2,4}){1,3}"
)
_PHONE = re.compile(rf"(?:tel[.:]? ?)?(?:{PHONE})(?: ?(?:x|ext\.?) ?\d{{1,6}})?", re.IGNORECASE)
_CARD_START = re.compile(
    r"4|5[1-5]|2[2-7]|3[47]|6(?:011|4[4-9]|5)|3(?:0[0-5]|[689])|35|62|50|5[6-8]|63|67"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_INTEGER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)")
_DECIMAL = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?[.]\d+(?:[eE][+-]?\d+)?|[+-]?\d+,\d{1,6}")
_PERCENT = re.compile(r"[+-]?\d{1,6}(?:[.,]\d+)? ?%")
_AMOUNT: Final = r"\d{1,3}(?:[., ’']?\d{3})*(?:[.,]\d{1,2})?"
_SIGN: Final = r"(?:[$€£¥₹₽₩₺₪฿]|R\$|US\$|zł|kr|CHF|USD|EUR|GBP)"
_MONEY = re.compile(rf"-?{_SIGN} ?-?{_AMOUNT}|-?{_AMOUNT} ?{_SIGN}")
_EXPIRY = re.compile(r"(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?\d{2}")
_COORDINATE = re.compile(r"[+-]?(\d{1,3})\.\d{3,}")
_PAIR = re.compile(r"\(?([+-]?\d{1,2}\.\d{2,}),? ?([+-]?\d{1,3}\.\d{2,})\)?")
_SEPARATORS: Final = str.maketrans("", "", " -")

_IBAN_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VG": 24, "XK": 20,
}  # fmt: skip
_VIN_VALUES: Final = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ0123456789",
        map(int, "123456781234579234567890123456789"),
        strict=True,
    )
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def has_luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the rest."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        number = int(char) * (2 if index % 2 else 1)
        total += number - 9 if number > 9 else number  # noqa: PLR2004 - sum of two digits
    return total % 10 == 0


@recogniser("phone", low=8, high=32, needs="9", looks=r"(?:[^9]*9){7,22}[^9]*")
def is_phone(value: str) -> bool:
    """A number written as a phone number; plain digits alone are none."""
    return _PHONE.fullmatch(value) is not None


@recogniser("card_number", low=13, high=23, needs="9", only="9 -", looks=r"9(?:[ -]?9){12,18}")
def is_card_number(value: str) -> bool:
    digits = value.translate(_SEPARATORS)
    if not digits.isdecimal() or not 13 <= len(digits) <= 19:  # noqa: PLR2004  # the format's own figure
        return False
    return _CARD_START.match(digits) is not None and len(set(digits)) > 1 and has_luhn(digits)


@recogniser("iban", low=15, high=42, needs="9a", only="9a -", looks=r"[Aa]{2}[ -]?99.*")
def is_iban(value: str) -> bool:
    compact = value.translate(_SEPARATORS).upper()
    if len(compact) != _IBAN_LENGTHS.get(compact[:2]) or not _IBAN.fullmatch(compact):
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


@recogniser("bic", low=8, high=11, needs="a", only="a9", looks=r"A{6}[A9]{2}(?:[A9]{3})?")
def is_bic(value: str) -> bool:
    return (
        len(value) in (8, 11) and _BIC.fullmatch(value) is not None and value[4:6] in _BIC_COUNTRIES
    )


@recogniser("us_ssn", low=11, high=11, needs="9-", only="9-", looks="999-99-9999")
def is_us_ssn(value: str) -> bool:
    return _SSN.fullmatch(value) is not None


@recogniser("vin", low=17, high=17, needs="9a", only="9a", looks="[A9]+")
def is_vin(value: str) -> bool:
    if not _VIN.fullmatch(value):
        return False
    total = sum(
        _VIN_VALUES[char] * weight for char, weight in zip(value, _VIN_WEIGHTS, strict=True)
    )
    return value[8] == "0123456789X"[total % 11]


@recogniser("isbn", low=10, high=17, needs="9", only="9a -", looks=r"9[9 -]+A?")
def is_isbn(value: str) -> bool:
    digits = value.translate(_SEPARATORS)
    if len(digits) == 13:  # noqa: PLR2004  # the format's own figure
        return digits.startswith(("978", "979")) and has_ean_check(digits)
    if len(digits) != 10 or not digits[:9].isdecimal() or digits[9] not in "0123456789X":  # noqa: PLR2004  # the format's own figure
        return False
    total = sum((10 - index) * "0123456789X".index(char) for index, char in enumerate(digits))
    return total % 11 == 0


@recogniser("ean", low=8, high=13, needs="9", only="9")
def is_ean(value: str) -> bool:
    return len(value) in (8, 12, 13) and has_ean_check(value) and len(set(value)) > 2  # noqa: PLR2004  # the format's own figure


def has_ean_check(digits: str) -> bool:
    """Whether the last digit is the check digit of an article number."""
    if not digits.isascii() or not digits.isdecimal():
        return False
    total = sum(int(char) * (3 if index % 2 else 1) for index, char in enumerate(reversed(digits)))
    return total % 10 == 0


@recogniser(
    "integer", high=40, needs="9", only="9+-,", certain=True, looks=r"[+-]?(?:9+|9{1,3}(?:,9{3})+)"
)
def is_integer(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None


@recogniser(
    "decimal", low=2, high=60, needs="9", only="9+-,.a", looks=r"[+-]?[9,]*[.,]9+(?:[aA][+-]?9+)?"
)
def is_decimal(value: str) -> bool:
    return _DECIMAL.fullmatch(value) is not None


@recogniser("percent", low=2, high=16, needs="9%", only="9%.,+- ")
def is_percent(value: str) -> bool:
    return _PERCENT.fullmatch(value) is not None


@recogniser("money", low=2, high=30, needs="9", one_of="$*a")
def is_money(value: str) -> bool:
    return not value.isdecimal() and _MONEY.fullmatch(value) is not None


@recogniser(
    "credit_card_expiry", low=5, high=9, needs="9", only="9/- ", looks=r"99 ?[/-] ?(?:99|9999)"
)
def is_card_expiry(value: str) -> bool:
    return _EXPIRY.fullmatch(value) is not None


@recogniser("cvv_like", low=3, high=4, needs="9", only="9", certain=True, looks="9{3,4}")
def is_cvv_like(value: str) -> bool:
    return value.isascii() and value.isdecimal()


@recogniser("latitude", low=5, high=24, needs="9.", only="9.+-", looks=r"[+-]?9{1,2}\.9{3,}")
def is_latitude(value: str) -> bool:
    found = _COORDINATE.fullmatch(value)
    return found is not None and abs(float(value)) <= 90  # noqa: PLR2004  # the format's own figure


@recogniser("longitude", low=5, high=24, needs="9.", only="9.+-", looks=r"[+-]?9{1,3}\.9{3,}")
def is_longitude(value: str) -> bool:
    found = _COORDINATE.fullmatch(value)
    return found is not None and abs(float(value)) <= 180  # noqa: PLR2004  # the format's own figure


@recogniser(
    "lat_lon_pair", low=9, high=60, needs="9.", only="9.+-, ()", looks=r"\(?[+-]?9{1,2}\.9{2,}.+"
)
def is_lat_lon_pair(value: str) -> bool:
    found = _PAIR.fullmatch(value)
    if found is None:
        return False
    return abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180  # noqa: PLR2004  # the format's own figure


_BIC_COUNTRIES: Final = frozenset(_IBAN_LENGTHS) | frozenset(
    [
        "US",
        "CA",
        "MX",
        "AU",
        "NZ",
        "JP",
        "CN",
        "HK",
        "SG",
        "IN",
        "ID",
        "TH",
        "MY",
        "PH",
        "KR",
        "TW",
        "VN",
        "ZA",
        "NG",
        "KE",
        "MA",
        "AR",
        "CL",
        "CO",
        "PE",
        "UY",
        "RU",
    ]
)
