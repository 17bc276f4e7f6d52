"""What values and names of an own type look like: checked, tried on examples, and judged by.

Patterns are RE2's and are matched by the agent's own code, so that what is tried here is what will
happen there. Patterns, words and examples may be secret: no message repeats one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from datawave.common.errors import InputInvalid
from datawave.common.pages import defuse
from datawave_edge.own_recognisers import PatternRefused, Patterns, hash_word, spell
from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, Recogniser

from .rules.wording import tell_share, tell_title

MOST_PATTERNS: Final = 10
MOST_LETTERS: Final = 300
MOST_WORDS: Final = 10_000
MOST_WORD_LETTERS: Final = 100
MOST_EXAMPLES: Final = 200
WORD_HEAD: Final = "word"
LEAST: Final = 0.05
USUAL_LEAST: Final = 0.6
# A pattern that takes most of these would take nearly any value, or any column.
_ANY_VALUE: Final = (
    "x", "Zebra", "7", "90210", "2021-03-04", "true", "two words", "a_b-c.d", "ÅßÇ", "%&#",
)  # fmt: skip
_ANY_NAME: Final = ("x", "id", "created_at", "zebra", "qty", "Name", "is_open", "c17")
_TOO_MANY: Final = 0.6
# Confidence where all values fit; where only the name does; and what the name adds.
_SUREST: Final = 0.97
_LEAST_SURE: Final = 0.7
_BY_NAME: Final = 0.85
_NAME_ALONE: Final = 0.6
_NAME_ADDS: Final = 0.02
_FEW_VALUES: Final = 3
_CODE: Final = re.compile(r"own_(\d+)_v(\d+)")


class ExamplesUnlike(InputInvalid):
    """The examples are not told as they should be."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What an own type looks like: patterns of values, a list of words, patterns of names."""

    patterns: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    # Share of a column's values that must fit.
    least: float = USUAL_LEAST

    @property
    def has_values(self) -> bool:
        """Whether it says anything of values."""
        return bool(self.patterns or self.words)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Texts that must be told as of the type, and texts that must not; never stored."""

    fitting: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """An example and whether it fits."""

    text: str
    fits: bool
    wanted: bool

    @property
    def right(self) -> bool:
        """Whether it is told as it should be."""
        return self.fits == self.wanted


# Checking a definition


def read_lines(text: str) -> tuple[str, ...]:
    """The lines of a form's field, without empty ones."""
    return tuple(line.strip("\r\n") for line in text.splitlines() if line.strip())


def read_word_file(data: bytes) -> tuple[str, ...]:
    """Words of a CSV file: its first column, with or without the heading `word`."""
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        words = [row[0] for row in rows if row and row[0].strip()]
    except (UnicodeDecodeError, csv.Error):
        raise InputInvalid("The file is no CSV in UTF-8.", field="words") from None
    if words and spell(words[0]) == WORD_HEAD:
        del words[0]
    if not words:
        raise InputInvalid("The file holds no words.", field="words")
    return tuple(map(_arm, words))


def _arm(word: str) -> str:
    """Without the mark that keeps a spreadsheet from running it; see pages.defuse."""
    return word[1:] if word.startswith("'") and defuse(word[1:]) != word[1:] else word


def check_definition(given: Definition) -> Definition:
    """The definition, tidied. Raises InputInvalid, naming the field and the line."""
    words = _tidy_words(given.words)
    if not (given.patterns or words or given.names):
        raise InputInvalid("Give a pattern, a word or a pattern of names.", field="patterns")
    if not LEAST <= given.least <= 1.0:
        raise InputInvalid(f"The share is from {LEAST:.0%} to 100%.", field="least")
    _check_patterns(given.patterns, "patterns", _ANY_VALUE)
    _check_patterns(given.names, "names", _ANY_NAME)
    return Definition(patterns=given.patterns, words=words, names=given.names, least=given.least)


def _tidy_words(words: Iterable[str]) -> tuple[str, ...]:
    tidied = {spell(word): " ".join(word.split()) for word in words if word.strip()}
    if len(tidied) > MOST_WORDS:
        raise InputInvalid(f"A list has at most {MOST_WORDS:,} words.", field="words")
    for place, word in enumerate(tidied.values(), start=1):
        if len(word) > MOST_WORD_LETTERS or "\x00" in word:
            said = f"Word {place} is longer than {MOST_WORD_LETTERS} characters or no text."
            raise InputInvalid(said, field="words")
    return tuple(tidied.values())


def _check_patterns(patterns: Sequence[str], field: str, anything: Sequence[str]) -> None:
    if len(patterns) > MOST_PATTERNS:
        raise InputInvalid(f"At most {MOST_PATTERNS} patterns, one a line.", field=field)
    for place, pattern in enumerate(patterns, start=1):
        if len(pattern) > MOST_LETTERS or "\x00" in pattern:
            said = f"Pattern {place} is longer than {MOST_LETTERS} characters or no text."
            raise InputInvalid(said, field=field)
    compiled = _compile(patterns, field)
    if sum(map(compiled.accept, anything)) > _TOO_MANY * len(anything) or compiled.accept(""):
        said = "These patterns fit nearly anything, or an empty text. Make them narrower."
        raise InputInvalid(said, field=field)


