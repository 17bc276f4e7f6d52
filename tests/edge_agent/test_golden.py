"""Each released version of the protocol is still spoken, by the server and by the agent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client

from apps.datasources import services as datasources
from apps.datasources.models import Agent
from apps.discovery import services
from datawave_edge.config import AgentConfig
from datawave_edge.protocol import (
    PROTOCOL_VERSION,
    Heartbeat,
    JobClose,
    JobFailure,
    JobProgress,
    OpenStream,
    RunSettings,
    TestResult,
    WorkRequest,
    batch_sha256,
    decode_message,
    encode_message,
    encode_records,
    root_hash,
)
from datawave_edge.transport import (
    AccessRefused,
    RequestRefused,
    ServerUnavailable,
    Transport,
)
from tests.discovery.factories import (
    as_record,
    make_column,
    make_failed,
    make_filtered,
    make_path,
    make_table,
)
from tests.factories import make_agent, make_source

from .golden import (
    API,
    HERE,
    KEPT_HEADERS,
    Exchange,
    batch_headers,
    covers,
    list_recordings,
    read_recording,
    steady,
    write_recording,
)

TOKEN = "dwa_golden"
NOW = "2026-01-02T03:04:05Z"
RECORDING = os.environ.get("RECORD_GOLDEN") == "1"


def body_of(*tables: Any) -> str:
    return encode_records([as_record(table) for table in tables]).decode()


FIRST = body_of(make_table("customers", ["mail", "age"]), make_failed("locked"))
SECOND = body_of(make_table("orders"), make_filtered("tmp_x"))
DOCUMENTS = body_of(
    make_table("events", [make_column("doc", "json")], paths=[make_path("doc", "mail")])
)
BAD = body_of(make_table("twice", ["a", "a"]))
Step = tuple[str, str, str, dict[str, str]]


def post(path: str, body: str, **headers: str) -> Step:
    return ("POST", path, body, headers)


def put(seq: int | str, body: str, **headers: str) -> Step:
    return ("PUT", f"/jobs/{{job}}/batches/{seq}", body, {**batch_headers(body), **headers})


def close_of(*bodies: str) -> str:
    hashes = [batch_headers(body)["DataWave-Batch-Sha256"] for body in bodies]
    container = {"name": "main", "authoritative": True, "tables": 4}
    message = {
        "last_seq": len(hashes) - 1, "root_hash": root_hash(hashes), "containers": [container],
        "seen": 4, "load": {"queries": 7, "rows_read": 200, "seconds": 1.5},
        "facts": {"server_version": "3.45"}, "complete": True,
    }  # fmt: skip
    return json.dumps(message)


OPEN = json.dumps({"agent_time": NOW})
ASK = post("/work", '{"wait":0}')
START = [ASK, post("/jobs/{job}/open", OPEN)]
# What a released agent says; each recording begins with a job that waits for it.
SCRIPTS: dict[str, list[Step]] = {
    "run": [
        post("/heartbeat", json.dumps(
            {"version": "0.1.0", "protocol": "1.0", "agent_time": NOW, "spool_bytes": 5}
        )),
        *START,
        put(1, SECOND),
        put(0, FIRST),
        put(0, FIRST),
        post("/jobs/{job}/progress", json.dumps(
            {"listed": 4, "done": 2, "current": "main.orders", "spool_bytes": 9,
             "log": [{"level": "info", "message": "Found 4 tables", "at": NOW}]}
        )),
        post("/jobs/{job}/open", OPEN),
        post("/jobs/{job}/close", close_of(FIRST, SECOND, FIRST)),
        post("/jobs/{job}/close", close_of(FIRST, SECOND)),
        post("/jobs/{job}/close", close_of(FIRST, SECOND)),
        put(2, FIRST),
        ASK,
    ],
    "packed": [
        *START,
        put(0, FIRST, **{"Content-Encoding": "zstd"}),
        put(0, FIRST),
    ],
    "refusals": [
        *START,
        put(0, BAD),
        put(0, BAD),
        put(40, FIRST),
        put(1, FIRST, **{"DataWave-Batch-Sha256": "0" * 64}),
        put(1, FIRST, **{"DataWave-Batch-Records": "3"}),
        put(1, FIRST, **{"Content-Encoding": "br"}),
        put(1, "no record\n"),
        put(2, '{"record":"filtered","container":"c","name":"t","mood":1}\n'),
        put(3, '{"record":"filtered","container":"c","name":"\\u0000"}\n'),
        post("/jobs/{job}/close", close_of(FIRST, FIRST, FIRST, FIRST)),
        post("/jobs/{job}/progress", '{"listed":-1}'),
        post("/work", '{"wait":0}', **{"DataWave-Edge": "0.1"}),
        post("/work", '{"wait":0}', Authorization="Bearer dwa_nobody"),
        post("/jobs/00000000-0000-4000-8000-000000000000/open", OPEN),
        put(3, FIRST),
        put(4, FIRST),
    ],
    "paths": [
        *START,
        put(0, DOCUMENTS),
        put(0, DOCUMENTS),
        put(1, body_of(make_table("lost", ["a"], paths=[make_path("doc", "mail")]))),
        post("/jobs/{job}/close", close_of(DOCUMENTS, DOCUMENTS)),
    ],
    "dialect": [
        ASK,
        post("/jobs/{job}/fail", '{"code":"dialect_refused","message":"No.","hint":"Add it."}'),
    ],
    "failure": [
        *START,
        post("/jobs/{job}/fail", '{"code":"auth_failed","message":"No.","retry":true}'),
        post("/jobs/{job}/progress", '{"listed":1}'),
    ],
}  # fmt: skip


# Where a recording's source is another than a file.
SOURCES: dict[str, dict[str, Any]] = {
    "dialect": {
        "engine": "sqlalchemy", "dialect": "firebird+firebird", "host": "db.example.test",
        "port": 3050, "database": "plant", "username": "reader", "secret_ref": "env:PLANT",
    },
}  # fmt: skip


@pytest.fixture
def job(db: None, request: pytest.FixtureRequest) -> str:
    """A job that waits for the agent of the recording."""
    make_agent("golden", token=TOKEN, embedded=True)
    cache.clear()
    told = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    name = told["path"].stem if "path" in told else told.get("name", "")
    source = make_source("crm", **SOURCES.get(name, {}))
    opened = services.open_job(source=source, settings=RunSettings())
    return str(opened.public_id)


def ask_server(method: str, path: str, wire: bytes, headers: dict[str, str], job: str) -> Any:
    """The answer of the real server."""
    return Client().generic(
        method,
        API + path.replace("{job}", job),
        wire,
        content_type="application/json" if method == "POST" else "application/x-ndjson",
        headers={"Authorization": f"Bearer {TOKEN}", "DataWave-Edge": PROTOCOL_VERSION, **headers},
    )


def keep(step: Step, job: str) -> Exchange:
    """Play one step and keep what came back."""
    method, path, body, headers = step
    blank = Exchange(method, path, headers, body, 0, {}, None)
    answer = ask_server(method, path, blank.wire, headers, job)
    return msgspec.structs.replace(
        blank,
        status=answer.status_code,
        reply_headers={name: answer[name] for name in KEPT_HEADERS if name in answer},
        reply=steady(json.loads(answer.content), job) if answer.content else None,
    )


if RECORDING:  # writes what is promised, so it is no part of a plain run

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_recordings_are_written_when_asked_for(name: str, job: str) -> None:
        kept = [keep(step, job) for step in SCRIPTS[name]]
        write_recording(HERE / PROTOCOL_VERSION / f"{name}.json", kept)


def test_current_version_is_recorded() -> None:
    assert {path.stem for path in (HERE / PROTOCOL_VERSION).glob("*.json")} == set(SCRIPTS)


@pytest.mark.parametrize(
    "path", list_recordings(), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_server_answers_as_it_did_when_that_version_was_released(path: Path, job: str) -> None:
    for number, then in enumerate(read_recording(path)):
        answer = ask_server(then.method, then.path, then.wire, then.headers, job)
        place = f"{path.name}, exchange {number}: {then.method} {then.path}"
        assert answer.status_code == then.status, (place, answer.content)
        now = steady(json.loads(answer.content), job) if answer.content else None
        assert covers(now, _promised(then.reply)), (place, now, then.reply)
        for name in ("Content-Type", "Retry-After", "DataWave-Edge-Lowest"):
            assert (name in answer) == (name in then.reply_headers), place


def _promised(reply: Any) -> Any:
    """Words for people may get better; codes and figures are the promise."""
    if isinstance(reply, dict) and "code" in reply:
        return {name: reply[name] for name in ("code", "status")}
    if isinstance(reply, dict):
        return {name: value for name, value in reply.items() if name != "rejected"}
    return reply


@pytest.fixture
def playback() -> Iterator[tuple[str, list[Exchange]]]:
    """A server that answers the next request with the next recorded answer, whatever is asked."""
    waiting: list[Exchange] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            then = waiting.pop(0)
            body = b"" if then.reply is None else json.dumps(fill(then.reply)).encode()
            self.send_response(then.status)
            for name, value in then.reply_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST  # noqa: N815 - the base class wants the name

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base names it so
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", waiting
    server.shutdown()
    server.server_close()
    thread.join()


JOB = "11111111-1111-4111-8111-111111111111"


FILLED = {"<server_time>": NOW, "<salt>": "0" * 64, "{job}": JOB}


def fill(reply: Any) -> Any:
    """A recorded answer with values for what differs."""
    if isinstance(reply, dict):
        return {name: fill(value) for name, value in reply.items()}
    if isinstance(reply, list):
        return [fill(item) for item in reply]
    return FILLED.get(reply, reply) if isinstance(reply, str) else reply


def speak(transport: Transport, then: Exchange) -> Any:
    """Let the agent say what was recorded; gives what it understood."""
    raw, door = then.body.encode(), then.path.rsplit("/", 1)[-1]
    says: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
        "heartbeat": (Heartbeat, transport.heartbeat),
        "work": (WorkRequest, transport.ask_work),
        "open": (OpenStream, lambda message: transport.open_stream(JOB, message)),
        "progress": (JobProgress, lambda message: transport.post_progress(JOB, message)),
        "close": (JobClose, lambda message: transport.close_stream(JOB, message)),
        "fail": (JobFailure, lambda message: transport.fail_job(JOB, message)),
        "result": (TestResult, lambda message: transport.send_test_result(JOB, message)),
    }
    if then.method == "PUT":
        return transport.put_batch(
            JOB, int(door), batch_sha256(raw), then.wire, len(raw.splitlines())
        )
    kind, send = says[door]
    # What a released agent could not say either is not said here.
    message = decode_message(raw, kind) if then.status != 422 else _any_message(kind)
    return send(message)


def _any_message(kind: type[Any]) -> Any:
    return JobProgress() if kind is JobProgress else WorkRequest(wait=0)


def expected_error(then: Exchange) -> type[Exception] | None:
    """How the agent takes an answer."""
    if then.status in (200, 204):
        return None
    if then.status in (401, 403):
        return AccessRefused
    return ServerUnavailable if then.status in (425, 429, 503) else RequestRefused


@pytest.mark.parametrize(
    "path", list_recordings(), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_agent_understands_the_server_of_that_version(
    path: Path, playback: tuple[str, list[Exchange]], tmp_path: Path
) -> None:
    url, waiting = playback
    transport = Transport(AgentConfig(server=url, token=TOKEN, spool=tmp_path, embedded=True))
    for then in read_recording(path):
        waiting.append(then)
        error = expected_error(then)
        if error is None:
            reply = speak(transport, then)
            assert reply is None or covers(json.loads(encode_message(reply)), fill(then.reply)), (
                then.path
            )
            continue
        with pytest.raises(error) as caught:
            speak(transport, then)
        if isinstance(caught.value, RequestRefused) and then.status != 426:
            assert caught.value.code == then.reply["code"]


def test_agent_of_the_recording_is_known_as_one(job: str) -> None:
    assert datasources.authenticate_agent(TOKEN) == Agent.objects.get(name="golden")
