"""The bound of bodies: what is too large is refused before it is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
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


@async_to_sync
async def ask_slowly(*, ends: bool, waits: bool) -> tuple[list[int], int]:
    """Statuses of the answers to a client that sends one piece, and reads of the application."""
    sent: list[int] = []
    reads = 0
    never = asyncio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal reads
        reads += 1
        if reads > 1:
            await never.wait()
        return {"type": "http.request", "body": b"123", "more_body": not ends}

    async def wait_then_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if waits:
            # A long poll listens for the client to go away.
            with suppress(TimeoutError):
                await asyncio.wait_for(receive(), 0.05)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(int(message["status"]))

    app = wait_then_answer if ends else echo
    await BodyLimit(app, LIMIT, seconds=0.01)({"type": "http", "headers": []}, receive, send)
    return sent, reads


def test_request_is_given_up_when_its_body_does_not_come() -> None:
    assert ask_slowly(ends=False, waits=False) == ([408], 2)


def test_answer_may_take_its_time_when_the_body_is_whole() -> None:
    assert ask_slowly(ends=True, waits=True) == ([200], 2)
