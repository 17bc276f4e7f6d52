"""Rows about hostile bodies, slow senders, lost live pages and mail servers."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import random
import socket
import statistics
import threading
import time
from collections.abc import Iterable, Iterator

from tests.faults.harness.fake_agent import FakeAgent, drive
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.trial import Trial

# What is said of a body that was looked at; to be refused for another reason proves nothing.
REFUSED = {400, 413, 415, 422}
GROWTH_MB = 80
SOCKETS = 200
SLOWEST_SECONDS = 3.0
MAIL_PATIENCE = 60


def throw_bombs(dice: random.Random) -> Plan:
    """F15: bodies that unpack to hundreds of megabytes, nest for ever, or have no end."""
    kinds = [dice.choice(("gzip", "nested", "keys", "endless")) for _ in range(3)]

    def act(agent: FakeAgent) -> None:
        for kind in kinds:
            # Takes the job up again, or it might be refused for that alone, unopened.
            if (status := agent.open()) != 200:
                agent.trial.violations.append(f"HARNESS the job was not open: {status}")
            agent.trial.told.append(f"a {kind} bomb")
            _watch_bomb(agent, kind)

    return Plan([], drive=lambda trial: drive(trial, act))


def _watch_bomb(agent: FakeAgent, kind: str) -> None:
    trial = agent.trial
    server = trial.installation.children["server"]
    before = server.peak_mb()
    status = _throw(agent, kind)
    trial.note_done()
    if status not in REFUSED:
        trial.violations.append(f"I10 a {kind} bomb was answered {status}")
    if server.peak_mb() - before > GROWTH_MB:
        trial.violations.append(f"I10 a {kind} bomb cost {server.peak_mb() - before} MB")


def _throw(agent: FakeAgent, kind: str) -> int:
    trial = agent.trial
    connection = http.client.HTTPConnection("127.0.0.1", trial.installation.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {trial.installation.agent_token}",
        "Content-Type": "application/x-ndjson",
        "DataWave-Batch-Sha256": "0" * 64,
        "DataWave-Batch-Records": "1",
    }
    body: bytes | Iterator[bytes]
    if kind == "endless":
        # http.client sends an iterator in chunks, without a length.
        body = (bytes(2**16) for _ in range(2_000))
    else:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(_make_bomb(kind), 6)
    try:
        connection.request(
            "PUT", f"/api/edge/v1/jobs/{agent.job}/batches/1", body, headers,
            encode_chunked=kind == "endless",
        )  # fmt: skip
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        # Hung up on while it was still sending, which is an answer too.
        return 413
    finally:
        connection.close()


def _make_bomb(kind: str) -> bytes:
    if kind == "gzip":
        return bytes(200 * 2**20)
    if kind == "nested":
        return b"[" * 10_000 + b"]" * 10_000
    return b"{" + b",".join(b'"k%d":1' % number for number in range(500_000)) + b"}"


def trickle(dice: random.Random) -> Plan:
    """F16: two hundred sockets send a byte now and then; the others must not wait for them."""
    seconds = round(dice.uniform(2, 4), 1)

    def act(trial: Trial) -> None:
        trial.wait_to(0)
        port = trial.installation.port
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(SOCKETS)]
        head = b"PUT /api/edge/v1/jobs/x/batches/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n"
        for number, each in enumerate(held):
            each.sendall(head + (b"\r\n" if number % 2 else b""))
        took = _time_requests(trial, seconds, held)
        for each in held:
            each.close()
        trial.injected += SOCKETS
        if took and statistics.quantiles(took, n=20)[-1] > SLOWEST_SECONDS:
            trial.violations.append(f"I10 with {SOCKETS} slow sockets others waited {max(took)} s")

    return Plan([Injection(f"{SOCKETS} slow sockets for {seconds} s", act)])


def _time_requests(trial: Trial, seconds: float, held: list[socket.socket]) -> list[float]:
    took, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        for each in held[::10]:
            with contextlib.suppress(OSError):
                each.send(b"x")
        started = time.monotonic()
        trial.installation.call("GET", "runs/?page_size=1")
        took.append(time.monotonic() - started)
    return took


def lose_live(dice: random.Random) -> Plan:
    """F29: a live page loses its socket, or the server, and has each event once all the same."""
    drops = dice.randint(1, 4)
    kill = dice.random() < 0.5

    def act(trial: Trial) -> None:
        page = LivePage(trial, drops)
        trial.page = page
        trial.wait_to(0)
        page.start()
        if kill:
            time.sleep(0.8)
            trial.installation.children["server"].kill()
        trial.injected += drops + kill

    return Plan([Injection(f"a live page is cut {drops} times", act)], judge=_judge_live)


class LivePage:
    """What static/js/live.js does: follow, note the last id, come back with it."""

    def __init__(self, trial: Trial, drops: int) -> None:
        self.trial, self.drops = trial, drops
        self.events: list[tuple[int, str]] = []
        self.numbers: set[int] = set()
        self.first = self.last = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Open the page."""
        self._thread.start()

    def close(self) -> None:
        """Wait until it has heard of the end."""
        self._thread.join(30)

    def _run(self) -> None:
        deadline = time.monotonic() + 100
        while not self._has_ended() and time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                self._follow()
            time.sleep(0.2)

    def _has_ended(self) -> bool:
        return any(kind == "finished" for _, kind in self.events)

    def _follow(self) -> None:
        from websockets.sync.client import connect

        installation, topic = self.trial.installation, f"run:{self.trial.run_id}"
        headers = {"Cookie": f"sessionid={installation.session}", "Origin": installation.url}
        url = installation.url.replace("http", "ws", 1) + "/ws/live/"
        with connect(url, additional_headers=headers, open_timeout=5) as page:
            page.send(json.dumps({"type": "subscribe", "topic": topic, "after": self.last}))
            patience = 0.4 if self.drops else 60
            deadline = time.monotonic() + patience
            while not self._has_ended() and time.monotonic() < deadline:
                self._note(json.loads(page.recv(timeout=max(0.1, deadline - time.monotonic()))))
            self.drops = max(0, self.drops - 1)

    def _note(self, message: dict[str, object]) -> None:
        number = message.get("id")
        assert isinstance(number, int), message
        if message["type"] == "snapshot" and not self.first:
            self.first = number
        # An event may be sent again; a page knows it by its id.
        if message["type"] == "event" and number not in self.numbers:
            self.events.append((number, str(message["kind"])))
            self.numbers.add(number)
        self.last = max(self.last, number)


