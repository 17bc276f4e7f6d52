"""Recognisers of dates and times."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from .gate import recogniser

_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?")
_STAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](?:[01]\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
    r"(?: ?(?:Z|UTC|[+-]\d{2}(?::?\d{2}){0,2}))?"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_OTHER = re.compile(
    rf"(\d{{1,2}})[/.](\d{{1,2}})[/.](?:\d{{4}}|\d{{2}})|\d{{4}}/\d{{1,2}}/\d{{1,2}}"
    rf"|\d{{1,2}}[- ]{_MONTHS}[- ,]+\d{{2,4}}|{_MONTHS} \d{{1,2}},? \d{{4}}"
    rf"|(?:19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    re.IGNORECASE,
)


def parse_day(value: str) -> dt.date | None:
    """The day of an ISO date or timestamp; None when there is none."""
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        return None


@recogniser("date_iso", low=10, high=10, needs="9-", only="9-", looks="9{4}-99-99")
def is_date_iso(value: str) -> bool:
    return _ISO.fullmatch(value) is not None and parse_day(value) is not None


@recogniser("datetime_iso", low=16, high=40, needs="9-:", looks=r"9{4}-99-99[A ][9:]{5,8}.*")
def is_datetime_iso(value: str) -> bool:
    return _STAMP.fullmatch(value) is not None and parse_day(value) is not None


@recogniser(
    "date_other",
    low=6,
    high=20,
    needs="9",
    only="9/.-a ,",
    looks=r"9{1,2}[/.]9{1,2}[/.](?:9{4}|99)|9{4}/9{1,2}/9{1,2}|9{8}"
    r"|9{1,2}[- ][Aa]+[- ,]+9{2,4}|[Aa]+ 9{1,2},? 9{4}",
)
def is_date_other(value: str) -> bool:
    found = _OTHER.fullmatch(value)
    if found is None or found[1] is None:
        return found is not None
    first, second = int(found[1]), int(found[2])
    return 1 <= min(first, second) <= 12 and 1 <= max(first, second) <= 31  # noqa: PLR2004  # months and days


@recogniser("time", low=4, high=18, needs="9:", looks=r"9{1,2}:99.*")
def is_time(value: str) -> bool:
    return _TIME.fullmatch(value) is not None
