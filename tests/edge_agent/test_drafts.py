"""What was read and is in no batch yet: a killed agent does not read it again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors import Sample, TableShape
from datawave_edge.connectors.sqlite import SqliteConnector
from datawave_edge.drafts import Drafts
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import (
    FilteredRecord,
    Record,
    TableRecord,
    UnchangedRecord,
    encode_records,
)
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.fake_server import FakeServer


def one(name: str) -> FilteredRecord:
    return FilteredRecord(container="", name=name)


def read_back(directory: Path) -> list[Record]:
    drafts = Drafts(directory, "j")
    drafts.close(forget=False)
    return drafts.list_records()


class Killed(BaseException):
    """Ends a walk as a kill does: no handler of the agent's runs for it."""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each table's rows were read."""
    counted: Counter[str] = Counter()
    real = SqliteConnector.sample

    def count(self: SqliteConnector, shape: TableShape, limit: int) -> Sample:
        counted[shape.ref.name] += 1
        if counted.total() in KILLS:
            raise Killed
        return real(self, shape, limit)

    monkeypatch.setattr(SqliteConnector, "sample", count)
    return counted


KILLS: set[int] = set()


@pytest.fixture(autouse=True)
def no_kills() -> Iterator[None]:
    yield
    KILLS.clear()


def learn(fake: FakeServer, records: list[Record]) -> None:
    """The server holds what it was sent."""
    for record in records:
        if isinstance(record, TableRecord):
            fake.known.setdefault(record.table.container, {})[record.table.name] = (
                record.table.content_hash
            )


@pytest.mark.parametrize("case", [(k, r) for k in ({2}, {4}, {2, 5}) for r in (False, True)])
def test_no_table_is_read_twice_when_the_agent_is_killed_between_tables(
    discover: Discover,
    fake: FakeServer,
    shop: Path,
    reads: Counter[str],
    case: tuple[set[int], bool],
) -> None:
    kills, repeated = case
    if repeated:
        learn(fake, discover(sqlite_spec(shop), "first"))
        reads.clear()
    KILLS.update(kills)
    for _ in kills:
        with pytest.raises(Killed):
            discover(sqlite_spec(shop), "j", tables_per_batch=100)
    records = discover(sqlite_spec(shop), "j", tables_per_batch=100)
    kind = UnchangedRecord if repeated else TableRecord
    assert [type(each) for each in records] == [kind] * 4
    # The table in hand is read again, and no other.
    assert reads.total() == 4 + len(kills)
    assert max(reads.values()) <= 1 + len(kills)
    assert fake.closes["j"].seen == 4


def test_draft_is_read_anew_when_the_server_holds_another_version_by_now(
    discover: Discover, fake: FakeServer, shop: Path, reads: Counter[str]
) -> None:
    learn(fake, discover(sqlite_spec(shop), "first"))
    KILLS.add(reads.total() + 4)
    with pytest.raises(Killed):
        discover(sqlite_spec(shop), "j")
    fake.known[""]["big_orders"] = "0" * 64
    records = discover(sqlite_spec(shop), "j")
    changed = [each.table.name for each in records if isinstance(each, TableRecord)]
    assert (changed, len(records)) == (["big_orders"], 4)


def test_nothing_is_left_when_the_job_is_over(
    discover: Discover, shop: Path, outbox: Outbox
) -> None:
    discover(sqlite_spec(shop), "j")
    assert not list(outbox.path.parent.glob("*.drafts"))


@given(names=st.lists(st.text(min_size=1, max_size=20), max_size=8), cut=st.integers(0, 2_000))
def test_whole_lines_are_kept_when_the_last_one_is_cut(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], cut: int
) -> None:
    names = [name.encode("utf-8", "replace").decode().replace("\x00", "") or "x" for name in names]
    directory = tmp_path_factory.mktemp("drafts")
    drafts = Drafts(directory, "j")
    for name in names:
        drafts.add(encode_records([one(name)]))
    drafts.close(forget=False)
    content = drafts.path.read_bytes()
    drafts.path.write_bytes(content[:cut])
    again = Drafts(directory, "j")
    whole = content[:cut].count(b"\n")
    assert again.list_records() == [one(name) for name in names[:whole]]
    again.add(encode_records([one("after")]))
    again.close(forget=False)
    assert read_back(directory) == [*map(one, names[:whole]), one("after")]


def test_drafts_are_there_when_the_process_was_killed(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from datawave_edge.drafts import Drafts\n"
        "from datawave_edge.protocol import FilteredRecord, encode_records\n"
        "def line(name): return encode_records([FilteredRecord(container='', name=name)])\n"
        "drafts = Drafts(Path(sys.argv[1]), 'j')\n"
        "[drafts.add(line(f't{n}')) for n in range(50)]\n"
        "drafts.keep_only([line('late')])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert read_back(tmp_path) == [one("late")]


def test_file_is_private_and_its_name_tells_nothing_when_the_job_is_hostile(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "../../etc/passwd")
    drafts.add(encode_records([one("a")]))
    drafts.close(forget=False)
    assert [path.parent for path in tmp_path.rglob("*.drafts")] == [tmp_path]
    assert drafts.path.stat().st_mode & 0o777 == 0o600


def test_discovery_goes_on_when_drafts_can_not_be_written(
    discover: Discover, fake: FakeServer, shop: Path, outbox: Outbox
) -> None:
    drafts = Drafts(outbox.path.parent, "j")
    drafts.close(forget=True)
    # A folder of that name can't be opened as a file, whoever the user is.
    drafts.path.mkdir()
    assert len(discover(sqlite_spec(shop), "j")) == 4
    assert "j" in fake.closes
