"""Several batches under way: nothing is lost, doubled or sent too far ahead, in whatever order."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datawave_edge import flight
from datawave_edge.config import AgentConfig
from datawave_edge.halts import JobHalted
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import ConnectionSpec, FilteredRecord, Opened, root_hash
from datawave_edge.stream import JobStream, choose_rest
from datawave_edge.transport import Transport
from tests.edge_agent.conftest import make_work
from tests.edge_agent.fake_server import Answer, FakeServer

BATCHES = 60
JOB = "11111111-1111-4111-8111-111111111111"
MakeStream = Callable[[], JobStream]


class Traffic:
    """Counts the batches that are at the server, and may hold or refuse them."""

    def __init__(self, fake: FakeServer) -> None:
        self.fake = fake
        self.under_way: set[int] = set()
        self.most = 0
        self.order: list[int] = []
        self.act: Callable[[int], None] = lambda seq: None
        self._lock = threading.Lock()
        fake.around_batch = self.around

    @contextmanager
    def around(self, job: str, seq: int) -> Iterator[None]:
        with self._lock:
            self.under_way.add(seq)
            self.most = max(self.most, len(self.under_way))
            self.order.append(seq)
        try:
            self.act(seq)
            yield
        finally:
            with self._lock:
                self.under_way.discard(seq)


@pytest.fixture
def traffic(fake: FakeServer) -> Traffic:
    return Traffic(fake)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests must not look like a server that is."""
    monkeypatch.setattr(flight, "_PAYS_BELOW", 1e9)
    monkeypatch.setattr(flight, "_WAITS_ABOVE", 1e9)
    monkeypatch.setattr(flight, "backoff_delay", lambda n, base, after: 0.01 + after)


@pytest.fixture
def stream(config: AgentConfig, outbox: Outbox) -> Iterator[JobStream]:
    """A stream that is not open yet; its spool is full."""
    outbox.open_job(JOB)
    for number in range(BATCHES):
        outbox.put(JOB, [FilteredRecord(container="", name=f"t{number}")], [])
    work = make_work(ConnectionSpec(engine="sqlite", database="/x"), JOB)
    stream = JobStream(work, Transport(config, outbox.note_sent), outbox)
    yield stream
    stream.stop_threads()


def names(fake: FakeServer) -> list[str]:
    records = fake.records(JOB)
    return [each.name for each in records if isinstance(each, FilteredRecord)]


def require_all(fake: FakeServer, outbox: Outbox) -> None:
    assert names(fake) == [f"t{number}" for number in range(BATCHES)]
    assert outbox.find_waiting(JOB) is None
    assert sorted(fake.batches[JOB]) == list(range(BATCHES))


def test_several_are_under_way_when_the_server_keeps_up(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox
) -> None:
    meeting = threading.Event()

    def wait_for_another(seq: int) -> None:
        if len(traffic.under_way) >= 3:
            meeting.set()
        if seq > 10:
            meeting.wait(10)

    traffic.act = wait_for_another
    stream.open()
    stream.drain()
    assert 3 <= traffic.most <= flight.MOST_UNDER_WAY
    require_all(fake, outbox)


@pytest.mark.parametrize("seed", range(4))
def test_state_is_the_same_when_answers_come_in_any_order(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox, seed: int
) -> None:
    luck = random.Random(seed)
    plan = {seq: luck.choices([0, 503, 429, 502], [6, 1, 1, 1])[0] for seq in range(BATCHES)}
    pauses = {seq: luck.uniform(0, 0.02) for seq in range(BATCHES)}

    def stumble(seq: int) -> None:
        threading.Event().wait(pauses[seq])
        if status := plan.pop(seq, 0):
            raise Answer(status, "later")

    traffic.act = stumble
    stream.open()
    stream.drain()
    require_all(fake, outbox)
    assert root_hash(outbox.list_hashes(JOB))


def test_none_runs_too_far_ahead_when_one_is_not_taken(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox
) -> None:
    fake.window = 5
    stuck = threading.Event()
    ahead: list[int] = []

    def hold_one(seq: int) -> None:
        if seq == 20:
            stuck.wait(10)
        elif 20 not in fake.batches[JOB]:
            ahead.append(seq)
            if seq == 24:
                stuck.set()

    traffic.act = hold_one
    stream.open()
    stream.drain()
    assert stuck.is_set()
    assert max(ahead) == 24
    require_all(fake, outbox)


def test_one_at_a_time_goes_when_the_server_says_so(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox
) -> None:
    fake.window = 1
    stream.open()
    stream.drain()
    assert traffic.most == 1
    assert traffic.order == list(range(BATCHES))
    require_all(fake, outbox)


def test_sender_slows_down_when_the_answers_say_so(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox
) -> None:
    fake.batch_headers = {"DataWave-Edge-Window": "1"}
    stream.open()
    stream.drain()
    assert traffic.most == 1
    require_all(fake, outbox)


@pytest.mark.parametrize("text", ["", "many", "-3", "1e3", "99999", "²", "0"])
def test_window_stays_when_the_answer_says_nonsense(
    stream: JobStream, fake: FakeServer, outbox: Outbox, text: str
) -> None:
    fake.batch_headers = {"DataWave-Edge-Window": text.encode().decode("latin-1")}
    stream.open()
    stream.drain()
    require_all(fake, outbox)


def test_nothing_more_leaves_when_the_job_is_halted(
    stream: JobStream, fake: FakeServer, traffic: Traffic, outbox: Outbox
) -> None:
    def halt_at_ten(seq: int) -> None:
        if seq == 10:
            stream.halt("cancelled")

    traffic.act = halt_at_ten
    stream.open()
    with pytest.raises(JobHalted):
        stream.drain()
    stream.stop_threads()
    assert max(traffic.order) < 10 + flight.MOST_UNDER_WAY
    assert outbox.find_waiting(JOB) is not None


def test_what_is_under_way_is_sent_again_when_the_process_was_killed(
    stream: JobStream, fake: FakeServer, traffic: Traffic, config: AgentConfig, tmp_path: Path
) -> None:
    """As after kill -9: the server has some of them, and the spool knows of no answer."""
    stream.open()
    stream.drain()
    stream.stop_threads()
    for seq in (4, 7, 30):
        del fake.batches[JOB][seq]
    again = Outbox(config.spool)
    work = make_work(ConnectionSpec(engine="sqlite", database="/x"), JOB)
    second = JobStream(work, Transport(config), again)
    opened: Opened = second.open()
    second.drain()
    second.stop_threads()
    assert opened.resume_seq == 4
    require_all(fake, again)
    again.close()


def test_progress_is_told_more_rarely_when_a_job_goes_on_for_long() -> None:
    rests = [choose_rest(seconds) for seconds in (0, 5, 20, 10_000)]
    assert rests == sorted(rests)
    assert rests[0] == rests[1] < rests[2] < rests[3]
    assert rests[3] <= 2
