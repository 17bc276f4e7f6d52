"""Invented values of every semantic type, as databases of many countries hold them."""

# ruff: noqa: PLR0911, PLR2004 - invented data wants to be repeatable; shares are the recipe

from __future__ import annotations

import datetime as dt
import json
import string
from typing import Any, Final, cast

from .drawing import Draw, Luck, Maker, pick, shaped, style_of
from .words import CODES, ENUMS, MEASURES, PRODUCTS

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


def make_money(luck: Luck, _: Any) -> Draw:
    middle, spread = luck.choice((20, 100, 1000, 20000, 300000)), luck.uniform(0.3, 1.2)
    places = luck.choice((2, 2, 2, 0))
    sign = luck.choice(("", "", "", "", "", "$", "€", "£", "USD ", "R$ "))

    def draw() -> Any:
        amount = round(middle * luck.lognormvariate(0, spread), places)
        amount = int(amount) if places == 0 else amount
        return f"{sign}{amount:,}" if sign else amount

    return draw


def make_income(luck: Luck, _: Any) -> Draw:
    middle = luck.choice((2500, 35000, 60000, 90000))
    step = luck.choice((1, 1, 100, 1000))
    return lambda: int(middle * luck.lognormvariate(0, 0.4)) // step * step


def make_quantity(luck: Luck, _: Any) -> Draw:
    way = luck.randrange(10)
    top = luck.choice((3, 5, 10, 50, 200, 1000, 20000, 5_000_000))
    if way > 7:
        return _walk(luck, top, luck.choice((0, 0, 1, 2, 4)))
    if way < 3:
        return lambda: int(top * luck.random() ** luck.choice((1, 2, 3)))
    if way == 3:
        return lambda: round(luck.gauss(top, top / 4), luck.choice((1, 2, 3)))
    if way == 4:
        return lambda: round(luck.lognormvariate(0, 1) * top / 10, 3)
    if way == 5:
        return lambda: round(luck.random(), luck.choice((2, 3, 6)))
    if way == 6:
        return lambda: int(luck.gauss(0, top))
    return lambda: luck.randint(top, top * 3)


def _walk(luck: Luck, top: float, places: int) -> Draw:
    """A measure over time: each value near the one before."""
    state = {"at": luck.uniform(top / 4, top)}
    step = top / luck.choice((20, 50, 200))

    def draw() -> float:
        state["at"] = abs(state["at"] + luck.gauss(0, step))
        return int(state["at"]) if places == 0 else round(state["at"], places)

    return draw


def make_record(luck: Luck, _: Any) -> Draw:
    way = luck.randrange(9)
    state = {"next": luck.choice((0, 1, 1, 1, 100, 1000, 54321))}
    top = luck.choice((20, 500, 8000, 10**6, 10**8, 10**11))
    prefix = "".join(luck.choices(string.ascii_uppercase, k=luck.randint(1, 4)))
    mark, width = luck.choice(("", "-", "_", "")), luck.randint(3, 8)

    def run() -> int:
        state["next"] += 1
        return state["next"]

    if way < 3:
        return run
    if way == 3:
        return lambda: luck.randint(1, top)
    if way == 4:
        return lambda: f"{prefix}{mark}{run():0{width}d}"
    if way == 5:
        return lambda: f"{prefix}{mark}{luck.randint(1, 10 ** min(width, 4)):0{width}d}"
    if way == 6:
        return shaped("?########", "??-####-##", "*" * 9, "%" * 24, "U?#?#??#??", "####-###")(
            luck, _
        )
    if way == 7:
        return lambda: float(luck.randint(1, top))
    return lambda: luck.randint(1, luck.choice((4, 12, 40)))


def _day(luck: Luck, first: int, last: int) -> dt.datetime:
    start = dt.datetime(first, 1, 1, tzinfo=dt.UTC)
    span = int((dt.datetime(last, 12, 28, tzinfo=dt.UTC) - start).total_seconds())
    return start + dt.timedelta(seconds=luck.randrange(span))


def dated(first: int, last: int, *, birth: bool = False) -> Maker:
    """Calendar dates in one of many formats."""

    def make(luck: Luck, _: Any) -> Draw:
        shape = luck.choice(_DATE_FORMATS)
        low = first if birth else luck.randint(first, last - 1)
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
    way = luck.randrange(8)
    if way < 4:
        return pick(*luck.choice(ENUMS))(luck, fake)
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


def make_code(luck: Luck, fake: Any) -> Draw:
    if luck.random() < 0.4:
        return pick(*luck.choice(CODES))(luck, fake)
    return shaped("???", "????", "??#", "#####", "##-####", "+##", "?##", "##", "??-???")(
        luck, fake
    )


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


def make_age(luck: Luck, _: Any) -> Draw:
    low, high = luck.choice(((0, 95), (18, 65), (18, 80), (20, 60), (15, 24)))
    if luck.random() < 0.12:
        return pick("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")(luck, None)
    return lambda: min(high, max(low, int(luck.gauss((low + high) / 2, (high - low) / 4))))


def make_text(luck: Luck, fake: Any) -> Draw:
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


def make_coordinate(limit: float) -> Maker:
    def make(luck: Luck, _: Any) -> Draw:
        centre, width = luck.uniform(-limit, limit) * 0.8, luck.choice((0.2, 2, limit / 4, limit))
        places = luck.choice((4, 6, 7, 13))
        return lambda: round(max(-limit, min(limit, centre + luck.uniform(-width, width))), places)

    return make


def make_point(luck: Luck, _: Any) -> Draw:
    shape = luck.choice(
        ("{:.5f},{:.5f}", "({:.4f}, {:.4f})", "POINT({:.5f} {:.5f})", "{:.3f} {:.3f}")
    )
    return lambda: shape.format(luck.uniform(-80, 80), luck.uniform(-179, 179))


def make_measurement(luck: Luck, _: Any) -> Draw:
    low, high, places = luck.choice(MEASURES)
    if luck.random() < 0.1:
        return lambda: f"{luck.randint(90, 170)}/{luck.randint(55, 105)}"
    return lambda: round(luck.uniform(low, high), places) if places else luck.randint(low, high)


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
    way = luck.randrange(6)
    if way == 0:
        return lambda: f"{fake.last_name()}, {fake.first_name()}"
    if way == 1:
        return lambda: f"{fake.last_name().upper()} {fake.first_name()}"
    if way == 2:
        return cast("Draw", fake.name)
    return lambda: f"{fake.first_name()} {fake.last_name()}"


def make_organisation(luck: Luck, fake: Any) -> Draw:
    kinds = ("Hospital", "Clinic", "University", "Bank", "School", "Airlines", "Institute", "Ltd")
    if luck.random() < 0.5:
        return cast("Draw", fake.company)
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


def make_house(luck: Luck, _: Any) -> Draw:
    way = luck.randrange(3)
    if way == 0:
        return lambda: luck.randint(1, luck.choice((60, 400, 9000)))
    if way == 1:
        return lambda: (
            f"{luck.choice(('Apt', 'Suite', 'Unit', 'Room', '#'))} {luck.randint(1, 2000)}"
        )
    return lambda: f"{luck.randint(1, 300)}{luck.choice(('', 'A', 'b', ' bis', '/2'))}"