def _compile(patterns: Sequence[str], field: str) -> Patterns:
    try:
        return Patterns(patterns, ignore_case=field == "names")
    except PatternRefused as refused:
        said = f"{refused}. Patterns are written in RE2's syntax, without look-around."
        raise InputInvalid(said, field=field) from None


def try_examples(definition: Definition, examples: Examples) -> list[Tried]:
    """Each example with what the definition makes of it.

    Examples are values; of a type that is told by its name alone they are names of columns.
    """
    for field in ("fitting", "others"):
        if len(getattr(examples, field)) > MOST_EXAMPLES:
            raise InputInvalid(f"At most {MOST_EXAMPLES} examples, one a line.", field=field)
    fits = _Fits(definition)
    return [
        Tried(text, fits(text), wanted)
        for wanted, texts in ((True, examples.fitting), (False, examples.others))
        for text in texts
    ]


class _Fits:
    """Whether a text fits a definition."""

    def __init__(self, definition: Definition) -> None:
        self._words = set(map(spell, definition.words))
        field = "patterns" if definition.has_values else "names"
        self._patterns = _compile(getattr(definition, field), field)

    def __call__(self, text: str) -> bool:
        return spell(text) in self._words or self._patterns.accept(text)


def name_filter(definition: Definition) -> Callable[[str], bool]:
    """Whether a column's name fits."""
    return _compile(definition.names, "names").accept


def require_right(definition: Definition, examples: Examples) -> None:
    """Refuse a definition that its own examples speak against. Raises ExamplesUnlike."""
    if not examples.fitting and (definition.patterns or not definition.words):
        raise ExamplesUnlike("Give at least one example that must fit.", field="fitting")
    tried = try_examples(definition, examples)
    for field, wanted, said in (
        ("fitting", True, "must fit and do not"),
        ("others", False, "must not fit and do"),
    ):
        lines = [each.right for each in tried if each.wanted == wanted]
        wrong = [str(place) for place, right in enumerate(lines, start=1) if not right]
        if wrong:
            raise ExamplesUnlike(f"Lines {', '.join(wrong[:20])} {said}.", field=field)


# Towards agents


def name_code(key: int, version: int) -> str:
    """The name under which agents count hits of a version of a type's recogniser."""
    return f"own_{key}_v{version}"


def make_wire(code: str, definition: Definition, salt: str) -> Recogniser:
    """What an agent gets of a definition."""
    return Recogniser(
        code=code,
        patterns=list(definition.patterns),
        words=b"".join(hash_word(spell(word), salt) for word in definition.words),
        salt=salt if definition.words else "",
    )


# Judging


@dataclass(frozen=True, kw_only=True)
class Told:
    """A recogniser in force, as the judge needs it."""

    key: int
    version: int
    semantic_type: str
    names: tuple[str, ...]
    has_values: bool
    least: float


@dataclass(frozen=True)
class Claim:
    """Somebody says that a column is of a type, how surely and why."""

    semantic_type: str
    confidence: float
    text: str


class Recognisers:
    """All recognisers in force."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._all = [(each, Patterns(each.names, ignore_case=True)) for each in told]

    def list_claims(self, column: ColumnSnapshot) -> Iterator[Claim]:
        """What they say of a column."""
        rates = _read_rates(column.profile)
        for each, names in self._all:
            rate = rates.get(each.key, 0.0)
            if claim := _judge(each, column, rate, named=names.accept(column.name)):
                yield claim


def _read_rates(profile: ColumnProfile | None) -> dict[int, float]:
    """Rates by type; a version that an agent has not counted yet has those of the one before."""
    newest: dict[int, tuple[int, float]] = {}
    for code, rate in profile.own_hits.items() if profile else ():
        if found := _CODE.fullmatch(code):
            key, version = int(found[1]), int(found[2])
            newest[key] = max(newest.get(key, (0, 0.0)), (version, rate))
    return {key: rate for key, (_, rate) in newest.items()}


def _judge(told: Told, column: ColumnSnapshot, rate: float, *, named: bool) -> Claim | None:
    if told.has_values and rate:
        # A fitting name makes up for half of the values that do not fit.
        if rate >= (told.least / 2 if named else told.least):
            return _claim_by_values(told, column, rate, named=named)
        return None
    if not named:
        return None
    filled = column.profile is not None and column.profile.rows > column.profile.nulls
    if told.has_values and filled:
        return None
    sure = _NAME_ALONE if told.has_values else _BY_NAME
    text = f"The name fits what people wrote of this type: {tell_title(told.semantic_type)}"
    return Claim(told.semantic_type, sure, text)


def _claim_by_values(told: Told, column: ColumnSnapshot, rate: float, *, named: bool) -> Claim:
    sure = _LEAST_SURE + (_SUREST - _LEAST_SURE) * rate + _NAME_ADDS * named
    if column.profile and column.profile.distinct < _FEW_VALUES:
        sure = min(sure, _LEAST_SURE)
    also = ", and so does the name" if named else ""
    text = (
        f"{tell_share(rate)} of the values fit what people wrote of this type{also}:"
        f" {tell_title(told.semantic_type)}"
    )
    return Claim(told.semantic_type, min(0.99, sure), text)
