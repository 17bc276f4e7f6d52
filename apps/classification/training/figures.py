"""Invented numbers and numbered things: keys, amounts, measures, coordinates, codes."""

# ruff: noqa: PLR0911, PLR2004 - invented data wants to be repeatable; shares are the recipe

from __future__ import annotations

import string
from typing import Any, Final

from .drawing import Draw, Luck, Maker, pick, shaped
from .words import CODES, MEASURES

# As many rows of a parent as one has children, where children are stored together.
_CHILDREN: Final = (2, 4, 9)
_LIMITS: Final = (90.0, 180.0)


def make_money(luck: Luck, _: Any) -> Draw:
    middle, spread = luck.choice((20, 100, 1000, 20000, 300000)), luck.uniform(0.3, 1.2)
    places = luck.choice((2, 2, 2, 0))
    step = luck.choice((1, 1, 5, 10, 50)) if places == 0 else 1
    sign = luck.choice(("", "", "", "", "", "$", "€", "£", "USD ", "R$ "))

    def draw() -> Any:
        amount = round(middle * luck.lognormvariate(0, spread), places)
        amount = int(amount) // step * step if places == 0 else amount
        return f"{sign}{amount:,}" if sign else amount

    return draw


def make_income(luck: Luck, _: Any) -> Draw:
    middle = luck.choice((25, 2500, 35000, 60000, 90000, 4_000_000))
    step = luck.choice((1, 1, 100, 1000)) if middle > 100 else 1
    if luck.random() < 0.2:
        return lambda: round(middle * luck.lognormvariate(0, 0.4), 2)
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


def make_record(luck: Luck, fake: Any) -> Draw:
    way = luck.randrange(12)
    if way < 2:
        return _count_up(luck, 1)
    if way == 2:
        return _count_up(luck, luck.choice((2, 5, 40)))
    if way < 6:
        return _refer(luck)
    if way < 9:
        return _number_with_prefix(luck)
    if way == 9:
        return _name_short(luck, fake)
    if way == 10:
        return shaped("?########", "??-####-##", "*" * 9, "%" * 24, "U?#?#??#??", "####-###")(
            luck, fake
        )
    top = luck.choice((500, 8000, 10**6, 10**8, 10**11))
    return lambda: luck.randint(1, top)


def _count_up(luck: Luck, most: int) -> Draw:
    """A key as a sequence gives it; some rows were deleted, or not sampled."""
    state = {"at": luck.choice((0, 0, 0, 100, 1000, 54321, 10_000_000))}

    def draw() -> int:
        state["at"] += luck.randint(1, most)
        return state["at"]

    return draw


def _refer(luck: Luck) -> Draw:
    """Keys of another table: never zero, some far more often than others, children in runs."""
    first = luck.choice((0, 0, 0, 100, 3000, 10**6))
    parents = luck.choice((2, 5, 10, 30, 100, 400))
    gap = luck.choice((1, 1, 1, 10, 300))
    known = sorted(first + luck.randint(1, parents * gap) for _ in range(parents))
    weights = [luck.random() ** luck.choice((0, 1, 4)) + 0.01 for _ in known]
    stay = 1 - 1 / luck.choice(_CHILDREN) if luck.random() < 0.3 else 0.0
    state = {"at": known[0]}

    def draw() -> int:
        if luck.random() >= stay:
            state["at"] = luck.choices(known, weights)[0]
        return state["at"]

    return draw


def _number_with_prefix(luck: Luck) -> Draw:
    letters = luck.choice((string.ascii_uppercase, string.ascii_uppercase, string.ascii_lowercase))
    prefix = "".join(luck.choices(letters, k=luck.randint(1, 6)))
    mark, width = luck.choice(("", "-", "_", "")), luck.randint(3, 8)
    if luck.random() < 0.5:
        run = _count_up(luck, 1)
        return lambda: f"{prefix}{mark}{run():0{width}d}"
    return lambda: f"{prefix}{mark}{luck.randint(1, 10 ** min(width, 4)):0{width}d}"


def _name_short(luck: Luck, fake: Any) -> Draw:
    """A short form of a name with a number, as payrolls and leagues give them out."""
    style = luck.choice((str.lower, str.upper))
    cut, end = luck.choice(((5, 2), (4, 1), (3, 3)))

    def draw() -> str:
        return style(f"{fake.last_name()[:cut]}{fake.first_name()[:2]}") + "".join(
            luck.choices(string.digits, k=end)
        )

    return draw


