"""Reads a column's name: its words, whatever their language, and the types they speak for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from . import lexicon

_PIECES: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ONE_MATCH: Final = 1.5
_PER_WORD: Final = 0.75
_COVERAGE: Final = 1.5
_AT_END: Final = 0.75
_SCRIPT_MATCH: Final = 3.5
_COVERED: Final = 0.3
_COUNTED: Final = 3.5
_MIN_GLUED: Final = 6
_MIN_PIECE: Final = 3
_MAX_NAME: Final = 200
_NUMBER: Final = "number"
_OF: Final = frozenset({"of", "de", "di", "do", "du"})


@dataclass(frozen=True)
class Phrase:
    """A run of words that speaks for a type."""

    type: str
    words: tuple[str, ...]
    # Counts only when nothing else is in the name.
    alone: bool


@lru_cache(maxsize=50_000)
def split_words(name: str) -> tuple[str, ...]:
    """Words of a name in lower case, without accents, with short forms written out."""
    plain = unicodedata.normalize("NFKD", name[:_MAX_NAME].replace("ß", "ss"))
    ascii_only = "".join(char for char in plain if not unicodedata.combining(char))
    pieces = [piece.lower() for piece in _PIECES.findall(_glue_single_caps(ascii_only))]
    return tuple(_write_out(word) for piece in pieces for word in _unglue(piece))


def _glue_single_caps(name: str) -> str:
    """`IPv4` and `IDs` stay one word."""
    return re.sub(r"\bIPv?(?=[46])", "ipv", name).replace("IDs", "ids")


def _write_out(word: str) -> str:
    return lexicon.ABBREVIATIONS.get(word, word)


@lru_cache(maxsize=20_000)
def _unglue(word: str) -> tuple[str, ...]:
    """`birthdate` as it is when known, else `fecnac` as two known words, else the word."""
    if len(word) < _MIN_GLUED or word in _known_words():
        return (word,)
    for cut in range(len(word) - _MIN_PIECE, _MIN_PIECE - 1, -1):
        left, right = word[:cut], word[cut:]
        if left in _known_words() and right in _known_words():
            return (left, right)
    return (word,)


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    words = {word for _, phrase in lexicon.PHRASES for word in phrase.lstrip("=").split()}
    words |= set(lexicon.ABBREVIATIONS) | lexicon.PEOPLE
    return frozenset(word for word in words if len(word) >= _MIN_PIECE)


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[Phrase, ...]]:
    """Phrases by their first word."""
    found: dict[str, dict[tuple[str, tuple[str, ...]], Phrase]] = {}
    for kind, text in lexicon.PHRASES:
        words = split_words(text.lstrip("="))
        phrase = Phrase(kind, words, text.startswith("="))
        found.setdefault(words[0], {}).setdefault((kind, words), phrase)
    return {word: tuple(phrases.values()) for word, phrases in found.items()}


@dataclass(frozen=True)
class Match:
    """A phrase found in a name."""

    phrase: Phrase
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.phrase.words)

    def lies_within(self, other: Match) -> bool:
        """Whether a longer phrase of another type covers it: `number` within `card number`."""
        longer = len(other.phrase.words) > len(self.phrase.words)
        return longer and other.start <= self.start and self.end <= other.end


@lru_cache(maxsize=50_000)
def score_name(name: str, table: str = "") -> dict[str, float]:
    """How strongly the name speaks for each type."""
    words = _put_head_last(split_words(name))
    scores = {kind: _SCRIPT_MATCH for piece, kind in lexicon.SCRIPT_PIECES if piece in name.lower()}
    told = _count_telling(words, table)
    matches = list(_find_matches(words))
    for match in matches:
        score = _score_of(match.phrase, words, match.start, told)
        if any(match.lies_within(other) for other in matches):
            score *= _COVERED
        scores[match.phrase.type] = max(score, scores.get(match.phrase.type, 0.0))
    return _count_first(words, scores)


def _find_matches(words: tuple[str, ...]) -> Iterable[Match]:
    for start, word in enumerate(words):
        for phrase in _index().get(word, ()):
            if _is_at(phrase, words, start):
                yield Match(phrase, start)


def _count_first(words: tuple[str, ...], scores: dict[str, float]) -> dict[str, float]:
    """`num_comments` counts comments, while `comment_num` numbers them."""
    if _counts(words):
        scores.pop("id.record", None)
        scores["quantity"] = max(_COUNTED, scores.get("quantity", 0.0))
    return scores


def _counts(words: tuple[str, ...]) -> bool:
    return len(words) > 1 and words[0] == _NUMBER and words[1].endswith("s")


def _put_head_last(words: tuple[str, ...]) -> tuple[str, ...]:
    """`numero telefono` reads as `telefono numero`, which the phrases know."""
    if len(words) < 2 or words[0] != _NUMBER or _counts(words):  # noqa: PLR2004 - two words
        return words
    rest = words[2:] if words[1] in _OF else words[1:]
    return (*rest, _NUMBER)


def _is_at(phrase: Phrase, words: tuple[str, ...], start: int) -> bool:
    if phrase.alone and len(phrase.words) != len(words):
        return False
    return words[start : start + len(phrase.words)] == phrase.words


def _score_of(phrase: Phrase, words: tuple[str, ...], start: int, told: int) -> float:
    length = len(phrase.words)
    score = _ONE_MATCH + _PER_WORD * (length - 1) + _COVERAGE * min(1.0, length / max(1, told))
    return score + (_AT_END if _ends_name(words, start + length) else 0.0)


def _ends_name(words: tuple[str, ...], end: int) -> bool:
    """Whether only numbers and owners follow, as in `phone_2` or `telefono_cliente`."""
    return all(word.isdigit() or word in lexicon.PEOPLE for word in words[end:])


def _count_telling(words: tuple[str, ...], table: str) -> int:
    """Number of words that say what the column holds, not whose it is."""
    ignored = lexicon.PEOPLE | lexicon.QUALIFIERS | set(split_words(table) if table else ())
    return sum(word not in ignored and not word.isdigit() for word in words) or 1


def names_person(words: Iterable[str]) -> bool:
    """Whether one of the words is a word for people."""
    return any(word in lexicon.PEOPLE for word in words)
