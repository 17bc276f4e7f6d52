"""Sketches tell how alike columns are, within their error, and nothing of sensitive columns."""

from __future__ import annotations

import random
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.catalog.alikeness import SketchFacts, compare_sketches, count_bins, pack_bins
from datawave_edge.connectors import Cell, Sample
from datawave_edge.discovery import run_discovery
from datawave_edge.outbox import Outbox
from datawave_edge.profile import Sketcher, profile_columns
from datawave_edge.profile.sketches import FEWEST, sketch_values, spell
from datawave_edge.protocol import (
    ColumnSnapshot,
    Sketch,
    Sketching,
    TableRecord,
    WithheldColumn,
)
from datawave_edge.protocol.records import BINS
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.discovery.factories import make_column
from tests.edge_agent.conftest import make_work, sqlite_spec
from tests.edge_agent.fake_server import FakeServer

SALT = "s" * 64
TOLD = Sketching(salt=SALT)


def facts_of(values: set[str], salt: str = SALT, *, whole: bool = True) -> SketchFacts:
    bins = sketch_values(values, salt.encode())
    key = sha256(salt.encode()).hexdigest()[:16]
    return SketchFacts(key=key, bins=bins, values=len(values), whole=whole, is_number=False)


def make_sets(seed: int, own: int, shared: int, others: int) -> tuple[set[str], set[str]]:
    drawn = random.Random(seed)
    words = [f"{drawn.getrandbits(64):x}" for _ in range(own + shared + others)]
    return set(words[: own + shared]), set(words[own:])


@pytest.mark.parametrize(
    ("own", "shared", "others"),
    [(0, 1_000, 0), (0, 1_000, 1_000), (500, 1_000, 500), (0, 800, 1_600), (900, 1_100, 3_000)],
)
def test_estimates_are_within_their_error_when_sets_overlap(
    own: int, shared: int, others: int
) -> None:
    truth = shared / (own + shared + others)
    found, deviations = [], []
    for seed in range(60):
        one, other = make_sets(seed, own, shared, others)
        overlap = compare_sketches(facts_of(one), facts_of(other))
        assert overlap is not None
        found.append(overlap.jaccard)
        deviations.append((overlap.held - shared / (own + shared)) / max(overlap.error, 0.01))
    # Four bits of 128 bins: a deviation of 0.05 at most, so the mean of sixty is within 0.02.
    assert abs(sum(found) / len(found) - truth) < 0.02
    assert sum(abs(each) < 3 for each in deviations) >= 56


def test_nothing_is_told_when_sets_have_nothing_in_common() -> None:
    told = [
        compare_sketches(*map(facts_of, make_sets(seed, 800, 0, 800))) is not None
        for seed in range(200)
    ]
    assert sum(told) <= 1


def test_sketches_compare_under_one_salt_alone_and_with_a_whole_one() -> None:
    one, other = make_sets(1, 0, 500, 0)
    assert compare_sketches(facts_of(one), facts_of(other, "t" * 64)) is None
    assert compare_sketches(facts_of(one), facts_of(other, whole=False)) is None
    part = compare_sketches(facts_of(one, whole=False), facts_of(other))
    assert part is not None
    assert (part.held, part.holds) == (1.0, None)


@given(st.sets(st.text(max_size=12), min_size=1, max_size=300), st.randoms())
@settings(max_examples=60, deadline=None)
def test_sketch_is_the_same_whatever_the_order_of_values(values: set[str], drawn: Any) -> None:
    shuffled = list(values)
    drawn.shuffle(shuffled)
    bins = sketch_values(values, SALT.encode())
    assert bins == sketch_values(shuffled, SALT.encode())
    assert len(bins) == BINS
    assert BINS - bins.count("-") <= len(values)


def test_guess_fits_by_chance_when_one_holds_the_salt() -> None:
    """The bin of a value that is there says hardly more than that of one that is not."""
    there, _ = make_sets(3, 5_000, 0, 0)
    guesses, _ = make_sets(4, 5_000, 0, 0)
    bins = sketch_values(there, SALT.encode())

    def fits(values: set[str]) -> float:
        alone = [sketch_values({value}, SALT.encode()) for value in sorted(values)[:2_000]]
        return sum(any(a == b != "-" for a, b in zip(bins, each, strict=True)) for each in alone)

    hits, misses = fits(there), fits(guesses)
    assert misses > 90
    # Whoever calls each fitting guess a value is wrong in most cases.
    assert (hits - misses) / hits < 0.5


