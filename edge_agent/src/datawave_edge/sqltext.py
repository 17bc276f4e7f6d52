"""SQL as a catalogue keeps it, without the values that people wrote into it.

Only what is surely no value passes: words, known identifiers and operators. All else becomes "?".
A text that can be read in two ways, or that ends within a string, is given up.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import Final, Literal

Quoting = Literal["postgresql", "mysql", "sqlite", "mssql", "oracle", "unknown"]

MAX_TEXT: Final = 8_000
_LONGEST: Final = 200_000
# From this length a name that is part of a literal is no chance.
_TELLING: Final = 4
_REPEATED: Final = 200

_STRING: Final = r"'(?:[^']|'')*'"
_SLASHED: Final = r"'(?:[^'\\]|\\.|'')*'"
_DOUBLE: Final = r'"(?:[^"]|"")*"'
_COMMENT: Final = r"--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/"
_REST: Final = (
    r"|(?P<number>\$?\d[\w.$]*|\.\d[\w.$]*|\$\d+)"
    r"|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<space>\s+)"
    r"|(?P<mark>::|[-+*/%<>=!~|&^@#?()\[\],.;:])"
)
_BRACKETED: Final = r"|\[(?:[^\]]|\]\])*\]"


def _compile(strings: str, names: str, comments: str = _COMMENT) -> re.Pattern[str]:
    return re.compile(
        f"(?P<comment>{comments})|(?P<string>{strings})|(?P<name>{names}){_REST}", re.DOTALL
    )


_PREFIX: Final = r"(?:\b(?:[EeBbXxNn]|[Uu]&|_\w+|[Qq]|[Nn][Qq]))?"
_GRAMMARS: Final[dict[Quoting, tuple[re.Pattern[str], ...]]] = {
    # The server itself writes every backslash within E''.
    "postgresql": (
        _compile(
            rf"\b[Ee]{_SLASHED}|{_PREFIX}{_STRING}|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
            _DOUBLE,
        ),
    ),
    # Whether a backslash escapes is a setting of the session that wrote the text: read both ways.
    "mysql": tuple(
        _compile(rf"{_PREFIX}{text}|{_DOUBLE}", r"`(?:[^`]|``)*`", rf"{_COMMENT}|\#[^\n]*")
        for text in (_SLASHED, _STRING)
    ),
    "sqlite": (_compile(rf"{_PREFIX}{_STRING}", rf"{_DOUBLE}|`(?:[^`]|``)*`{_BRACKETED}"),),
    "mssql": (_compile(rf"{_PREFIX}{_STRING}", rf"{_DOUBLE}{_BRACKETED}"),),
    "oracle": (_compile(rf"(?!\b[Nn]?[Qq]'){_PREFIX}{_STRING}", _DOUBLE),),
    # A database that speaks the standard; whether a backslash escapes is its own affair.
    "unknown": tuple(
        _compile(rf"(?!\b[Nn]?[Qq]'){_PREFIX}{text}", _DOUBLE) for text in (_SLASHED, _STRING)
    ),
}
_RUN: Final = re.compile(r"\?(?:\s*,\s*\?)+")
_VALUE: Final = re.compile(r"\S@\S|\d{5,}|://|'")


def strip_literals(text: str, quoting: Quoting, known: Container[str] | None = None) -> str:
    """The text with "?" for each literal, without comments; empty when it can't be told apart.

    `known` names the identifiers that may stay in quotes. It is needed where a text in double
    quotes may be a string; without it an identifier stays unless a literal says the same.
    """
    if not text or len(text) > _LONGEST:
        return ""
    if known is None and len(text) < _REPEATED:
        return _strip_again(text, quoting)
    return _strip_all(text, quoting, known)


@lru_cache(maxsize=1_024)
def _strip_again(text: str, quoting: Quoting) -> str:
    """Short conditions are those that many tables have alike."""
    return _strip_all(text, quoting, None)


def _strip_all(text: str, quoting: Quoting, known: Container[str] | None) -> str:
    readings = {_strip(text, grammar, known) for grammar in _GRAMMARS[quoting]}
    if len(readings) != 1:
        return ""
    told = _RUN.sub("?", readings.pop()).strip()
    return told if len(told) <= MAX_TEXT else told[: MAX_TEXT - 1] + "…"


def _strip(text: str, grammar: re.Pattern[str], known: Container[str] | None) -> str:
    found = list(grammar.finditer(text))
    # A gap between two tokens is something this grammar does not know.
    if sum(len(each.group()) for each in found) != len(text):
        return ""
    literals = "\n".join(each.group() for each in found if each.lastgroup == "string")
    told = "".join(_told(each, literals, known) for each in found)
    # A comment within a comment: where the outer one ends depends on the dialect.
    return "" if "/*" in told or "*/" in told else told


def _told(token: re.Match[str], literals: str, known: Container[str] | None) -> str:
    kind, text = token.lastgroup, token.group()
    if kind == "comment":
        return " "
    if kind == "name":
        return text if _is_name(text, literals, known) else '"…"'
    return text if kind in ("word", "space", "mark") else "?"


def _is_name(quoted: str, literals: str, known: Container[str] | None) -> bool:
    name = quoted[1:-1]
    if known is not None:
        return name.replace(quoted[-1] * 2, quoted[-1]) in known
    # A column without an alias may be named by the text of its literal.
    bare = name.strip()
    repeats = f"'{bare}'" in literals or (len(bare) >= _TELLING and bare in literals)
    return not (_VALUE.search(name) or repeats)


def find_checks(text: str, quoting: Quoting, known: Container[str]) -> list[str]:
    """Conditions of the checks in a CREATE TABLE, without literals."""
    stripped = strip_literals(text, quoting, known)
    return [_within(stripped, found.end()) for found in _CHECK.finditer(stripped)]


_CHECK: Final = re.compile(r"\bCHECK\s*\(", re.IGNORECASE)
_PAREN: Final = re.compile(r"\"(?:[^\"]|\"\")*\"|`[^`]*`|[()]")


def _within(text: str, start: int) -> str:
    """What stands between the parenthesis before `start` and the one that closes it."""
    depth = 1
    for found in _PAREN.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if not depth:
            return text[start : found.start()].strip()
    return ""
