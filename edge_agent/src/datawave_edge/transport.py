"""HTTP to the one server, with retries where another try can help."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec
import urllib3

from .config import AgentConfig
from .protocol import (
    PROTOCOL_VERSION,
    WINDOW_HEADER,
    Ack,
    BatchRejected,
    CloseAck,
    Directive,
    Heartbeat,
    HeartbeatReply,
    JobClose,
    JobFailure,
    JobProgress,
    Opened,
    OpenStream,
    TestResult,
    Work,
    WorkRequest,
    decode_message,
    encode_message,
    is_newer,
)
from .protocol.compression import find_encoding

log = logging.getLogger(__name__)
ReplyT = TypeVar("ReplyT")

BACKOFF_CAP: Final = 300.0
# A request that breaks the server again and again must not be sent for ever.
BROKEN_TRIES: Final = 6
# Tries after which the log says that the server is away.
TOLD_AFTER: Final = 3
RETRIED: Final = frozenset({425, 429, 502, 503, 504})
FORBIDDEN: Final = frozenset({401, 403})
# The job is unknown, over or in conflict; or the two speak different protocols.
NOT_CONTENT: Final = frozenset({404, 409, 410, 426})
TAKEN: Final = frozenset({200, 201, 202})
# With each answer of the server, since its first release.
VERSION_HEADER: Final = "DataWave-Edge"
NO_CODE: Final = "unknown"
TOO_LARGE: Final = "body_too_large"
# Refusals of a token that another one helps against.
STALE: Final = frozenset({"token_expired", "token_unknown"})
TOKEN_TRIES: Final = 2
# Kept open: for the batches under way, and for what is said beside them.
CONNECTIONS: Final = 12


class ServerUnavailable(Exception):
    """The server did not answer, or asks to try again later."""

    def __init__(self, message: str, retry_after: float = 0.0, *, broken: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        # The server met an error of its own over this very request.
        self.broken = broken


class RequestRefused(Exception):
    """The server refused the request for good: trying again can't help."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"The server refused the request ({status} {code}).")
        self.status = status
        self.code = code

    @property
    def is_about_content(self) -> bool:
        """Whether other content could pass, rather than this job being over or another's."""
        return self.status not in NOT_CONTENT


class ProtocolRefused(RequestRefused):
    """The server does not speak this agent's version of the protocol."""

    def __init__(self, lowest: str) -> None:
        super().__init__(HTTPStatus.UPGRADE_REQUIRED, "protocol_unsupported")
        self.lowest = lowest


class AccessRefused(Exception):
    """The server lets this agent in no more; enrol it again or ask an admin."""

    def __init__(self, code: str = "") -> None:
        super().__init__(f"The server refuses this agent ({code or 'no reason given'}).")
        self.code = code


class Pace(NamedTuple):
    """How fast the server takes batches now; zero where it does not say."""

    # Batches that may be ahead of the first that it lacks, that one included.
    window: int = 0
    # Seconds to leave it alone.
    pause: float = 0.0


UNTOLD: Final = Pace()


@dataclass(frozen=True)
class Reply:
    """What the server answered, and the version of the protocol that it speaks."""

    body: bytes
    version: str
    pace: Pace = UNTOLD


class Stopped(Exception):
    """The agent is told to stop while it waits."""


class Access(Protocol):
    """Where the transport gets its token from."""

    def token(self) -> str:
        """The token to use. Raises AccessRefused."""

    def renew(self, refused: str) -> None:
        """Get another than this one, which the server did not know. Raises AccessRefused."""

    def refuse(self, code: str) -> None:
        """The server lets this agent in no more."""

    def refresh(self) -> None:
        """Get another token now."""

    def rotate(self) -> None:
        """Replace the agent's key."""


