"""Invented tables: columns of every type under good, opaque, foreign and lying names."""

# ruff: noqa: E501, PLR2004, S311 - invented data wants to be repeatable; the shares are the recipe.

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from apps.classification.rules import lexicon
from apps.classification.taxonomy import TYPES

from .kinds import MAKERS

LOCALES: Final = (
    "en_US", "en_US", "en_US", "en_GB", "en_CA", "en_AU", "en_IN", "en_IE", "en_NZ", "de_DE", "de_AT",
    "de_CH", "fr_FR", "fr_CA", "fr_BE", "fr_CH", "es_ES", "es_MX", "es_AR", "es_CO", "es_CL", "pt_BR",
    "pt_PT", "it_IT", "nl_NL", "nl_BE", "pl_PL", "sv_SE", "no_NO", "da_DK", "fi_FI", "cs_CZ", "sk_SK",
    "hu_HU", "ro_RO", "hr_HR", "sl_SI", "tr_TR", "el_GR", "ru_RU", "uk_UA", "bg_BG", "ja_JP", "ko_KR",
    "zh_CN", "zh_TW", "id_ID", "vi_VN", "fil_PH", "en_PH", "et_EE", "lt_LT", "lv_LV", "he_IL",
)  # fmt: skip
SUBJECTS: Final = ("people", "people", "organisations", "things", "events", "events")
_TABLES: Final = {
    "people": "customers,employees,patients,users,persons,students,members,contacts,applicants,staff,"
    "clients,drivers,players,kunden,clientes,usuarios,pazienti,mock_data,data,export_1,hr",
    "organisations": "companies,suppliers,vendors,stores,branches,schools,hospitals,airports,banks",
    "things": "products,items,books,films,vehicles,devices,drugs,countries,cities,currencies,assets",
    "events": "orders,payments,visits,logs,transactions,encounters,flights,bookings,sales,crashes,"
    "claims,deliveries,sensor_readings,tickets,matches,table1,data",
}
_GENERIC: Final = [
    "id.record",
    "id.record",
    "id.record",
    "other",
    "other",
    "other",
    "other",
    "quantity",
    "quantity",
    "quantity",
    "quantity",
    "date",
    "datetime",
    "datetime",
    "boolean",
    "boolean",
    "finance.amount",
    "finance.amount",
    "code",
    "text.free",
    "percentage",
    "year",
    "id.uuid",
    "data.json",
    "net.url",
    "duration",
    "time",
    "language",
    "file.path",
]
_PLACES: Final = [
    "address.street",
    "address.city",
    "address.city",
    "address.region",
    "address.postal_code",
    "address.country",
    "address.country_code",
    "geo.latitude",
    "geo.longitude",
    "address.house_or_unit",
    "geo.point",
]
_PEOPLE: Final = [
    "person.full_name",
    "person.first_name",
    "person.last_name",
    "contact.email",
    "contact.phone",
    "person.date_of_birth",
    "person.gender",
    "person.age",
    "user.username",
    "person.job_title",
    "finance.income",
]
_THINGS: Final = (
    "product.name,work.title,geo.place,product.isbn,product.barcode,finance.currency_code"
)
_OWN: Final = {
    "people": [*_PEOPLE, *_PEOPLE, *_PLACES],
    "organisations": ["org.name", "org.name", "org.registration_number", "contact.phone", *_PLACES],
    "things": [*_THINGS.split(","), "product.name", "work.title", "health.medication",
               "health.medical_code", "address.country", "address.country_code", "geo.latitude",
               "geo.longitude", "code", "code"],
    "events": [*_PLACES, "org.name", "product.name", "geo.place", "net.ipv4", "finance.payment_method"],
}  # fmt: skip
_ALWAYS: Final = tuple(name for name, kind in TYPES.items() if kind.personal and name in MAKERS)
# What a table about other things may hold although it is no people's table.
_ANYWHERE: Final = tuple(name for name in MAKERS if name not in _ALWAYS)
_FEW_ROWS: Final = 3
# Longer ones are no numbers to a database.
_DIGITS: Final = 18


@dataclass(frozen=True, kw_only=True)
class LabelledRow:
    """One column with its label, as a line of a labelled file has it."""

    column: str
    table: str
    values: Sequence[Any]
    label: str
    about_people: bool
    family: str
    declared_type: str = "text"
    siblings: Sequence[str] = ()
    # Whether its personal side was labelled by a person: true, false, or not known.
    personal: bool | None = None
    weight: float = 1.0


def invent_tables(count: int, seed: int) -> Iterator[list[LabelledRow]]:
    """Tables of 1 to 12 columns; the same seed gives the same tables."""
    luck = random.Random(seed)
    for number in range(count):
        yield _invent_table(luck, number)


@lru_cache(maxsize=64)
def _open_faker(locale: str) -> Any:
    from faker import Faker

    fake = Faker(locale)
    for provider in fake.get_providers():
        # Italy's cities come out of a set, so in another order in every process.
        if isinstance(getattr(provider, "cities", None), list):
            provider.cities = sorted(provider.cities)
    return fake


