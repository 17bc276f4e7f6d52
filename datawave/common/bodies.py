"""Bounds what a request may send, and for how long: Django would spool all of it to disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from .problems import PROBLEM, describe_problem

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Long enough for a body of full size over a slow line, too short to hold sockets for nothing.
BODY_SECONDS: Final = 60.0
GONE: Final = {"type": "http.disconnect"}


class BodyLimit:
    """An ASGI application in front of another: 413 for a body over the limit, 408 for a slow one.

    A body in chunks says no length, so it is counted as it comes.
    """

    def __init__(self, app: App, limit: int, seconds: float = BODY_SECONDS) -> None:
        self.app = app
        self.limit = limit
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as long as it keeps to the limits."""
        if _read_length(scope) > self.limit:
            await self._refuse_large(send)
            return
        body = _Body(receive, self.limit, self.seconds)
        await self.app(scope, body.receive, send)
        if body.is_large:
            await self._refuse_large(send)
        elif body.is_slow:
            detail = f"The body took longer than {self.seconds:g} seconds."
            await _refuse(send, 408, "body_too_slow", detail)

    async def _refuse_large(self, send: Send) -> None:
        detail = f"The body is larger than {self.limit:,} bytes."
        await _refuse(send, 413, "body_too_large", detail)


class _Body:
    """A body as it comes in. To the application, a client that breaks a limit has gone away."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._limit = limit
        self._until = asyncio.get_running_loop().time() + seconds
        self._taken = 0
        self._whole = False
        self.is_slow = False

    @property
    def is_large(self) -> bool:
        return self._taken > self._limit

    async def receive(self) -> Message:
        # Whoever has sent everything may wait for the answer as long as that takes.
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.is_slow = True
            return GONE
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return GONE if self.is_large else message


async def _refuse(send: Send, status: int, code: str, detail: str) -> None:
    body = json.dumps(describe_problem(status, code, detail)).encode()
    headers = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", str(len(body)).encode()),
        # What is still to come is not waited for.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _read_length(scope: Scope) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else 0
