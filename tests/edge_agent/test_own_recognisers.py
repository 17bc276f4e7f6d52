"""Own recognisers on the agent: what counts, what is told, and what a hostile pattern can't do."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import msgspec
import pytest

from datawave_edge.discovery import run_discovery
from datawave_edge.outbox import Outbox
from datawave_edge.own_recognisers import OwnRecognisers, PatternRefused, Patterns, hash_word, spell
from datawave_edge.protocol import Recogniser, TableRecord
from datawave_edge.stream import JobStream
from datawave_edge.transport import Transport
from tests.edge_agent.conftest import AgentConfig, make_work, sqlite_spec
from tests.edge_agent.fake_server import FakeServer

CODES = [f"DEB-{n:06}" for n in range(40)]
SALT = "0123456789abcdef"


def told(*patterns: str, words: tuple[str, ...] = (), code: str = "own_1_v1") -> Recogniser:
    hashes = b"".join(hash_word(spell(word), SALT) for word in words)
    return Recogniser(code=code, patterns=list(patterns), words=hashes, salt=SALT)


def test_it_works() -> None:
    own = OwnRecognisers([told(r"DEB-\d{6}"), told(r"X\d", code="own_2_v1")])
    assert own.rate([*CODES, *["other"] * 10, None]) == {"own_1_v1": 0.8}


def test_words_count_in_any_case_when_hashed() -> None:
    own = OwnRecognisers([told(words=("Project Zebra", "Straße"))])
    assert own.rate(["project  ZEBRA ", "STRASSE"] * 5) == {"own_1_v1": 1.0}
    assert own.rate(["Project Lion"] * 10) == {}


def test_numbers_count_as_they_are_written() -> None:
    assert OwnRecognisers([told(r"7\d{3}")]).rate([*range(7000, 7020)]) == {"own_1_v1": 1.0}


@pytest.mark.parametrize(("hits", "others"), [(4, 0), (4, 4), (6, 200)])
def test_nothing_is_told_when_few_rows_fit(hits: int, others: int) -> None:
    cells = [*CODES[:hits], *[f"other{n % 20}" for n in range(others)]]
    assert OwnRecognisers([told(r"DEB-\d{6}")]).rate(cells) == {}


@pytest.mark.parametrize("cells", [[], [None] * 9, [""] * 9, ["\ud800x"] * 9])
def test_nothing_is_told_when_there_is_nothing(cells: list[str | None]) -> None:
    assert OwnRecognisers([told("a", words=("b",))]).rate(cells) == {}


@pytest.mark.parametrize(
    "pattern",
    ["(", "[a", r"(a)\1", "(?=a)", "a{1001}", "((a{500}){500}){500}", "(?<!a)b", "\ud800", "*"],
)
def test_pattern_is_refused_without_repeating_it(pattern: str) -> None:
    with pytest.raises(PatternRefused) as caught:
        Patterns(["fine", pattern])
    assert caught.value.place == 1
    assert str(caught.value).startswith("Pattern 2: ")
    assert "zqx" not in str(caught.value)


def test_no_secret_is_told_when_a_pattern_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    for pattern in ("zqxsecret(", "(?=zqxsecret)", r"zqxsecret\8", "[zqxsecret", "(?zqxsecret)"):
        with pytest.raises(PatternRefused) as caught:
            Patterns([pattern])
        assert "zqx" not in f"{caught.value!r}{caught.value}"
    assert "zqx" not in repr(told("zqxsecret", words=("zqxsecret",)))
    assert capfd.readouterr() == ("", "")


def test_nested_repeats_are_matched_in_one_pass_when_they_would_blow_up_elsewhere() -> None:
    patterns = Patterns([r"(a+)+b", r"(a|aa)*c", r"(.*a){12}d", r"(\w+\s?)*!"])
    # Python's own engine would need more steps than there are atoms.
    assert not any(patterns.accept("a" * 200 + str(n)) for n in range(200))
    assert patterns.accept("a" * 200 + "b")


def test_one_bad_recogniser_is_left_out_when_others_can_be_read() -> None:
    own = OwnRecognisers([told("("), told(r"DEB-\d{6}", code="own_2_v1")])
    assert own.refused == 1
    assert own.rate(CODES) == {"own_2_v1": 1.0}


def test_only_rates_travel_when_a_run_has_recognisers(
    fake: FakeServer, config: AgentConfig, outbox: Outbox, tmp_path: Path
) -> None:
    path = tmp_path / "debts.db"
    with contextlib.closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE debts (no TEXT, paid INTEGER, doc TEXT)")
        made.executemany(
            "INSERT INTO debts VALUES (?, ?, ?)",
            [(c, n, json.dumps({"debt": c, "n": n})) for n, c in enumerate(CODES)],
        )
    mine = [told(r"DEB-\d{6}", words=("zqxword",)), told("zqx(", code="own_2_v1")]
    work = msgspec.structs.replace(make_work(sqlite_spec(path), "own"), recognisers=mine)
    transport = Transport(config, outbox.note_sent)
    run_discovery(work, JobStream(work, transport, outbox), outbox)
    (record,) = [each for each in fake.records("own") if isinstance(each, TableRecord)]
    profiles = {column.name: column.profile for column in record.table.columns}
    assert profiles["no"] is not None
    assert profiles["no"].own_hits == {"own_1_v1": 1.0}
    assert profiles["paid"] is not None
    assert profiles["paid"].own_hits == {}
    paths = {path.name: path.profile for path in record.table.paths}
    assert paths["doc.debt"] is not None
    assert paths["doc.debt"].own_hits == {"own_1_v1": 1.0}
    kept = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    for secret in (b"DEB-\\d", b"zqx", SALT.encode()):
        assert secret not in kept
