"""What fills a column: each function returns a maker that draws all values of a column at once."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from . import numbers
from .people import Person, fill, mailbox
from .spec import Draw, Maker, Value
from .words import ORG_FORMS, ORG_HEADS, ORG_KINDS, STAFF_DOMAIN

# A fixed "today", or two builds on two days would differ.
TODAY = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
_BCRYPT = "./" + string.ascii_letters + string.digits
_TOKEN = string.ascii_letters + string.digits


def serial(start: int = 1) -> Maker:
    """Count upwards."""
    return lambda draw: range(start, start + draw.n)


def numbered(form: str, start: int = 1) -> Maker:
    """Business numbers such as ORD-000017."""
    return lambda draw: [form.format(i) for i in range(start, start + draw.n)]


def ref(table: str) -> Maker:
    """Keys of an earlier table whose rows count from 1."""
    return lambda draw: draw.rng.choices(range(1, draw.sizes[table] + 1), k=draw.n)


def ref_once(table: str) -> Maker:
    """Keys of an earlier table, each at most once."""
    return lambda draw: draw.rng.sample(range(1, draw.sizes[table] + 1), k=draw.n)


def ref_value(form: str, table: str, start: int = 1) -> Maker:
    """Business numbers of an earlier table, as `numbered` wrote them."""
    return lambda draw: [
        form.format(i) for i in draw.rng.choices(range(start, start + draw.sizes[table]), k=draw.n)
    ]


def pick(words: Sequence[Value], weights: Sequence[float] | None = None) -> Maker:
    """One of some words."""
    return lambda draw: draw.rng.choices(words, weights, k=draw.n)


def listed(words: Sequence[Value]) -> Maker:
    """The words in their order, again from the start where rows go on."""
    return lambda draw: [words[i % len(words)] for i in range(draw.n)]


def const(value: Value) -> Maker:
    """The same in every row."""
    return lambda draw: [value] * draw.n


def integers(low: int, high: int) -> Maker:
    """Whole numbers from low to high."""
    return lambda draw: _integers(draw, low, high)


def _integers(draw: Draw, low: int, high: int) -> list[int]:
    luck, span = draw.rng.random, high - low + 1
    return [low + int(luck() * span) for _ in range(draw.n)]


def decimals(low: float, high: float, digits: int = 2) -> Maker:
    """Numbers with decimals, more of them near the low end, as prices are."""
    return lambda draw: [
        round(low + (high - low) * draw.rng.random() ** 2, digits) for _ in range(draw.n)
    ]


def days(since: int, until: int = 0, form: str = "%Y-%m-%d") -> Maker:
    """Dates between `since` and `until` days ago."""
    return lambda draw: [
        (TODAY - timedelta(days=d)).strftime(form) for d in _integers(draw, until, since)
    ]


def moments(since: int, until: int = 0) -> Maker:
    """Date and time between `since` and `until` days ago."""
    return lambda draw: [
        (TODAY - timedelta(seconds=s)).strftime("%Y-%m-%d %H:%M:%S")
        for s in _integers(draw, until * 86_400, since * 86_400)
    ]


def epochs(since: int) -> Maker:
    """Moments as seconds since 1970, rising as a log does."""
    last = int(TODAY.timestamp())
    return lambda draw: sorted(last - s for s in _integers(draw, 0, since * 86_400))


def clock(*times: str) -> Maker:
    """Times of day."""
    return pick(times)


def sparse(maker: Maker, null_rate: float) -> Maker:
    """Leave a share of the rows empty."""
    return lambda draw: [None if draw.rng.random() < null_rate else value for value in maker(draw)]


def filled(*patterns: str) -> Maker:
    """Patterns where `#` is a digit and `?` a letter."""
    return lambda draw: [fill(draw.rng, p) for p in draw.rng.choices(patterns, k=draw.n)]


def each(make: Callable[[Draw], Value]) -> Maker:
    """Call a function per row."""
    return lambda draw: [make(draw) for _ in range(draw.n)]


def person(make: Callable[[Draw, Person], Value]) -> Maker:
    """Ask the person of each row."""
    return lambda draw: [make(draw, who) for who in draw.people]


first_name = person(lambda _, who: who.first)
last_name = person(lambda _, who: who.last)
full_name = person(lambda _, who: who.full)
gender = person(lambda _, who: who.gender)
email = person(lambda draw, who: mailbox(draw.rng, who))
work_email = person(lambda _, who: f"{who.handle}@{STAFF_DOMAIN}")
username = person(lambda _, who: who.handle.replace(".", "_"))
phone = person(lambda draw, who: fill(draw.rng, who.locale.phone))
mobile = person(lambda draw, who: fill(draw.rng, who.locale.mobile))
city = person(lambda _, who: who.city.name)
region = person(lambda _, who: who.city.region)
postal_code = person(lambda draw, who: fill(draw.rng, who.city.postal))
country = person(lambda _, who: who.locale.country)
country_code = person(lambda _, who: who.locale.code)
nationality = person(lambda _, who: who.locale.nationality)
latitude = person(lambda draw, who: round(who.city.lat + draw.rng.uniform(-0.1, 0.1), 6))
longitude = person(lambda draw, who: round(who.city.lon + draw.rng.uniform(-0.1, 0.1), 6))
house_number = person(lambda draw, _: str(1 + int(draw.rng.random() * 220)))
ipv4 = filled("198.51.100.1##", "203.0.113.##", "192.0.2.1##", "10.4.#.1##", "10.2#.1#.#")


def street(draw: Draw) -> list[Value]:
    """A street and house as the country writes it."""
    return [
        who.locale.street_form.format(
            house=1 + int(draw.rng.random() * 180), street=draw.rng.choice(who.locale.streets)
        )
        for who in draw.people
    ]


def street_name(draw: Draw) -> list[Value]:
    """A street without its house number."""
    return [draw.rng.choice(who.locale.streets) for who in draw.people]


ibans = each(lambda draw: numbers.iban(draw.rng))
ssns = each(lambda draw: numbers.ssn(draw.rng))
vat_numbers = each(lambda draw: numbers.vat_number(draw.rng))
barcodes = each(lambda draw: numbers.ean13(draw.rng))
bcrypt_hashes = each(lambda draw: "$2b$12$" + "".join(draw.rng.choices(_BCRYPT, k=53)))
api_tokens = each(lambda draw: "bw_live_" + "".join(draw.rng.choices(_TOKEN, k=32)))
hex_digests = each(lambda draw: f"{draw.rng.getrandbits(256):064x}")
ipv6 = each(lambda draw: f"2001:db8:{draw.rng.getrandbits(16):x}::{draw.rng.getrandbits(16):x}")
macs = each(lambda draw: ":".join(f"{b:02x}" for b in draw.rng.randbytes(6)))
blobs = each(lambda draw: b"\x89PNG" + draw.rng.randbytes(24))


def uuids(draw: Draw) -> list[Value]:
    """Version 4 UUIDs."""
    bits = draw.rng.getrandbits
    return [str(UUID(int=bits(128), version=4)) for _ in range(draw.n)]


def cards(draw: Draw) -> list[Value]:
    """Card numbers that pass Luhn."""
    return [number for number, _ in draw.cards]


def card_brands(draw: Draw) -> list[Value]:
    """The brand of each row's card."""
    return [brand for _, brand in draw.cards]


def organisations(draw: Draw) -> list[Value]:
    """Names of companies."""
    pick_one = draw.rng.choice
    return [
        f"{pick_one(ORG_HEADS)} {pick_one(ORG_KINDS)} {pick_one(ORG_FORMS)}" for _ in range(draw.n)
    ]


def notes(remarks: Sequence[str], *, with_contact: float) -> Maker:
    """Free text; a share of the rows carries a mailbox or a phone inside the sentence."""

    def write(draw: Draw, who: Person) -> str:
        text = f"{draw.rng.choice(remarks)}."
        if draw.rng.random() >= with_contact:
            return text
        if draw.rng.getrandbits(1):
            return f"{text} Reply to {mailbox(draw.rng, who)} please."
        return f"{text} {who.full} can be reached on {fill(draw.rng, who.locale.phone)}."

    return person(write)


def documents(make: Callable[[Draw], dict[str, object]]) -> Maker:
    """JSON documents."""
    return each(lambda draw: json.dumps(make(draw), ensure_ascii=False))
