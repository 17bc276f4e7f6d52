"""Asking for the next tables while those before them are still being written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from .connectors import TableRef

AnswerT = TypeVar("AnswerT")


def ask_ahead(
    chunks: Iterator[Sequence[TableRef]], ask: Callable[[Sequence[TableRef]], AnswerT]
) -> Generator[tuple[Sequence[TableRef], AnswerT]]:
    """Each chunk with its answer, while another thread asks for the next one.

    Closed early, it returns once that thread is done with the connection.
    """
    ahead: deque[tuple[Sequence[TableRef], Future[AnswerT]]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="asker") as thread:
        for chunk in chunks:
            ahead.append((chunk, thread.submit(ask, chunk)))
            if len(ahead) > 1:
                first, answer = ahead.popleft()
                yield first, answer.result()
        for last, answer in ahead:
            yield last, answer.result()


def split(refs: Sequence[TableRef], size: int) -> Iterator[Sequence[TableRef]]:
    """The tables in chunks."""
    for start in range(0, len(refs), size):
        yield refs[start : start + size]
