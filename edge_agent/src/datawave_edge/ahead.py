"""Describing the next tables while those before them are still being written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from .connectors import TableRef, TableShape
from .faults import SourceFault

Shapes = Mapping[TableRef, TableShape | SourceFault]


def describe_ahead(
    chunks: Iterator[Sequence[TableRef]], describe: Callable[[Sequence[TableRef]], Shapes]
) -> Generator[tuple[Sequence[TableRef], Shapes]]:
    """Each chunk with its shapes, while another thread asks for the next one.

    Closed early, it returns once that thread is done with the connection.
    """
    ahead: deque[tuple[Sequence[TableRef], Future[Shapes]]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="describer") as thread:
        for chunk in chunks:
            ahead.append((chunk, thread.submit(describe, chunk)))
            if len(ahead) > 1:
                first, shapes = ahead.popleft()
                yield first, shapes.result()
        for last, shapes in ahead:
            yield last, shapes.result()


def split(refs: Sequence[TableRef], size: int) -> Iterator[Sequence[TableRef]]:
    """The tables in chunks."""
    for start in range(0, len(refs), size):
        yield refs[start : start + size]
