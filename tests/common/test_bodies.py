"""The bound of bodies: what is too large is refused before it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from datawave.common.bodies import BodyLimit, Receive, Scope, Send

LIMIT = 10


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body, and gives up when the client has gone, as Django does."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@async_to_sync
async def ask(*chunks: bytes, length: str = "") -> tuple[int, bytes, int]:
    """Status and body of the answer, and how many chunks were read."""
    sent: list[Mapping[str, Any]] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        more = read < len(chunks)
        return {"type": "http.request", "body": chunks[read - 1], "more_body": more}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-length", length.encode())] if length else []
    await BodyLimit(echo, LIMIT)({"type": "http", "headers": headers}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], sent[1]["body"], read


def test_body_is_passed_on_when_it_keeps_to_the_limit() -> None:
    assert ask(b"12345", b"67890", length="10") == (200, b"1234567890", 2)


def test_body_is_not_read_when_its_length_is_over_the_limit() -> None:
    status, body, read = ask(b"x", length="11")
    assert (status, json.loads(body)["code"], read) == (413, "body_too_large", 0)


@pytest.mark.parametrize("length", ["", "1", "nonsense"])
def test_body_is_read_no_further_when_it_grows_over_the_limit(length: str) -> None:
    status, body, read = ask(*[b"123456"] * 100, length=length)
    assert (status, json.loads(body)["code"], read) == (413, "body_too_large", 2)