def test_values_are_spelled_alike_when_types_differ() -> None:
    assert spell(7) == spell(7.0) == spell(" 7 ") == "7"
    assert spell("AB-1") == spell("ab-1")
    assert spell(7.5) == "7.5"


def sketch_column(
    column: ColumnSnapshot, cells: list[Cell], told: Sketching = TOLD
) -> Sketch | None:
    sample = Sample([(cell,) for cell in cells], len(cells), exact=True)
    (profiled,) = profile_columns([column], sample)
    (done,) = Sketcher(told).add_sketches(("main", "t"), [profiled], sample)
    assert done.profile is not None
    return done.profile.sketch


CODES: list[Cell] = [f"PRD-{n * 37 % 9_973:04}-X" for n in range(400)]


def test_column_that_rows_are_joined_by_is_sketched() -> None:
    sketch = sketch_column(make_column("product"), CODES)
    assert sketch is not None
    assert (sketch.values, sketch.whole) == (400, True)
    assert sketch_column(make_column("product_id", "integer"), list(range(400))) is not None


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("text", [f"anna.{n}@mail.example" for n in range(400)]),
        ("text", [f"+49 171 55{n:05}" for n in range(400)]),
        ("text", [f"10.1.{n % 250}.{n // 2}" for n in range(400)]),
        ("text", [sha256(str(n).encode()).hexdigest() for n in range(400)]),
        ("text", [f"This is the long note number {n} of them all" for n in range(400)]),
        ("text", [f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(400)]),
        ("text", CODES[: FEWEST - 1]),
        ("text", CODES[: FEWEST - 1] * 9),
        ("float", [n / 7 for n in range(400)]),
        ("date", [f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(400)]),
    ],
)
def test_column_is_not_sketched_when_it_is_sensitive_or_small(kind: str, cells: list[Cell]) -> None:
    assert sketch_column(make_column("c", kind), cells) is None


def test_column_is_not_sketched_when_the_server_says_so() -> None:
    withheld = [WithheldColumn(container="main", table="t", column="product")]
    told = Sketching(salt=SALT, withheld=withheld)
    assert sketch_column(make_column("product"), CODES, told) is None
    assert sketch_column(make_column("other"), CODES, told) is not None


def test_salt_is_in_no_text_of_what_holds_it() -> None:
    assert SALT not in repr(TOLD)


def test_sketches_arrive_when_the_work_asks_for_them(
    fake: FakeServer, config: Any, outbox: Outbox, tmp_path: Path
) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE products (code TEXT PRIMARY KEY, mail TEXT)")
        connection.executemany(
            "INSERT INTO products VALUES (?, ?)",
            [(code, f"{code}@mail.example") for code in CODES],
        )
    connection.close()
    for job, told in (("with", TOLD), ("without", None)):
        work = msgspec.structs.replace(make_work(sqlite_spec(path), job), sketching=told)
        run_discovery(work, JobStream(work, Transport(config, outbox.note_sent), outbox), outbox)
    told_of = {
        job: {c.name: c.profile.sketch is not None for c in table.columns if c.profile}
        for job in ("with", "without")
        for record in fake.records(job)
        if isinstance(record, TableRecord) and (table := record.table)
    }
    assert told_of == {
        "with": {"code": True, "mail": False},
        "without": {"code": False, "mail": False},
    }


BINS_TEXT = st.text("0123456789abcdef-", min_size=BINS, max_size=BINS)


@given(BINS_TEXT, BINS_TEXT)
def test_packed_bins_agree_as_their_signs_do(one: str, other: str) -> None:
    pairs = list(zip(one, other, strict=True))
    assert count_bins(pack_bins(one), pack_bins(other)) == (
        sum(pair != ("-", "-") for pair in pairs),
        sum("-" not in pair for pair in pairs),
        sum(a == b != "-" for a, b in pairs),
    )
