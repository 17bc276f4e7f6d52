"""Bounds what a request may send before anything of it is kept: Django would spool it to disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .problems import PROBLEM, describe_problem

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyLimit:
    """An ASGI application in front of another: answers 413 when a body is larger than the limit.

    A body in chunks says no length, so it is counted as it comes.
    """

    def __init__(self, app: App, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as long as it keeps to the limit."""
        if _read_length(scope) > self.limit:
            await self._refuse(send)
            return
        taken = 0

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # To the application the client has gone away, so it gives the request up.
            return {"type": "http.disconnect"} if taken > self.limit else message

        await self.app(scope, count, send)
        if taken > self.limit:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        detail = f"The body is larger than {self.limit:,} bytes."
        body = json.dumps(describe_problem(413, "body_too_large", detail)).encode()
        headers = [
            (b"content-type", PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            # What is still to come is not waited for.
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _read_length(scope: Scope) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else 0
