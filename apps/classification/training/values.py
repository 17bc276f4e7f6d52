"""Invented values of every semantic type, as databases of many countries hold them."""

# ruff: noqa: PLR2004 - invented data wants to be repeatable; shares are the recipe

from __future__ import annotations

import datetime as dt
import json
import string
from typing import Any, Final, cast

from .drawing import Draw, Luck, Maker, pick, shaped, style_of, whole
from .words import ENUMS, PRODUCTS

_DATE_FORMATS: Final = (
    "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d",
    "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%m/%d/%y", "%B %d, %Y", "%-m/%-d/%Y",
)  # fmt: skip
_MOMENT_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d %H:%M:%S.%f",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M", "%-m/%-d/%y %H:%M", "%Y%m%d%H%M%S",
    "%Y%m%d-%H%M%S", "%Y/%m/%d%H:%M:%S", "%a %b %d %H:%M:%S %Y", "%A, %B %d, %Y %I:%M %p",
    "%Y-%m-%d %H:%M:%S UTC", "%d/%b/%Y:%H:%M:%S", "%d-%m-%Y 00:00",
)  # fmt: skip


def _day(luck: Luck, first: int, last: int) -> dt.datetime:
    start = dt.datetime(first, 1, 1, tzinfo=dt.UTC)
    span = int((dt.datetime(last, 12, 28, tzinfo=dt.UTC) - start).total_seconds())
    return start + dt.timedelta(seconds=luck.randrange(span))


def _workday(luck: Luck, first: int, last: int) -> dt.datetime:
    day = _day(luck, first, last)
    return day - dt.timedelta(days=max(0, day.weekday() - 4))


def dated(first: int, last: int, *, birth: bool = False) -> Maker:
    """Calendar dates in one of many formats."""

    def make(luck: Luck, _: Any) -> Draw:
        shape = luck.choice(_DATE_FORMATS)
        if birth:
            # Grown people, pupils or patients of any age; dates may carry an empty time.
            low, high = luck.choice(((first, last), (first, last), (first, 2024), (1990, 2015)))
            shape += luck.choice((*[""] * 9, " 00:00:00"))
            return lambda: _day(luck, low, high).strftime(shape)
        low = luck.randint(first, last - 1)
        if luck.random() < 0.3:
            return lambda: _workday(luck, low, last).strftime(shape)
        return lambda: _day(luck, low, last).strftime(shape)

    return make


def make_moment(luck: Luck, _: Any) -> Draw:
    first = luck.randint(2000, 2024)
    last = min(2026, first + luck.randint(1, 6))
    way = luck.random()
    if way < 0.12:
        return lambda: int(_day(luck, first, last).timestamp())
    if way < 0.2:
        return lambda: int(_day(luck, first, last).timestamp() * 1000)
    shape = luck.choice(_MOMENT_FORMATS[:4] if way < 0.6 else _MOMENT_FORMATS)
    return lambda: _day(luck, first, last).strftime(shape)


def make_other(luck: Luck, fake: Any) -> Draw:
    way = luck.randrange(9)
    if way < 4:
        return pick(*luck.choice(ENUMS))(luck, fake)
    if way == 8:
        # Days, months and weekdays are parts of a date, not counts.
        return whole(1, luck.choice((7, 12, 12, 31, 31)))(luck, fake)
    if way == 4:
        words = [fake.word() for _ in range(luck.randint(2, 12))]
        return pick(*map(style_of(luck), words))(luck, fake)
    if way == 5:
        stem = luck.choice(("Zone ", "Type ", "Level ", "Class ", "G", "Q", "Plan ", "R", "Tier"))
        return pick(*(f"{stem}{n}" for n in luck.sample(("A", "B", "C", "1", "2", "3", "4"), 4)))(
            luck, fake
        )
    if way == 6:
        return pick(*luck.sample(string.ascii_uppercase, luck.randint(2, 6)))(luck, fake)
    words = [f"{fake.word()} {fake.word()}".title() for _ in range(luck.randint(3, 25))]
    return pick(*words)(luck, fake)


def make_boolean(luck: Luck, _: Any) -> Draw:
    yes, no = luck.choice(
        (("true", "false"), (1, 0), ("t", "f"), ("Y", "N"), ("yes", "no"), ("Yes", "No"), (1, 0),
         ("TRUE", "FALSE"), ("Sí", "No"), ("ja", "nein"), ("oui", "non"), (True, False))
    )  # fmt: skip
    share = luck.choice((0.02, 0.2, 0.5, 0.5, 0.8, 1.0))
    return lambda: yes if luck.random() < share else no


def make_gender(luck: Luck, _: Any) -> Draw:
    options = luck.choice(
        (("M", "F"), ("male", "female"), ("Male", "Female", "Other"), ("m", "f", "x"), (0, 1),
         (1, 2), ("Masculino", "Femenino"), ("Homme", "Femme"), ("männlich", "weiblich"),
         ("Male", "Female", "Non-binary", "Genderfluid", "Agender", "Bigender", "Polygender"),
         ("FEMALE", "MALE"), ("Man", "Woman"), ("남", "여"), ("男", "女"), ("W", "M", "D"))
    )  # fmt: skip
    weights = [1.0, 1.0, *[0.06] * (len(options) - 2)]
    return lambda: luck.choices(options, weights)[0]


def make_text(luck: Luck, fake: Any) -> Draw:
    if luck.random() < 0.2:
        style, words = luck.choice((str.lower, str.capitalize, str)), luck.choice((4, 8))
        return lambda: style(" ".join(fake.words(luck.randint(2, words))))
    most = luck.choice((8, 14, 30, 60))
    few = luck.random() < 0.2
    texts = [fake.sentence(nb_words=most) for _ in range(12)] if few else []
    return lambda: luck.choice(texts) if few else fake.sentence(nb_words=luck.randint(4, most))


