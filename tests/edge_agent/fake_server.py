"""A tiny server in this process that speaks the wire protocol and keeps every byte it was sent."""

from __future__ import annotations

import datetime as dt
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from datawave_edge.protocol import (
    PROTOCOL_VERSION,
    Ack,
    CloseAck,
    Directive,
    DiscoveryWork,
    HeartbeatReply,
    Interval,
    JobClose,
    JobFailure,
    JobProgress,
    NoWork,
    Opened,
    Record,
    TestResult,
    TestWork,
    WorkRequest,
    batch_sha256,
    decode_message,
    decode_records,
    encode_message,
    root_hash,
    unpack_body,
)
from datawave_edge.protocol.identity import Challenge, Grant, TokenRequest

TOKEN = "token-of-the-test-agent"


# Without what it got: that is spelt for each example of a property.
@dataclass(repr=False)
class FakeServer:
    """State of the server: what it hands out, what it got, how it answers."""

    url: str = ""
    work: list[DiscoveryWork | TestWork] = field(default_factory=list)
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    batches: dict[str, dict[int, bytes]] = field(default_factory=dict)
    closes: dict[str, JobClose] = field(default_factory=dict)
    failures: dict[str, JobFailure] = field(default_factory=dict)
    tests: dict[str, TestResult] = field(default_factory=dict)
    progress: list[JobProgress] = field(default_factory=list)
    # Every byte that came in: request line, headers and body, unpacked too.
    heard: list[bytes] = field(default_factory=list)
    cancel: bool = False
    blackouts: list[Interval] | None = None
    # What it says it can do; a released one of 1.0 knew gzip alone.
    capabilities: list[str] = field(default_factory=lambda: ["gzip"])
    encodings: list[str] = field(default_factory=list)
    # Fields of the next heartbeats' answers.
    orders: dict[str, bool] = field(default_factory=dict)
    hashes_told: bool = True
    told: dict[str, list[str]] = field(default_factory=dict)
    # Called before a batch is stored; may raise Answer or sleep.
    before_batch: Callable[[str, int], None] = lambda job, seq: None
    # Entered for the time that a batch is at the server.
    around_batch: Callable[[str, int], AbstractContextManager[None]] = lambda job, seq: (
        nullcontext()
    )
    window: int = 32
    # Of the answers to batches.
    batch_headers: dict[str, str] = field(default_factory=dict)
    # Called with a batch's records: may raise Answer.
    before_records: Callable[[list[Record]], None] = lambda records: None
    # Gives the ack of a batch that is held but not taken in, as in quarantine; else None.
    judge: Callable[[list[Record]], Ack | None] = lambda records: None
    aside: dict[str, set[int]] = field(default_factory=dict)
    # Called for any request; may raise Answer.
    before_any: Callable[[str], None] = lambda path: None
    leased: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def records(self, job: str) -> list[Record]:
        """All records of a job in order."""
        bodies = sorted(self.batches.get(job, {}).items())
        return [record for _, body in bodies for record in decode_records(body)]

    def accepted(self, job: str) -> list[Record]:
        """The records of a job that are not set aside, in order."""
        aside = self.aside.get(job, set())
        bodies = sorted(self.batches.get(job, {}).items())
        return [each for seq, body in bodies if seq not in aside for each in decode_records(body)]

    def is_over(self, job: str) -> bool:
        """Whether a job is closed or failed."""
        return job in self.closes or job in self.failures

    def wait_over(self, job: str, seconds: float = 60.0) -> None:
        """Wait for the end of a job."""
        self.wait_for(lambda: self.is_over(job), seconds)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for anything. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.02)

    def next_work(self, asked: WorkRequest) -> DiscoveryWork | TestWork | NoWork:
        """The first test that nobody took, or job that is not over; a lost agent gets it again."""
        with self.lock:
            for item in self.work:
                if isinstance(item, TestWork) and item.test not in self.leased:
                    self.leased.add(item.test)
                    return item
                open_job = isinstance(item, DiscoveryWork) and not self.is_over(item.job)
                if open_job and not asked.tests_only:
                    return item
        return NoWork()


