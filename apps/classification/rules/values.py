"""Reads a column's content: which types its kind allows and its recognisers speak for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from apps.classification.data import read_lines

from .columns import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLAG,
    INTEGER,
    JSON,
    PROSE,
    TIME,
    UNKNOWN,
    UUID,
    WORD,
    Column,
)

_LETTERS: Final[Mapping[str, str]] = {
    "b": BOOLEAN, "f": FLAG, "i": INTEGER, "n": DECIMAL, "D": DATE, "T": DATETIME, "t": TIME,
    "s": DURATION, "u": UUID, "j": JSON, "x": BINARY, "w": WORD, "p": PROSE,
}  # fmt: skip
# Word lists know only a part of the world's names, so that some hits mean much.
_LISTS: Final = frozenset(
    {"first_name", "last_name", "full_name", "city", "company_name", "job_title", "us_state",
     "street_address", "ethnicity_word", "country_name", "marital_status", "username",
     "icd10", "language_code", "language_word", "payment_word", "card_brand_word", "education_word",
     "title_word"}
)  # fmt: skip
# What these hold looks like something commoner; only a name or the siblings tell them apart.
_NEVER_BY_CONTENT: Final = frozenset(
    {"person.date_of_birth", "person.date_of_death", "health.admission_date",
     "health.discharge_date", "consent.record", "finance.card_expiry", "finance.card_hash",
     "finance.income", "finance.account_balance", "contact.fax"}
)  # fmt: skip
_LIST_ENOUGH: Final = 0.5
_LIST_LEAST: Final = 0.12
_PATTERN_LEAST: Final = 0.4
_ANYTHING: Final = 0.05
WRONG_KIND: Final = -8.0


@dataclass(frozen=True)
class Fit:
    """What content a type allows and which recognisers speak for it."""

    kinds: frozenset[str]
    weights: Mapping[str, float]
    missing: float


class Vote(NamedTuple):
    """What the content says about one type."""

    score: float
    # Recogniser that spoke for it most, with its rate.
    recogniser: str = ""
    rate: float = 0.0


_SILENT: Final = Vote(0.0)


@lru_cache(maxsize=1)
def fits() -> Mapping[str, Fit]:
    """Fit of each type."""
    return dict(_read_fit(line) for line in read_lines("fits"))


def _read_fit(line: str) -> tuple[str, Fit]:
    name, kinds, listed, missing = line.split("|")
    pairs = (item.split(":") for item in listed.split())
    weights = {recogniser: float(weight) for recogniser, weight in pairs}
    return name, Fit(frozenset(_LETTERS[letter] for letter in kinds), weights, float(missing))


def vote(column: Column, kind: str) -> Vote:
    """What the column's content says about a type."""
    fit = fits()[kind]
    if column.kind == UNKNOWN:
        return Vote(0.0)
    if column.kind not in fit.kinds:
        return Vote(WRONG_KIND)
    if not column.filled or not fit.weights:
        return Vote(0.0)
    return _weigh(column, fit)


def _weigh(column: Column, fit: Fit) -> Vote:
    heard = {name: column.hits[name] for name in fit.weights if name in column.hits}
    votes = [
        Vote(_strength(name, rate) * fit.weights[name], name, rate) for name, rate in heard.items()
    ]
    best = max(votes, key=lambda each: each.score, default=_SILENT)
    if best.score > 0:
        return best
    seen = max(heard.values(), default=0.0)
    return Vote(0.0 if seen > _ANYTHING else -fit.missing, next(iter(fit.weights)), seen)


def _strength(recogniser: str, rate: float) -> float:
    if recogniser in _LISTS:
        return min(1.0, rate / _LIST_ENOUGH) if rate >= _LIST_LEAST else 0.0
    return rate if rate >= _PATTERN_LEAST else 0.0


def list_spoken_for(column: Column) -> set[str]:
    """Types that a recogniser speaks for, whatever the column is called."""
    heard = [name for name, rate in column.hits.items() if rate >= _LIST_LEAST]
    return {kind for name in heard for kind in _speakers().get(name, ())}


@lru_cache(maxsize=1)
def _speakers() -> Mapping[str, tuple[str, ...]]:
    """Recognisers and the types that each speaks for."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, fit in fits().items():
        loud = [name for name, weight in fit.weights.items() if weight > 1]
        for name in loud if kind not in _NEVER_BY_CONTENT else ():
            found[name] = (*found.get(name, ()), kind)
    return found
