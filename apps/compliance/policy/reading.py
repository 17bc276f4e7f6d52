"""Takes a document apart key by key, with the path of whatever does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches

from .errors import PackInvalid
from .model import Scalar

_LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Node:
    """A value of the document and where it stands."""

    value: object
    path: str

    def fail(self, code: str, message: str) -> PackInvalid:
        """The error that names this place."""
        return PackInvalid(code, message, self.path)

    def child(self, key: str | int, value: object) -> Node:
        """A value inside this one."""
        if isinstance(key, int):
            return Node(value, f"{self.path}[{key}]")
        return Node(value, f"{self.path}.{key}" if self.path else key)

    def mapping(self) -> Mapping[str, object]:
        """The value as a mapping."""
        if not isinstance(self.value, dict):
            raise self.fail("type_wrong", "expected a mapping")
        return self.value

    def take(self, required: str, optional: str = "") -> dict[str, Node]:
        """The entries of a mapping that has these keys and no others."""
        entries, known = self.mapping(), (*required.split(), *optional.split())
        for key in entries:
            if key not in known:
                raise self.child(key, None).fail("key_unknown", _name_key(key, known))
        for key in required.split():
            if key not in entries:
                raise self.fail("key_missing", f"{key!r} is missing")
        return {key: self.child(key, value) for key, value in entries.items()}

    def items(self, *, least: int = 0) -> list[Node]:
        """The values of a list."""
        if not isinstance(self.value, list):
            raise self.fail("type_wrong", "expected a list")
        if len(self.value) < least:
            raise self.fail("value_invalid", "must not be empty")
        return [self.child(i, value) for i, value in enumerate(self.value)]

    def text(self, *, longest: int = _LONGEST_TEXT, pattern: str = "") -> str:
        """The value as a text that is not empty."""
        if not isinstance(self.value, str):
            raise self.fail("type_wrong", "expected a text (put it in quotes?)")
        if not self.value.strip() or len(self.value) > longest:
            raise self.fail("value_invalid", f"expected 1 to {longest} characters")
        if pattern and not re.fullmatch(pattern, self.value):
            raise self.fail("value_invalid", f"does not match {pattern}")
        return self.value

    def choice(self, options: tuple[str, ...]) -> str:
        """The value as one of some words."""
        word = self.text()
        if word not in options:
            raise self.fail("value_invalid", f"expected one of {', '.join(options)}")
        return word

    def number(self, low: float, high: float) -> float:
        """The value as a number between two bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail("type_wrong", "expected a number")
        if not low <= value <= high:  # and so not NaN either
            raise self.fail("value_invalid", f"expected a number from {low:g} to {high:g}")
        return value

    def whole(self, low: int, high: int) -> int:
        """The value as a whole number between two bounds."""
        if not isinstance(self.value, int):
            raise self.fail("type_wrong", "expected a whole number")
        return int(self.number(low, high))

    def truth(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            raise self.fail("type_wrong", "expected true or false")
        return self.value

    def day(self) -> date:
        """The value as a calendar date."""
        if isinstance(self.value, datetime) or not isinstance(self.value, date):
            raise self.fail("type_wrong", "expected a date such as 2026-01-31")
        return self.value

    def texts(self, *, least: int = 0) -> tuple[str, ...]:
        """The value as a list of texts."""
        return tuple(item.text() for item in self.items(least=least))

    def scalar(self) -> Scalar:
        """The value as a text, a finite number, or true or false."""
        if isinstance(self.value, bool):
            return self.value
        if isinstance(self.value, int | float):
            return self.number(-1e18, 1e18)
        return self.text()


def _name_key(key: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(key, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
    return f"unknown key {key[:80]!r}{hint}"
