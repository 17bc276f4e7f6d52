"""A browser's end of a WebSocket, against the ASGI application itself."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator


class Socket(ApplicationCommunicator):
    """One connection; frames in, frames out."""

    def __init__(self, application: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
        super().__init__(application, {**scope, "subprotocols": []})

    async def connect(self) -> bool:
        """Whether the server accepts."""
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(5))["type"] == "websocket.accept")

    async def say(self, text: str) -> None:
        """Send a frame."""
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        """The next frame."""
        message = await self.receive_output(5)
        assert message["type"] == "websocket.send", message
        answer: dict[str, Any] = json.loads(message["text"])
        return answer

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send, and take the next frame."""
        await self.say(json.dumps(message))
        return await self.hear()

    async def closing(self) -> int:
        """The code that the server closes with, after whatever it still sends."""
        message = {"type": ""}
        while message["type"] != "websocket.close":
            message = await self.receive_output(5)
        return int(message["code"])

    async def leave(self) -> None:
        """Close as a browser does."""
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(5)