def make_code(luck: Luck, fake: Any) -> Draw:
    way = luck.random()
    if way < 0.4:
        return pick(*luck.choice(CODES))(luck, fake)
    if way < 0.6:
        top = luck.choice((99, 999, 999, 9999, 99_999))
        return pick_number(*(luck.randint(1, top) for _ in range(luck.choice((5, 20, 60)))))(
            luck, fake
        )
    return shaped("???", "????", "??#", "#####", "##-####", "+##", "?##", "##", "??-???")(
        luck, fake
    )


def make_medical_code(luck: Luck, fake: Any) -> Draw:
    """Codes of diagnoses and drugs; patients share most of them."""
    shape = luck.choice(
        ("?##.#", "?##", "?##.##", "?###", "#####", "?####", "########", "####-#", "######",
         "#########", "###.##")
    )  # fmt: skip
    draw = shaped(shape)(luck, fake)
    if luck.random() < 0.4:
        return draw
    return pick(*(str(draw()) for _ in range(luck.choice((12, 40, 120)))))(luck, fake)


def pick_number(*options: int) -> Maker:
    """Any of some numbers, some more often than others."""

    def make(luck: Luck, _: Any) -> Draw:
        weights = [luck.random() ** 2 + 0.02 for _ in options]
        return lambda: luck.choices(options, weights)[0]

    return make


def make_age(luck: Luck, _: Any) -> Draw:
    low, high = luck.choice(((0, 95), (18, 65), (18, 80), (20, 60), (15, 24), (16, 40)))
    way = luck.random()
    if way < 0.1:
        return pick("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")(luck, None)
    if way < 0.3:
        return lambda: luck.randint(low, high)
    places = 1 if way < 0.4 else 0

    def draw() -> Any:
        age = min(high, max(low, luck.gauss((low + high) / 2, (high - low) / 4)))
        return round(age, 1) if places else int(age)

    return draw


def make_coordinate(place: int) -> Maker:
    """Latitudes (0) or longitudes (1) around towns of the world, where tables have theirs."""

    def make(luck: Luck, fake: Any) -> Draw:
        width, places = luck.choice((0.1, 0.5, 3.0)), luck.choice((4, 5, 6, 7, 13))
        town = fake.location_on_land()
        alone, limit = luck.random() < 0.7, _LIMITS[place]

        def draw() -> float:
            at = town if alone else fake.location_on_land()
            near = float(at[place]) + luck.gauss(0, width)
            return round(max(-limit, min(limit, near)), places)

        return draw

    return make


def make_point(luck: Luck, _: Any) -> Draw:
    shape = luck.choice(
        ("{:.5f},{:.5f}", "({:.4f}, {:.4f})", "POINT({:.5f} {:.5f})", "{:.3f} {:.3f}")
    )
    return lambda: shape.format(luck.uniform(-80, 80), luck.uniform(-179, 179))


def make_measurement(luck: Luck, _: Any) -> Draw:
    low, high, places = luck.choice(MEASURES)
    way = luck.random()
    if way < 0.1:
        return lambda: f"{luck.randint(90, 170)}/{luck.randint(55, 105)}"
    if way < 0.4:
        return lambda: round(luck.uniform(low, high), places) if places else luck.randint(low, high)
    middle, spread = (low + high) / 2, (high - low) / 6
    return lambda: round(luck.gauss(middle, spread), places or None)


def make_percentage(luck: Luck, _: Any) -> Draw:
    top, places = luck.choice(((1, 2), (1, 3), (1, 4), (1, 9), (100, 0), (100, 1), (100, 2)))
    sign = "%" if luck.random() < 0.25 else ""
    power = luck.choice((1, 1, 2, 4))

    def draw() -> Any:
        share = round(top * luck.random() ** power, places or None)
        return f"{share}{sign}" if sign else share

    return draw


def make_house(luck: Luck, _: Any) -> Draw:
    way = luck.randrange(4)
    if way < 2:
        top = luck.choice((60, 400, 9000))
        return lambda: 1 + int(top * luck.random() ** 2)
    if way == 2:
        return lambda: (
            f"{luck.choice(('Apt', 'Suite', 'Unit', 'Room', '#'))} {luck.randint(1, 2000)}"
        )
    return lambda: f"{luck.randint(1, 300)}{luck.choice(('', '', '', 'A', 'b', ' bis', '/2'))}"