class Answer(Exception):
    """End a request with a status and a problem's code, or with what a proxy says instead."""

    def __init__(
        self,
        status: int,
        code: str,
        headers: dict[str, str] | None = None,
        *,
        page: bytes | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.page = page


def _resume_seq(held: dict[int, bytes]) -> int:
    seq = 0
    while seq in held:
        seq += 1
    return seq


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: FakeServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base names it so
        """Stay quiet."""

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.state.heard += [
            f"{self.command} {self.path}".encode(),
            str(self.headers).encode(),
            raw,
        ]
        try:
            self.state.before_any(self.path)
            if self.path.rpartition("/")[2] not in ("challenge", "token"):
                self._require_token()
            reply = self._route(self.path.removeprefix("/api/edge/v1/").split("/"), raw)
            told = self.state.batch_headers if isinstance(reply, Ack) else None
            self._answer(200, encode_message(reply), told) if reply else self._answer(204, b"")
        except Answer as answer:
            self._refuse(answer)

    def _require_token(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Answer(401, "agent_revoked")

    def _refuse(self, answer: Answer) -> None:
        problem = msgspec.json.encode({"code": answer.code, "detail": "no"})
        if answer.page is None:
            self._answer(answer.status, problem, answer.headers)
        else:
            self._send(answer.status, answer.page, answer.headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._send(status, body, {"DataWave-Edge": PROTOCOL_VERSION, **(headers or {})})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _route(  # noqa: C901, PLR0911 - one answer a door
        self, parts: list[str], raw: bytes
    ) -> msgspec.Struct | None:
        now = dt.datetime.now(dt.UTC)
        match parts:
            case ["challenge"]:
                return Challenge(nonce="nonce", server_time=now)
            case ["token"]:
                agent = decode_message(raw, TokenRequest).agent
                return Grant(agent=agent, name="test", token=TOKEN, expires_in=900, server_time=now)
            case ["heartbeat"]:
                return HeartbeatReply(server_time=now, **self.state.orders)
            case ["work"]:
                found = self.state.next_work(decode_message(raw, WorkRequest))
                time.sleep(0.05 if isinstance(found, NoWork) else 0)
                return found
            case ["jobs", job, "open"]:
                return self._open(job, now)
            case ["jobs", job, "batches", seq]:
                with self.state.around_batch(job, int(seq)):
                    return self._batch(job, int(seq), raw)
            case ["jobs", _, "progress"]:
                self.state.progress.append(decode_message(raw, JobProgress))
                return Directive(cancel=self.state.cancel, blackouts=self.state.blackouts)
            case ["jobs", job, "close"]:
                return self._close(job, decode_message(raw, JobClose))
            case ["jobs", job, "fail"]:
                failure = decode_message(raw, JobFailure)
                self.state.failures[job] = failure
                return None
            case ["tests", test, "result"]:
                self.state.tests[test] = decode_message(raw, TestResult)
                return None
        raise Answer(404, "not_found")

    def _open(self, job: str, now: dt.datetime) -> Opened:
        held = self.state.batches.setdefault(job, {})
        resume = _resume_seq(held)
        hashes = [batch_sha256(held[seq]) for seq in range(resume)]
        return Opened(
            resume_seq=resume,
            window=self.state.window,
            max_packed_bytes=1024 * 1024,
            server_time=now,
            known=self.state.known,
            hashes=hashes if self.state.hashes_told else [],
            told=self.state.told,
            capabilities=self.state.capabilities,
        )

    def _batch(self, job: str, seq: int, raw: bytes) -> Ack:
        self.state.before_batch(job, seq)
        encoding = self.headers.get("Content-Encoding", "")
        if encoding not in self.state.capabilities:
            raise Answer(415, "encoding_unsupported")
        self.state.encodings.append(encoding)
        body = unpack_body(raw, encoding)
        self.state.heard.append(body)
        if batch_sha256(body) != self.headers["DataWave-Batch-Sha256"]:
            raise Answer(400, "hash_wrong")
        records = decode_records(body)
        assert len(records) == int(self.headers["DataWave-Batch-Records"])
        self.state.before_records(records)
        with self.state.lock:
            held = self.state.batches.setdefault(job, {})
            repeated = held.get(seq) == body
            if seq in held and not repeated:
                raise Answer(409, "conflict")
            held[seq] = body
        if verdict := self.state.judge(records):
            self.state.aside.setdefault(job, set()).add(seq)
            return verdict
        status = "duplicate" if repeated else "accepted"
        return Ack(status=status, acked_seq=_resume_seq(held) - 1)

    def _close(self, job: str, message: JobClose) -> CloseAck:
        held = self.state.batches.get(job, {})
        missing = [seq for seq in range(message.last_seq + 1) if seq not in held]
        if missing:
            return CloseAck(status="missing", missing=missing)
        hashes = [batch_sha256(held[seq]) for seq in range(message.last_seq + 1)]
        if root_hash(hashes) != message.root_hash:
            raise Answer(422, "root_hash_wrong")
        self.state.closes[job] = message
        return CloseAck(status="closed")


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that was killed leaves a broken pipe; that is what the test wanted."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def serve_fake() -> Iterator[FakeServer]:
    """Run a fake server on a free loopback port."""
    state = FakeServer()
    handler = type("Handler", (_Handler,), {"state": state})
    server = _QuietServer(("127.0.0.1", 0), handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
