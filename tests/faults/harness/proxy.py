"""A TCP proxy between the agent and the server that cuts, holds, garbles and repeats."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import threading
import time
from dataclasses import dataclass, field

REQUEST = re.compile(rb"^(POST|PUT|GET) (\S+) HTTP/1.1\r\n")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
LOGIN_PAGE = b"<html><body>Please sign in to this network</body></html>"
CAPTIVE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
    len(LOGIN_PAGE),
    LOGIN_PAGE,
)


@dataclass
class Rule:
    """What to do to the nth request whose path matches; once."""

    kind: str
    match: str = "."
    nth: int = 1
    seconds: float = 0.0
    copies: int = 1
    seen: int = 0
    done: threading.Event = field(default_factory=threading.Event)


class _Cut(Exception):
    """The connection is to be reset."""


class Proxy:
    """Forwards to 127.0.0.1:`target` from a port of its own, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.rule: Rule | None = None
        self.latency = self.loss = 0.0
        self._refuse_until = self._freeze_until = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dice = random.Random(1)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self) -> Proxy:
        """Listen."""
        self._thread.start()
        self._ready.wait(5)
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def heal(self) -> None:
        """Behave from now on."""
        self.rule, self.latency, self.loss = None, 0.0, 0.0
        self._refuse_until = self._freeze_until = 0.0

    def refuse(self, seconds: float) -> None:
        """Reset every connection, and those that are tried for a while."""
        self._refuse_until = time.monotonic() + seconds
        self._loop.call_soon_threadsafe(self._cut_all)

    def freeze(self, seconds: float) -> None:
        """Let nothing through for a while, and close nothing."""
        self._freeze_until = time.monotonic() + seconds

    def _cut_all(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._cut_all()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._refuse_until:
            writer.transport.abort()
            return
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), upstream)
        self._writers |= {writer, upstream[1]}
        try:
            await link.run()
        finally:
            self._writers -= {writer, upstream[1]}
            for each in (writer, upstream[1]):
                each.transport.abort()

    async def pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """Write, as slowly and as unreliably as asked for."""
        if self.latency:
            await asyncio.sleep(self._dice.uniform(0, self.latency))
        if self.loss and self._dice.random() < self.loss:
            raise _Cut
        while time.monotonic() < self._freeze_until:
            await asyncio.sleep(0.05)
        writer.write(data)
        await writer.drain()

    def take_rule(self, path: str) -> Rule | None:
        """The rule, when this request is the one that it is for."""
        rule = self.rule
        if rule is None or not re.search(rule.match, path):
            return None
        rule.seen += 1
        if rule.seen < rule.nth:
            return None
        self.rule = None
        return rule

    def repeat_later(self, request: bytes, rule: Rule) -> None:
        """Send the request again, in as many copies at once as the rule says."""
        for _ in range(rule.copies):
            task = self._loop.create_task(self._repeat(request, rule.seconds))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _repeat(self, request: bytes, pause: float) -> None:
        await asyncio.sleep(pause)
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
            writer.write(request)
            await asyncio.wait_for(reader.read(65_536), 10)
            writer.transport.abort()


class _Link:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        # What awaits the next answer.
        self.reply_rule: Rule | None = None

    async def run(self) -> None:
        ways = {asyncio.ensure_future(self._up()), asyncio.ensure_future(self._down())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self) -> None:
        with contextlib.suppress(OSError, _Cut):
            while request := await self._read_request():
                found = REQUEST.match(request)
                path = found.group(2).decode() if found else ""
                rule = self.proxy.take_rule(path)
                if rule is None:
                    await self.proxy.pass_on(request, self.server[1])
                else:
                    await self._apply(rule, request)

    async def _read_request(self) -> bytes:
        data = b""
        while chunk := await self.client[0].read(65_536):
            data += chunk
            head, end, body = data.partition(b"\r\n\r\n")
            length = LENGTH.search(head + b"\r\n")
            if end and len(body) >= (int(length.group(1)) if length else 0):
                return data
        return b""

    async def _apply(self, rule: Rule, request: bytes) -> None:
        if rule.kind == "repeat":
            self.proxy.repeat_later(request, rule)
        elif rule.kind in ("lose_reply", "half_reply"):
            self.reply_rule = rule
        elif rule.kind in ("hold", "hole"):
            await asyncio.sleep(rule.seconds)
        rule.done.set()
        if rule.kind in ("reset", "hole"):
            raise _Cut
        if rule.kind == "captive":
            self.client[1].write(CAPTIVE)
            await self.client[1].drain()
        elif rule.kind == "cut_body":
            self.server[1].write(request[: -max(1, len(request) // 4)])
            await self.server[1].drain()
            await asyncio.sleep(0.05)
            raise _Cut
        elif rule.kind == "half_open":
            # The server is not told, and the client waits.
            await asyncio.sleep(rule.seconds)
            raise _Cut
        else:
            await self.proxy.pass_on(request, self.server[1])

    async def _down(self) -> None:
        with contextlib.suppress(OSError, _Cut):
            while data := await self.server[0].read(65_536):
                rule, self.reply_rule = self.reply_rule, None
                if rule is not None and rule.kind == "half_reply":
                    self.client[1].write(data[: len(data) // 2])
                    await self.client[1].drain()
                if rule is not None:
                    raise _Cut
                await self.proxy.pass_on(data, self.client[1])
