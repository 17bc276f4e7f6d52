"""The way out: one origin, patience where it helps, a plain stop where it does not."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge import transport as transport_module
from datawave_edge.config import AgentConfig
from datawave_edge.protocol import (
    Ack,
    FilteredRecord,
    TestResult,
    WorkRequest,
    batch_sha256,
    encode_records,
)
from datawave_edge.protocol.compression import pack
from datawave_edge.transport import (
    BACKOFF_CAP,
    AccessRefused,
    RequestRefused,
    ServerUnavailable,
    Stopped,
    Transport,
    backoff_delay,
)
from tests.edge_agent.fake_server import TOKEN, Answer, FakeServer

BODY = encode_records([FilteredRecord(container="", name="x")])
SHA = batch_sha256(BODY)


@pytest.fixture
def transport(config: AgentConfig) -> Transport:
    return Transport(config)


def send(transport: Transport) -> Ack:
    return transport.put_batch("j", 0, SHA, pack(BODY), 1)


def answering(status: int, page: bytes | None = None, **headers: str) -> object:
    def answer(path: str) -> None:
        raise Answer(status, "some_code", headers, page=page)

    return answer


def test_it_works(transport: Transport, fake: FakeServer) -> None:
    assert send(transport) == Ack(status="accepted", acked_seq=0)
    assert send(transport) == Ack(status="duplicate", acked_seq=0)
    assert fake.batches["j"][0] == BODY


@pytest.mark.parametrize("status", [425, 429, 500, 502, 503, 504])
def test_another_try_is_worth_it_when_the_server_is_busy(
    transport: Transport, fake: FakeServer, status: int
) -> None:
    fake.before_any = answering(status, **{"Retry-After": "7"})
    with pytest.raises(ServerUnavailable) as caught:
        send(transport)
    assert caught.value.retry_after == (0.0 if status == 500 else 7.0)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_no_other_try_is_made_when_the_request_is_wrong(
    transport: Transport, fake: FakeServer, status: int
) -> None:
    fake.before_any = answering(status)
    with pytest.raises(RequestRefused) as caught:
        transport.keep_trying(lambda: send(transport), threading.Event())
    assert (caught.value.status, caught.value.code) == (status, "some_code")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 408, 409, 422, 451, 511, 522])
def test_batch_is_sent_again_when_something_in_between_refuses_it(
    transport: Transport, fake: FakeServer, status: int
) -> None:
    fake.before_any = answering(status, b"<html>Not here</html>")
    with pytest.raises(ServerUnavailable):
        send(transport)


def test_no_other_try_is_made_when_a_proxy_finds_the_batch_too_large(
    transport: Transport, fake: FakeServer
) -> None:
    fake.before_any = answering(413, b"<html>Too large</html>")
    with pytest.raises(RequestRefused):
        send(transport)


def test_trying_ends_when_the_request_breaks_the_server_each_time(
    transport: Transport, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "backoff_delay", lambda *args: 0.0)
    fake.before_any = answering(500)
    with pytest.raises(RequestRefused):
        transport.keep_trying(lambda: send(transport), threading.Event())


@pytest.mark.parametrize("status", [401, 403])
def test_agent_is_shut_out_when_its_token_is_refused(
    transport: Transport, fake: FakeServer, status: int
) -> None:
    fake.before_any = answering(status)
    with pytest.raises(AccessRefused):
        send(transport)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed_when_the_server_points_elsewhere(
    transport: Transport, fake: FakeServer, status: int
) -> None:
    fake.before_any = answering(status, Location=f"{fake.url}/elsewhere")
    with pytest.raises(ServerUnavailable):
        send(transport)
    assert not any(b"elsewhere" in each for each in fake.heard)


def test_server_is_unavailable_when_nothing_listens(tmp_path: Path) -> None:
    config = AgentConfig(server="http://127.0.0.1:9", token=TOKEN, spool=tmp_path)
    with pytest.raises(ServerUnavailable):
        Transport(config).ask_work(WorkRequest())


def test_waiting_ends_when_the_agent_is_told_to_stop(
    transport: Transport, fake: FakeServer
) -> None:
    fake.before_any = answering(503)
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        transport.keep_trying(lambda: send(transport), stop)


@pytest.mark.parametrize("job", ["../heartbeat", "a/b", "a?b", "", "ä"])
def test_job_is_refused_when_its_id_would_change_the_path(transport: Transport, job: str) -> None:
    with pytest.raises(RequestRefused):
        transport.put_batch(job, 0, SHA, pack(BODY), 1)


def test_reply_is_refused_when_it_breaks_the_protocol(
    transport: Transport, fake: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(msgspec.Struct):
        work: str = "mine_bitcoin"

    monkeypatch.setattr(fake, "next_work", Odd)
    with pytest.raises(RequestRefused):
        transport.ask_work(WorkRequest())


def test_batch_is_sent_again_when_a_network_answers_with_its_own_page(
    transport: Transport, fake: FakeServer
) -> None:
    fake.before_any = answering(200, b"<html>Sign in</html>", **{"Content-Type": "text/html"})
    with pytest.raises(ServerUnavailable):
        send(transport)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, b"{}"),
        (200, b"OK"),
        (200, b'{"status":"accepted","acked_seq":0}'),
        (202, b""),
        (204, b""),
        (400, b'{"code":"bad_request"}'),
        (403, b'{"code":"AccessDenied"}'),
        (404, b'{"code":"NotFound"}'),
        (426, b""),
    ],
)
def test_batch_is_sent_again_when_what_is_between_answers_as_the_server_would(
    transport: Transport, fake: FakeServer, status: int, said: bytes
) -> None:
    fake.before_any = answering(status, said, **{"Content-Type": "application/json"})
    with pytest.raises(ServerUnavailable):
        send(transport)


def test_result_is_sent_again_when_what_is_between_swallows_it(
    transport: Transport, fake: FakeServer
) -> None:
    fake.before_any = answering(204, b"")
    with pytest.raises(ServerUnavailable):
        transport.send_test_result("test", TestResult(steps=[]))


def test_result_is_taken_when_the_answer_has_no_content(
    transport: Transport, fake: FakeServer
) -> None:
    fake.before_any = answering(204, **{"Content-Type": "text/html"})
    transport.send_test_result("test", TestResult(steps=[]))


def test_ack_is_refused_when_it_breaks_the_protocol(transport: Transport, fake: FakeServer) -> None:
    fake.before_any = answering(200)
    with pytest.raises(RequestRefused):
        send(transport)


@given(st.integers(0, 10_000), st.sampled_from([0.2, 1.0]), st.floats(0, 10_000))
def test_delay_stays_in_its_bounds_when_attempts_add_up(
    attempt: int, base: float, retry_after: float
) -> None:
    delay = backoff_delay(attempt, base, retry_after)
    assert min(BACKOFF_CAP, retry_after) <= delay <= BACKOFF_CAP


def test_same_body_packs_the_same_when_packed_again() -> None:
    assert pack(BODY) == pack(BODY)
