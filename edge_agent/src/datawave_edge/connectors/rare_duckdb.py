"""The counting pass on DuckDB: one scan in SQL, with patterns that its RE2 can run.

RE2 looks neither ahead nor behind, so each pattern is written anew: what may not stand beside a
value is matched along with it, and the value itself is the first group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .contract import TableShape
from .duckdb_session import literal
from .rare import CARD_RANGES, DIGITS, LIKES, PARTS, SHORTEST, SIGNS, TEXTS, RareTest, by_column

_CARD: Final = (
    r"(?:^|[^0-9A-Za-z_.-])((?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|65[0-9]{2})"
    r"(?:[ -]?[0-9]{4}){3}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}))(?:[^0-9A-Za-z_-]|$)"
)
_IBAN: Final = (
    r"(?:^|[^A-Za-z0-9])([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)"
    r"(?:[^A-Za-z0-9]|$)"
)
_SSN: Final = (
    r"(?:^|[^0-9-])(?:00[1-9]|0[1-9][0-9]|[1-578][0-9]{2}|6[0-57-9][0-9]|66[0-57-9])"
    r"-(?:0[1-9]|[1-9][0-9])-(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})(?:[^0-9-]|$)"
)
PATTERNS: Final = {
    "api_key": r"AKIA[0-9A-Z]{16}|[rs]k_live_[0-9A-Za-z]{16,}|ghp_[0-9A-Za-z]{36}",
    "bcrypt": r"\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}",
    "card_number": _CARD,
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "iban": _IBAN,
    "jwt": r"eyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}",
    "phone": r"(?:^|[^0-9A-Za-z+])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?:[^0-9]|$)",
    "private_key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "us_ssn": _SSN,
}
# Tests of one statement: DuckDB makes it in this process, and a megabyte is soon spent on a few.
AT_ONCE: Final = 200
_DOUBLED: Final = "0246813579"
# Digits that a 64-bit number holds after the remainder of those before.
_PIECE: Final = 16
_IBAN_DIGITS: Final = 66


def count_statement(
    source: str, shape: TableShape, columns: Sequence[str], tests: Sequence[RareTest]
) -> str:
    """One scan that counts the rows of each test, in their order; `columns` are SQL.

    One plain expression a column, which most rows fail, stands before the tests.
    """
    counts = ", ".join(
        f"count(*) FILTER (WHERE {_found(shape, columns[test.column], test)})" for test in tests
    )
    looks = " OR ".join(
        _look(shape, columns[index], index, codes) for index, codes in by_column(tests).items()
    )
    return f"SELECT {counts} FROM {source} WHERE {looks}"


def _look(shape: TableShape, column: str, index: int, codes: Sequence[str]) -> str:
    """What a column of a row must pass to be worth its tests."""
    if shape.columns[index].type not in TEXTS:
        return f"{column} >= {CARD_RANGES[0][0]}"
    text = f"CAST({column} AS VARCHAR)"
    signs = literal("|".join(SIGNS[code] for code in codes))
    size, long = f"strlen({text})", SHORTEST["card_number"]
    # Of short texts, most are done with before they would be searched for long values.
    short = [_may_hold(text, code) for code in codes if SHORTEST[code] < long]
    looks = [f"({size} >= {long} AND regexp_matches({text}, {signs}))"]
    least = min(SHORTEST[code] for code in codes)
    if short:
        looks.append(f"({size} BETWEEN {least} AND {long - 1} AND ({' OR '.join(short)}))")
    return f"({' OR '.join(looks)})"


def _may_hold(text: str, code: str) -> str:
    """A look that is cheaper than the pattern, which implies it."""
    parts = [f"contains({text}, {literal(part)})" for part in PARTS.get(code, ())]
    likes = [f"{text} LIKE {literal(each)}" for each in LIKES.get(code, ())]
    return " OR ".join(parts + likes) or f"regexp_matches({text}, {literal(SIGNS[code])})"


def _found(shape: TableShape, column: str, test: RareTest) -> str:
    if shape.columns[test.column].type not in TEXTS:
        ranges = " OR ".join(f"{column} BETWEEN {low} AND {high}" for low, high in CARD_RANGES)
        return f"CASE WHEN {ranges} THEN {_luhn(f'CAST({column} AS VARCHAR)')} ELSE FALSE END"
    text = f"CAST({column} AS VARCHAR)"
    return f"(({_may_hold(text, test.code)}) AND {_proven(text, test.code)})"


def _proven(text: str, code: str) -> str:
    pattern = literal(PATTERNS[code])
    if code == "card_number":
        return _any(text, pattern, _luhn("f"))
    if code == "iban":
        has_digits = f"regexp_matches({text}, {literal(DIGITS)})"
        return f"({has_digits} AND {_any(text, pattern, _mod97('f'))})"
    return f"regexp_matches({text}, {pattern})"


def _any(text: str, pattern: str, proof: str) -> str:
    """Whether a match passes its proof; most rows have none and are asked no more."""
    matches = f"regexp_extract_all({text}, {pattern}, 1)"
    return (
        f"(regexp_matches({text}, {pattern})"
        f" AND len(list_filter({matches}, lambda f: {proof})) > 0)"
    )


def _luhn(found: str) -> str:
    """The check digit of cards: every second digit from the right counts double.

    As one step over a list: to spell each place out takes a megabyte a column.
    """
    digits = f"string_split(reverse(regexp_replace({found}, '[^0-9]', '', 'g')), '')"
    doubled = f"CAST(substr('{_DOUBLED}', CAST(d AS INTEGER) + 1, 1) AS INTEGER)"
    parts = f"lambda d, i: CASE WHEN i % 2 = 0 THEN {doubled} ELSE CAST(d AS INTEGER) END"
    return f"(list_sum(list_transform({digits}, {parts})) % 10 = 0)"


def _mod97(found: str) -> str:
    """The check digits of an IBAN: turned round and in digits, it is 1 modulo 97."""
    plain = f"replace({found}, ' ', '')"
    turned = f"(substr({plain}, 5) || substr({plain}, 1, 4))"
    for letter in range(26):
        turned = f"replace({turned}, '{chr(65 + letter)}', '{letter + 10}')"
    rest = "'0'"
    for start in range(1, _IBAN_DIGITS + 1, _PIECE):
        piece = f"substr({turned}, {start}, {_PIECE})"
        rest = f"CAST(CAST({rest} || {piece} AS BIGINT) % 97 AS VARCHAR)"
    return f"(strlen({plain}) >= {SHORTEST['iban']} AND {rest} = '1')"