class GivenToken:
    """A token that never changes: that of an agent which its server starts itself."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token

    def renew(self, refused: str) -> None:
        """There is no other. Raises AccessRefused."""
        raise AccessRefused("token_unknown")

    def refuse(self, code: str) -> None:
        """The process ends with it."""

    def refresh(self) -> None:
        """There is nothing to do."""

    rotate = refresh


class _Problem(msgspec.Struct):
    code: str = "unknown"


def backoff_delay(attempt: int, base: float, retry_after: float = 0.0) -> float:
    """Full jitter: anywhere up to a ceiling that doubles, but not before the server wants it."""
    ceiling = min(BACKOFF_CAP, base * 2 ** min(attempt, 30))
    return min(BACKOFF_CAP, max(retry_after, random.uniform(0, ceiling)))  # noqa: S311 - jitter


class Transport:
    """The agent's only way out: one origin, no redirects, no proxies."""

    def __init__(
        self, config: AgentConfig, record_sent: Callable[[str, str, bytes], None] | None = None
    ) -> None:
        self.backoff_base = config.backoff_base
        # By the answer to the last batch.
        self.pace = UNTOLD
        self._record_sent = record_sent
        secure = {"cert_reqs": "CERT_REQUIRED"} if config.server.startswith("https") else {}
        self._pool = urllib3.connection_from_url(
            config.server, maxsize=CONNECTIONS, retries=False, **secure
        )
        self.access: Access = GivenToken(config.token)
        self._headers = {
            VERSION_HEADER: PROTOCOL_VERSION,
            "Content-Type": "application/json",
            "User-Agent": "datawave-edge",
        }

    def post_open(self, path: str, body: bytes) -> Reply:
        """Call a door that asks for no token."""
        return self._exchange("POST", path, body, {})

    # Each method below is one door of the server.

    def heartbeat(self, message: Heartbeat) -> HeartbeatReply:
        """Tell how the agent is."""
        return self._post("/heartbeat", message, HeartbeatReply, noted=False)

    def ask_work(self, message: WorkRequest) -> Work:
        """Wait for work."""
        reply: Work = self._post("/work", message, Work, wait=message.wait, noted=False)  # type: ignore[arg-type]  # a union is no class
        return reply

    def open_stream(self, job: str, message: OpenStream) -> Opened:
        """Start or take up a job's stream."""
        return self._post(f"/jobs/{_segment(job)}/open", message, Opened)

    def put_batch(self, job: str, seq: int, sha: str, packed: bytes, records: int) -> Ack:
        """Send one batch; `sha` is of its unpacked body."""
        path = f"/jobs/{_segment(job)}/batches/{seq}"
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": find_encoding(packed),
            "DataWave-Batch-Sha256": sha,
            "DataWave-Batch-Records": str(records),
        }
        reply = self._send("PUT", path, packed, headers)
        self.pace = reply.pace
        return decode_reply(reply, Ack)

    def post_progress(self, job: str, message: JobProgress) -> Directive:
        """Give a sign of life and hear whether to go on."""
        return self._post(f"/jobs/{_segment(job)}/progress", message, Directive)

    def close_stream(self, job: str, message: JobClose) -> CloseAck:
        """End the stream."""
        return self._post(f"/jobs/{_segment(job)}/close", message, CloseAck)

    def fail_job(self, job: str, message: JobFailure) -> None:
        """Give the job up."""
        self._send_noted(f"/jobs/{_segment(job)}/fail", encode_message(message))

    def send_test_result(self, test: str, message: TestResult) -> None:
        """Answer a connection test."""
        self._send_noted(f"/tests/{_segment(test)}/result", encode_message(message))

    def keep_trying(
        self, call: Callable[[], ReplyT], stop: threading.Event, limit: float | None = None
    ) -> ReplyT:
        """Call until the server answers. Raises Stopped, or ServerUnavailable after `limit` s."""
        deadline = time.monotonic() + limit if limit is not None else None
        attempt = broken = 0
        while True:
            try:
                return call()
            except ServerUnavailable as fault:
                broken = broken + 1 if fault.broken else 0
                if broken >= BROKEN_TRIES:
                    raise RequestRefused(500, "server_error") from None
                delay = backoff_delay(attempt, self.backoff_base, fault.retry_after)
                if deadline is not None and time.monotonic() + delay > deadline:
                    raise
                if attempt == TOLD_AFTER:
                    log.warning("The server does not answer (%s); trying again.", fault)
            attempt += 1
            if stop.wait(delay):
                raise Stopped

    def _post(
        self,
        path: str,
        message: msgspec.Struct,
        kind: type[ReplyT],
        *,
        wait: float = 0.0,
        noted: bool = True,
    ) -> ReplyT:
        body = encode_message(message)
        raw = self._send_noted(path, body) if noted else self._send("POST", path, body, wait=wait)
        return decode_reply(raw, kind)

    def _send_noted(self, path: str, body: bytes) -> Reply:
        try:
            if self._record_sent:
                self._record_sent("POST", path, body)
        except OSError:
            # What can't be entered in the ledger is not sent.
            raise ServerUnavailable("ledger") from None
        return self._send("POST", path, body)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        wait: float = 0.0,
    ) -> Reply:
        for _ in range(TOKEN_TRIES):
            token = self.access.token()
            try:
                return self._exchange(method, path, body, _bearing(token, headers), wait)
            except AccessRefused as error:
                if error.code not in STALE:
                    self.access.refuse(error.code)
                    raise
            self.access.renew(token)
        raise ServerUnavailable("token")

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str], wait: float = 0.0
    ) -> Reply:
        try:
            reply = self._pool.urlopen(
                method,
                f"/api/edge/v1{path}",
                body=body,
                headers=self._headers | headers,
                timeout=urllib3.Timeout(connect=5.0, read=30.0 + wait),
                redirect=False,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ServerUnavailable(type(error).__name__) from None
        return _read_reply(reply)


def _bearing(token: str, headers: dict[str, str] | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **(headers or {})}


def decode_reply(reply: Reply, kind: type[ReplyT]) -> ReplyT:
    """Read the server's answer. Raises RequestRefused when it is none of the protocol."""
    try:
        return decode_message(reply.body, kind, newer=is_newer(reply.version))
    except BatchRejected:
        raise RequestRefused(200, "reply_invalid") from None


def _read_reply(reply: urllib3.BaseHTTPResponse) -> Reply:
    if reply.status in RETRIED:
        raise ServerUnavailable(f"status {reply.status}", _retry_after(reply))
    # A fault of the server's own (500) may pass when it is mended or restarted.
    if reply.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServerUnavailable("status 500", broken=True)
    version = reply.headers.get(VERSION_HEADER, "")
    if not version:
        raise _blame_between(reply.status)
    if reply.status == HTTPStatus.NO_CONTENT:  # taken, and nothing to say
        return Reply(b"", version)
    if reply.status in TAKEN:
        return Reply(reply.data, version, Pace(_read_window(reply), _retry_after(reply)))
    raise _read_refusal(reply)


def _blame_between(status: int) -> Exception:
    """The server names its version with all it says, so this was said by something in between: a
    proxy, or a network's page for signing in. What it swallowed is sent again.
    """
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # and will be the next time
        return RequestRefused(status, TOO_LARGE)
    return ServerUnavailable(f"status {status} of something between this agent and the server")


def _read_refusal(reply: urllib3.BaseHTTPResponse) -> Exception:
    if reply.status == HTTPStatus.UPGRADE_REQUIRED:
        return ProtocolRefused(reply.headers.get("DataWave-Edge-Lowest", ""))
    code = _problem_code(reply.data)
    # The server gives a code with each refusal.
    if code == NO_CODE or reply.status not in range(400, 500):
        return ServerUnavailable(f"status {reply.status}")
    return AccessRefused(code) if reply.status in FORBIDDEN else RequestRefused(reply.status, code)


def _read_window(reply: urllib3.BaseHTTPResponse) -> int:
    text = reply.headers.get(WINDOW_HEADER, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0  # noqa: PLR2004  # four digits are plenty


def _retry_after(reply: urllib3.BaseHTTPResponse) -> float:
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _problem_code(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw[:65_536], type=_Problem).code[:64]
    except (msgspec.DecodeError, msgspec.ValidationError):
        return NO_CODE


def _segment(identifier: str) -> str:
    """A job's id goes into a path, so it must be a plain one."""
    if not identifier.replace("-", "").isalnum() or not identifier.isascii():
        raise RequestRefused(200, "reply_invalid")
    return identifier