def make_json(luck: Luck, fake: Any) -> Draw:
    keys = [fake.word() for _ in range(luck.randint(1, 4))]
    way = luck.randrange(3)

    def draw() -> str:
        found = {key: luck.choice((fake.word(), luck.randint(0, 99))) for key in keys}
        if way == 0:
            return json.dumps(found)
        return str(found) if way == 1 else json.dumps([found])

    return draw


def make_username(luck: Luck, fake: Any) -> Draw:
    way = luck.randrange(4)
    if way == 0:
        return cast("Draw", fake.user_name)
    if way == 1:
        return lambda: f"{fake.word()}{fake.word()}".title().replace(" ", "")
    if way == 2:
        return lambda: f"{fake.word()}{luck.choice(('_', '', '-'))}{luck.randint(1, 9999)}"
    return shaped("^^^^^####", "^^^^##", "^^^^^^^_^^", "^.^^^^^^^")(luck, fake)


def make_title(luck: Luck, fake: Any) -> Draw:
    size = luck.choice((2, 4, 7))
    style = luck.choice((str.title, str.capitalize, str.title))
    return lambda: style(" ".join(fake.words(luck.randint(max(1, size - 2), size + 2))))


def make_product(luck: Luck, fake: Any) -> Draw:
    brand = luck.random() < 0.5

    def draw() -> str:
        made = f"{luck.choice(PRODUCTS)}"
        first = (
            str(fake.word()).title() if brand else luck.choice(("Pro", "Classic", "Soft", "Mini"))
        )
        return f"{first} {made}" + (f" {luck.randint(1, 500)}" if luck.random() < 0.3 else "")

    return draw


def make_postcode(luck: Luck, fake: Any) -> Draw:
    """All over the country, or of one town, which begin alike."""
    start = str(fake.postcode())
    if luck.random() < 0.7 or not start.isalnum():
        return cast("Draw", fake.postcode)
    end = "".join("#" if char.isdecimal() else char for char in start[-2:])
    return shaped(start[:-2] + end)(luck, fake)


def make_password(luck: Luck, fake: Any) -> Draw:
    if luck.random() < 0.5:
        return lambda: fake.password(length=luck.randint(6, 16))
    return lambda: f"{fake.word()}{luck.randint(0, 9999)}{luck.choice(('', '!', '#'))}"


def make_hash(luck: Luck, _: Any) -> Draw:
    size = luck.choice((32, 40, 64))
    return lambda: "".join(luck.choices("0123456789abcdef", k=size))


def make_bcrypt(luck: Luck, fake: Any) -> Draw:
    if luck.random() < 0.4:
        return make_hash(luck, fake)
    start = luck.choice(
        ("$2a$10$", "$2b$12$", "$2y$10$", "pbkdf2_sha256$260000$", "$argon2id$v=19$")
    )
    return lambda: start + "".join(luck.choices(string.ascii_letters + string.digits + "./", k=53))


def make_expiry(luck: Luck, _: Any) -> Draw:
    shape = luck.choice(("%m/%y", "%m/%Y", "%Y-%m", "%m%y", "%m-%y", "%Y-%m-%d"))
    return lambda: _day(luck, 2023, 2032).strftime(shape)


def make_card(luck: Luck, fake: Any) -> Draw:
    way = luck.randrange(4)
    if way == 0:
        return lambda: "-".join(_fours(fake.credit_card_number()))
    if way == 1:
        return lambda: " ".join(_fours(fake.credit_card_number()))
    return cast("Draw", fake.credit_card_number)


def _fours(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def make_middle(luck: Luck, fake: Any) -> Draw:
    if luck.random() < 0.5:
        end = luck.choice(("", "."))
        return lambda: luck.choice(string.ascii_uppercase) + end
    return cast("Draw", fake.first_name)


def make_full_name(luck: Luck, fake: Any) -> Draw:
    way = luck.randrange(7)
    if way == 0:
        return lambda: f"{fake.last_name()}, {fake.first_name()}"
    if way == 1:
        return lambda: f"{fake.last_name().upper()} {fake.first_name()}"
    if way < 4:
        return cast("Draw", fake.name)
    return lambda: f"{fake.first_name()} {fake.last_name()}"


def make_organisation(luck: Luck, fake: Any) -> Draw:
    kinds = ("Hospital", "Clinic", "University", "Bank", "School", "Airlines", "Institute", "Ltd")
    way = luck.random()
    if way < 0.4:
        return cast("Draw", fake.company)
    if way < 0.6:
        ends = luck.choice((("ex", "ify", "tech", "soft"), ("zone", "hub", "wave", "x"), ("",)))
        return lambda: f"{fake.last_name().title()}{luck.choice(ends)}"
    kind = luck.choice(kinds)
    return lambda: luck.choice(
        (f"{fake.city()} {kind}", f"{kind} of {fake.city()}", fake.company())
    )


def make_duration(luck: Luck, _: Any) -> Draw:
    shape = luck.choice(
        ("{0}:{1:02d}:{2:02d}", "{1} min", "{0}h {1}m", "PT{0}H{1}M", "{1:02d}:{2:02d}")
    )
    return lambda: shape.format(luck.randint(0, 9), luck.randint(0, 59), luck.randint(0, 59))


def make_time(luck: Luck, _: Any) -> Draw:
    shape = luck.choice(("%H:%M:%S", "%H:%M", "%I:%M %p", "%H:%M:%S.%f"))
    return lambda: _day(luck, 2020, 2021).strftime(shape)
