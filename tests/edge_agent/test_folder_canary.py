"""Values planted in files and in their names: none leaves the host."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from datawave_edge.protocol import (
    TableRecord,
)
from tests.edge_agent.conftest import StartAgent
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_canary import (
    CANARIES,
    CARDS,
    DATES,
    EMAILS,
    IBANS,
    NUMBERS,
    PHONES,
    SECRETS,
    WORDS,
    assert_silent,
    discover_all,
    make_document,
)
from tests.edge_agent.test_folder import spec_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_nothing_leaks_from_a_folder_when_discovered(
    fake: FakeServer, start_agent: StartAgent, folder: Path, tmp_path: Path
) -> None:
    telling = [*EMAILS[:3], *PHONES[:2], *CARDS, *NUMBERS, *DATES, *SECRETS[1:], *IBANS]
    rows = [[n, CANARIES[n % len(CANARIES)], f"met {WORDS[n % 10]}"] for n in range(200)]
    for place, value in enumerate(telling):
        name = value.replace("/", " ")
        with (folder / f"{name}.csv").open("w", newline="") as opened:
            csv.writer(opened).writerows([["id", "email", "note"], *rows])
        (folder / f"day={name}").mkdir()
        (folder / f"day={name}" / "x.json").write_text(json.dumps({name: 1, "n": place}))
    with (folder / "headless.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows([[EMAILS[0], CARDS[0]], [EMAILS[1], CARDS[1]]])
    (folder / "broken.csv").write_bytes(bytes(range(256)) + WORDS[4].encode())
    (folder / "broken.json").write_text(f'{{"note": "{WORDS[5]}"')
    (folder / "broken.parquet").write_text(f"PAR1{WORDS[6]}")
    lines = [{"note": WORDS[n % 10], "doc": json.loads(make_document(n))} for n in range(40)]
    (folder / "lines.ndjson").write_text("\n".join(map(json.dumps, lines)))
    discover_all(fake, start_agent, spec_of(folder))
    told = {each.table.name for each in fake.records("j") if isinstance(each, TableRecord)}
    assert {"*.csv", "headless.csv", "lines.ndjson"} <= told
    said = b"\n".join(fake.heard)
    assert str(folder).encode() not in said
    assert_silent(fake, tmp_path / "agent", tmp_path / "agent.log")
