"""Recognisers of an installation's own types: patterns in RE2's syntax, and lists of hashed words.

RE2 takes time in proportion to the text whatever the pattern, so none can hold up a run. Patterns
and words may be secret: they are in no message, no log and no file of the agent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
import re2

from .connectors import Binary, Cell, Sample
from .protocol import ColumnProfile, ColumnSnapshot, Recogniser
from .protocol.control import WORD_BYTES

# Of one pattern's program, and of what all patterns of a recogniser use while they match.
PATTERN_MEMORY: Final = 512 * 1024
_MEMORY: Final = 4 * 1024 * 1024
# Values are looked at this far, and so many different ones of a column.
LOOKED: Final = 256
TRIED: Final = 128
# Fewer rows, or a smaller share, are not told: a pattern must not ask for one person's value.
FEWEST_ROWS: Final = 5
LEAST_SHARE: Final = 0.05
_REASON: Final = re.compile(r"[a-z ]+(?:[\])][a-z ]*)?")


class PatternRefused(Exception):
    """RE2 does not take the pattern."""

    def __init__(self, place: int, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"Pattern {place + 1}: {reason}")


class Patterns:
    """Some patterns, tried together on whole texts."""

    def __init__(self, patterns: Sequence[str], *, ignore_case: bool = False) -> None:
        """Compile them. Raises PatternRefused, which repeats no pattern."""
        self._set = re2.Set.FullMatchSet(_choose(_MEMORY, ignore_case=ignore_case))
        for place, pattern in enumerate(patterns):
            _check(place, pattern)
            self._set.Add(pattern)
        self._any = bool(patterns)
        try:
            self._set.Compile()
        except re2.error:
            raise PatternRefused(0, "too large together with the others") from None

    def accept(self, text: str) -> bool:
        """Whether any of them matches all of the text."""
        # A lone surrogate is no text that RE2 knows.
        cut = text[:LOOKED].encode("utf-8", "replace")
        return self._any and bool(self._set.Match(cut))


def _choose(memory: int, *, ignore_case: bool = False) -> re2.Options:
    options = re2.Options()
    options.max_mem = memory
    options.case_sensitive = not ignore_case
    # RE2 would write the pattern to the error stream.
    options.log_errors = False
    return options


def _check(place: int, pattern: str) -> None:
    try:
        re2.compile(pattern, _choose(PATTERN_MEMORY))
    except UnicodeError:
        raise PatternRefused(place, "not a text") from None
    except re2.error as error:
        raise PatternRefused(place, _read_reason(error)) from None


def _read_reason(error: Exception) -> str:
    """What RE2 says before it repeats a part of the pattern."""
    said = error.args[0]
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return found[0].strip() if (found := _REASON.match(text)) else "not understood"


def spell(word: str) -> str:
    """A word as it is compared: case and blanks tell nothing."""
    return " ".join(word.split()).casefold()


def hash_word(word: str, salt: str) -> bytes:
    """A word of a list as it travels to agents; `word` is spelled already."""
    told = word.encode("utf-8", "replace")
    return blake2b(told, digest_size=WORD_BYTES, key=salt.encode()).digest()


class _Compiled:
    """A recogniser that is ready to be asked."""

    def __init__(self, told: Recogniser) -> None:
        self.code, self._salt = told.code, told.salt
        self._patterns = Patterns(told.patterns)
        words = range(0, len(told.words), WORD_BYTES)
        self._words = {told.words[at : at + WORD_BYTES] for at in words}

    def accepts(self, value: str) -> bool:
        """Whether the value is one of its words or fits one of its patterns."""
        if self._words and hash_word(spell(value[:LOOKED]), self._salt) in self._words:
            return True
        return self._patterns.accept(value)


class OwnRecognisers:
    """The recognisers of a run. One that can't be read is left out and counted."""

    def __init__(self, told: Sequence[Recogniser]) -> None:
        self.refused = 0
        self._all: list[_Compiled] = []
        for each in told:
            try:
                self._all.append(_Compiled(each))
            except PatternRefused:
                self.refused += 1

    def add_hits(
        self, columns: Sequence[ColumnSnapshot], sample: Sample
    ) -> Sequence[ColumnSnapshot]:
        """The columns with the share of sampled values that each recogniser accepts."""
        if not self._all:
            return columns
        return [
            self._add(column, [row[place] for row in sample.rows])
            for place, column in enumerate(columns)
        ]

    def _add(self, column: ColumnSnapshot, cells: Sequence[Cell]) -> ColumnSnapshot:
        hits = self.rate(cells)
        if column.profile is None or not hits:
            return column
        profile: ColumnProfile = msgspec.structs.replace(column.profile, own_hits=hits)
        return msgspec.structs.replace(column, profile=profile)

    def rate(self, cells: Sequence[Cell]) -> dict[str, float]:
        """Share of the values that each accepts, in hundredths, where it is worth telling."""
        tried = _choose_values(cells)
        total = sum(tried.values())
        found = {
            each.code: sum(count for value, count in tried.items() if each.accepts(value))
            for each in self._all
        }
        floor = max(FEWEST_ROWS, LEAST_SHARE * total)
        return {code: round(rows / total, 2) for code, rows in found.items() if rows >= floor}


def _choose_values(cells: Sequence[Cell]) -> Mapping[str, int]:
    """Different values with their numbers of rows, evenly from all of them."""
    # Profiling brings word lists, so it is loaded with the first table.
    from .profile.column import choose_evenly, read_texts

    texts = read_texts([cell for cell in cells if not (cell is None or isinstance(cell, Binary))])
    counts = Counter(texts)
    del counts[""]
    return choose_evenly(counts, TRIED)
