"""Words for what the database counted, and for how alone the rows of a table stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {
    "api_key": ("access key", "access keys"),
    "bcrypt": ("password hash", "password hashes"),
    "card_number": ("card number", "card numbers"),
    "email": ("e-mail address", "e-mail addresses"),
    "iban": ("IBAN", "IBANs"),
    "ipv4": ("IP address", "IP addresses"),
    "jwt": ("signed token", "signed tokens"),
    "phone": ("telephone number", "telephone numbers"),
    "private_key": ("private key", "private keys"),
    "url": ("web address", "web addresses"),
    "us_ssn": ("US social security number", "US social security numbers"),
}
_WHY_NOT = {
    "timeout": "Counting rare patterns took longer than this table may take, so only its sample"
    " was looked at. Raise the seconds per table in the source's settings.",
    "budget": "The seconds for counting rare patterns were spent on other tables of the run, so"
    " only this table's sample was looked at. Raise them in the source's settings.",
    "failed": "Rare patterns could not be counted, so only the sample was looked at.",
    "unsupported": "Rare patterns can't be counted in this database or this kind of table, so only"
    " the sample was looked at. Where a table lies in partitions, they are counted instead.",
}


def describe_rare(found: Mapping[str, int]) -> list[dict[str, str]]:
    """Each pattern with its rows, the most first."""
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"code": code, "text": _tell(code, count)} for code, count in ordered]


def _tell(code: str, count: int) -> str:
    one, many = _NAMES.get(code, (code.replace("_", " "),) * 2)
    return f"{count:,} row with {one}" if count == 1 else f"{count:,} rows with {many}"


def describe_mentions(found: Mapping[str, float]) -> list[dict[str, str]]:
    """What texts mention beside other words, and how many of them do, the most first."""
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"code": code, "text": _tell_mentions(code, share)} for code, share in ordered]


def _tell_mentions(code: str, share: float) -> str:
    _, many = _NAMES.get(code, ("", code.replace("_", " ")))
    rate = "under 1%" if share < 0.01 else f"{share:.0%}"  # noqa: PLR2004 - one in a hundred
    return f"{rate} of texts mention {many}"


def describe_counting(counting: Mapping[str, Any]) -> dict[str, str] | None:
    """How much of the table the counts cover; None when nothing was to be counted."""
    if not counting:
        return None
    state, columns = counting["state"], counting["columns"]
    plural = "" if columns == 1 else "s"
    if state == "timeout" and columns:
        text = f"Counting rare patterns got through {columns} column{plural} in the time that this"
        text += " table may take; of the others only the sample was looked at. Raise the seconds"
        return {"tone": "yellow", "text": f"{text} per table in the source's settings."}
    if state in _WHY_NOT:
        return {"tone": "yellow", "text": _WHY_NOT[state]}
    looked = "every row" if state == "whole" else f"{counting['share']:.1%} of the rows"
    return {
        "tone": "gray",
        "text": f"The database looked for rare patterns in {looked} of {columns} column{plural}"
        " and told only how many rows hold one. Card numbers and IBANs have a right check digit;"
        " about one in ten random numbers of that length has one too.",
    }


def describe_anonymity(found: Mapping[str, Any]) -> dict[str, str] | None:
    """How many rows stand out by quasi-identifiers; None when that was not measured."""
    if not found:
        return None
    named = ", ".join(found["columns"])
    where = "rows" if found.get("whole") else "sampled rows"
    rate = found.get("under_rate", 0.0)
    return {
        "tone": "yellow" if rate else "gray",
        "text": f"By {named} together, {rate:.0%} of the {where} share their values with fewer"
        f" than {found['k']}; the smallest group has {found['smallest']}.",
    }