def _invent_table(luck: random.Random, number: int) -> list[LabelledRow]:
    fake = _open_faker(luck.choice(LOCALES))
    fake.seed_instance(luck.randrange(2**31))
    subject = luck.choice(SUBJECTS)
    table = luck.choice(_TABLES[subject].split(",")) if luck.random() < 0.85 else f"t{number % 50}"
    kinds = [_choose_kind(luck, subject) for _ in range(luck.choice((1, 2, 4, 6, 8, 10, 12)))]
    kinds = list(dict.fromkeys(kinds)) if luck.random() < 0.7 else kinds
    rows = luck.choice((8, 25, 60, 100, 150, 200))
    opaque = luck.random() < 0.2
    names = [_name(luck, fake, kind, opaque=opaque) for kind in kinds]
    alone = luck.random() < 0.2
    return [
        LabelledRow(
            column=name,
            table="" if opaque and alone else table,
            values=(values := _fill(luck, fake, kind, rows)),
            label=kind,
            about_people=subject == "people",
            family=f"invented-{number % 10}",
            declared_type=_declare(luck, values),
            siblings=() if alone else [each for each in names if each != name],
        )
        for name, kind in zip(names, kinds, strict=True)
    ]


def _choose_kind(luck: random.Random, subject: str) -> str:
    way = luck.random()
    if way < 0.36:
        return luck.choice(_GENERIC)
    if way < 0.74:
        return luck.choice(_OWN[subject])
    pool = _ALWAYS if subject == "people" and way < 0.9 else _ANYWHERE
    return luck.choice(pool)


def _fill(luck: random.Random, fake: Any, kind: str, rows: int) -> list[Any]:
    draw = MAKERS[kind](luck, fake)
    values: list[Any] = [draw() for _ in range(rows)]
    if luck.random() < 0.2:
        few = luck.sample(values, luck.choice((1, 2, _FEW_ROWS, rows // 8, rows // 4)))
        values = [luck.choice(few) for _ in values]
    values = _order(luck, _load(luck, values))
    hole = luck.choice((None, None, "", "NULL"))
    gaps = luck.choice((0, 0, 0, 0, 0.05, 0.3, 0.8))
    values = [hole if luck.random() < gaps else value for value in values]
    values = _widen(luck, values)
    if luck.random() < 0.03:
        values = [value[:10] if isinstance(value, str) else value for value in values]
    texts = luck.random() < 0.4
    return [str(value) if texts and value is not None else value for value in values]


def _load(luck: random.Random, values: list[Any]) -> list[Any]:
    """Digits as the numbers that loading a file makes of them."""
    if luck.random() < 0.5 and all(_is_plain_number(value) for value in values):
        return [int(value) for value in values]
    return values


def _is_plain_number(value: Any) -> bool:
    return (
        isinstance(value, str) and value.isdecimal() and value[0] != "0" and len(value) <= _DIGITS
    )


def _widen(luck: random.Random, values: list[Any]) -> list[Any]:
    """Whole numbers beside gaps become floats in some tools."""
    if luck.random() < 0.3 and {type(value) for value in values} == {int, type(None)}:
        return [value if value is None else float(value) for value in values]
    return values


def _order(luck: random.Random, values: list[Any]) -> list[Any]:
    """Rows as tables often have them: sorted, or in runs of the same value."""
    way = luck.random()
    if way < 0.12 and len({type(value) for value in values}) == 1:
        return sorted(values)
    if way < 0.18:
        return [value for value in values for _ in range(luck.randint(1, 5))][: len(values)]
    return values


def _declare(luck: random.Random, values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if luck.random() < 0.2 or not kinds:
        return luck.choice(("text", "text", "varchar(255)", ""))
    if kinds == {int}:
        return "integer"
    return "numeric" if kinds <= {int, float} else "boolean" if kinds == {bool} else "text"


# Names


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, phrase in lexicon.PHRASES:
        found.setdefault(kind, []).append(phrase.lstrip("=").replace("_or_", " "))
    return found


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for short, word in lexicon.ABBREVIATIONS.items():
        found.setdefault(word, []).append(short)
    return found


def _name(luck: random.Random, fake: Any, kind: str, *, opaque: bool) -> str:
    way = luck.random()
    if opaque or way < 0.1:
        return luck.choice(
            ("c{}", "col{}", "field_{}", "var{}", "X{}", "column{}", "v{}", "{}")
        ).format(luck.randint(1, 60))
    if way < 0.22:
        return _join(luck, [str(fake.word()) for _ in range(luck.randint(1, 2))])
    if way < 0.25:
        kind = luck.choice(list(_phrases()))
    return _style(luck, luck.choice(_phrases().get(kind) or [kind.rpartition(".")[2]]))


def _style(luck: random.Random, phrase: str) -> str:
    words = phrase.replace("_", " ").split()
    if luck.random() < 0.3:
        words = [luck.choice(_short_forms().get(word, [word])) for word in words]
    if luck.random() < 0.2:
        extra = luck.choice(sorted(lexicon.PEOPLE | lexicon.QUALIFIERS))
        words = [extra, *words] if luck.random() < 0.8 else [*words, extra]
    if luck.random() < 0.04:
        words = [word[0] + "".join(c for c in word[1:] if c not in "aeiou") for word in words]
    if luck.random() < 0.05:
        words.append(str(luck.randint(1, 3)))
    return _join(luck, words)


def _join(luck: random.Random, words: list[str]) -> str:
    way = luck.randrange(7)
    if way < 3:
        return "_".join(words).lower()
    if way == 3:
        return "".join(word.capitalize() for word in words)
    if way == 4:
        return words[0].lower() + "".join(word.capitalize() for word in words[1:])
    if way == 5:
        return "_".join(words).upper()
    return " ".join(word.capitalize() for word in words)


def dump(value: Any) -> Any:
    """A cell as a connector would give it."""
    return json.dumps(value) if isinstance(value, dict | list) else value