def _judge_live(trial: Trial) -> Iterable[str]:
    """A page has each line of the log that came after its first snapshot, and the end."""
    if trial.page is None:
        return
    page = trial.page
    page.close()
    if not any(kind == "finished" for _, kind in page.events):
        yield f"I12 a live page never heard of the end: {page.events[-3:]}"
    told = trial.installation.store.query(
        f"SELECT id FROM notifications_event WHERE topic = 'run:{trial.run_id}'"
        f" AND kind = 'log' AND id > {page.first} AND id < {page.last}"
    )
    if missing := {number for (number,) in told} - page.numbers:
        yield f"I4 a live page was never told {len(missing)} lines of the log"


def harm_mail(dice: random.Random) -> Plan:
    """F30: the mail server is down, slow, unwilling, or takes a mail and hangs up."""
    mood = dice.choice(("down", "slow", "later", "never", "forgetful"))
    seconds = round(dice.uniform(1, 4), 1)

    def act(trial: Trial) -> None:
        mail = trial.installation.mail
        assert mail
        mail.mood = mood
        trial.wait_to(0)
        while not trial.is_over():
            time.sleep(0.05)
        time.sleep(seconds)
        mail.mood = "fine"
        trial.note_done()

    def judge(trial: Trial) -> Iterable[str]:
        return _judge_mail(trial, mood)

    return Plan([Injection(f"mail is {mood} until {seconds} s after the end", act)], judge=judge)


def _judge_mail(trial: Trial, mood: str) -> Iterable[str]:
    """One mail for each notice: sent in the end, or given up when it was refused for good."""
    store = trial.installation.store
    run = str(trial.run_id)
    statement = (
        "SELECT d.state, d.error_code FROM notifications_delivery d JOIN notifications_notice n"
        f" ON n.id = d.notice_id WHERE n.url = '/runs/{run}/' AND n.kind = 'run_completed'"
    )
    deadline = time.monotonic() + MAIL_PATIENCE
    while time.monotonic() < deadline:
        found = store.query(statement)
        if found and all(state in ("sent", "dead") for state, _ in found):
            break
        time.sleep(0.2)
    wanted = "dead" if mood == "never" else "sent"
    if not found or any(state != wanted for state, _ in found):
        yield f"I12 mails of a run that ended while mail was {mood}: {found}"
    assert trial.installation.mail
    taken = trial.installation.mail.taken
    if mood != "forgetful" and len(taken) != len(set(taken)):
        yield f"I4 a mail was sent twice while mail was {mood}"
    taken.clear()
