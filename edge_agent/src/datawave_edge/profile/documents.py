"""Opens documents: what lies at each path of a JSON column or an array, as cells of its own.

Work is bounded in documents, depth, elements and paths, whatever the documents hold.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from datawave_edge.connectors import Cell
from datawave_edge.protocol import ColumnSnapshot
from datawave_edge.protocol.structure import NormalType

from .keys import FEWEST, Node, find_names

DEPTH: Final = 8
# Documents and paths of a column, elements of one array, and cells of one path: no more is opened.
DOCUMENTS: Final = 1_000
PATHS: Final = 60
ELEMENTS: Final = 20
CELLS: Final = 1_000
# All that a name may be long.
LONGEST: Final = 400
EACH: Final = "[]"
ANY: Final = "*"
# Share of a text column's values that must be documents for it to be opened.
_MOST: Final = 0.95
_TRIED: Final = 40
_CUT: Final = 1_000
_TEXTS: Final = frozenset(("text", "json", "other"))
_KINDS: Final[tuple[tuple[type, NormalType, str], ...]] = (
    (bool, "boolean", "boolean"),
    (int, "integer", "number"),
    (float, "float", "number"),
    (str, "text", "string"),
)


@dataclass(frozen=True)
class OpenedPath:
    """One path with what lies there: a cell of each document, or of each element of an array."""

    path: str
    type: NormalType
    native_type: str
    cells: Sequence[Cell]
    # Share of the documents that have it.
    rate: float


def open_column(column: ColumnSnapshot, cells: Sequence[Cell]) -> list[OpenedPath]:
    """The paths of a column's documents; none when it holds no documents, or too few."""
    texts = _spread([cell for cell in cells if isinstance(cell, str) and cell.strip()])
    if column.type == "array":
        documents: list[Any] = [found for text in texts if (found := read_array(text)) is not None]
    elif column.type in _TEXTS and _is_worth(column, texts):
        documents = [found for text in texts if (found := read_document(text)) is not None]
    else:
        return []
    if len(documents) < max(FEWEST, _MOST * len(texts)):
        return []
    opener = _Opener(len(documents))
    opener.open((), list(enumerate(documents)))
    return opener.found


def _spread(texts: Sequence[str]) -> Sequence[str]:
    return texts[:: -(-len(texts) // DOCUMENTS)] if texts else texts


def _is_worth(column: ColumnSnapshot, texts: Sequence[str]) -> bool:
    """A look at the first characters alone, which nearly all texts fail."""
    first = texts[:_TRIED]
    return column.type == "json" or all(text.lstrip()[0] in "{[" for text in first)


def read_document(text: str) -> Any:
    """An object or array; None when the text is none. Of one that was cut, what is whole."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        found = _read_cut(text)
    return found if isinstance(found, dict | list) else None


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


def _read_cut(text: str) -> Any:
    """A document whose end is missing, up to the last member that is whole."""
    if len(text) < _LEAST_CUT:
        return None
    stack: list[str] = []
    whole = ""
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in "{[":
            stack.append("}" if sign == "{" else "]")
        elif sign in "}]" and stack:
            stack.pop()
        elif sign == "," and stack:
            whole = text[: token.start()] + "".join(reversed(stack))
    if not whole or not stack:
        return None
    try:
        return msgspec.json.decode(whole)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return None


# Texts are cut by connectors at no fewer characters than this.
_LEAST_CUT: Final = 64
_ELEMENT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^{},"]+)', re.DOTALL)


def read_array(text: str) -> list[Any] | None:
    """Elements of an array as PostgreSQL or JSON writes it; None when it is written otherwise."""
    if text.startswith("["):
        found = read_document(text)
        return found if isinstance(found, list) else None
    if not text.startswith("{"):
        return None
    elements = []
    for quoted, plain in _ELEMENT.findall(text):
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip()
        elements.append(None if plain and value == "NULL" else value)
    return elements


class _Opener:
    """Walks the documents of one column from the top, all that lies at one place at once."""

    def __init__(self, documents: int) -> None:
        self.found: list[OpenedPath] = []
        self._documents = documents

    def open(self, steps: tuple[str, ...], nodes: Sequence[Node]) -> None:
        """Look at all values of one place."""
        if len(self.found) >= PATHS or not nodes:
            return
        objects = [(at, value) for at, value in nodes if isinstance(value, dict)]
        arrays = [(at, value) for at, value in nodes if isinstance(value, list)]
        if len(objects) + len(arrays) < len(nodes) and steps:
            self._add(steps, [node for node in nodes if not isinstance(node[1], dict | list)])
        if len(steps) >= DEPTH:
            return
        if arrays:
            self.open((*steps, EACH), list(_list_elements(arrays)))
        if objects:
            self._open_objects(steps, objects)

    def _open_objects(
        self, steps: tuple[str, ...], objects: Sequence[tuple[int, Mapping[str, Any]]]
    ) -> None:
        names = find_names(objects)
        for name in dict.fromkeys(key for _, each in objects for key in each if key in names):
            self.open(
                (*steps, name.replace(".", "·")),
                [(at, each[name]) for at, each in objects if name in each],
            )
        rest = ((at, v) for at, each in objects for key, v in each.items() if key not in names)
        self.open((*steps, ANY), list(islice(rest, CELLS)))

    def _add(self, steps: tuple[str, ...], nodes: Sequence[Node]) -> None:
        held = {at for at, value in nodes if value is not None}
        path = join_steps(steps)
        if len(held) < FEWEST or len(self.found) >= PATHS or len(path) > LONGEST:
            return
        kind, native = _kind_of([value for _, value in nodes if value is not None])
        self.found.append(
            OpenedPath(
                path=path,
                type=kind,
                native_type=f"json {native}",
                cells=self._cells(steps, nodes),
                rate=round(len(held) / self._documents, 2),
            )
        )

    def _cells(self, steps: tuple[str, ...], nodes: Sequence[Node]) -> list[Cell]:
        """A cell per document, with the gaps as nulls; of arrays and maps one per element."""
        cells = [_cell(value) for _, value in islice(nodes, CELLS)]
        if EACH in steps or ANY in steps:
            # In turn, as pairs of coordinates come, a part of them could be of one kind alone.
            random.Random(len(cells)).shuffle(cells)  # noqa: S311 - spread, not secrecy
            return cells
        return cells + [None] * max(0, self._documents - len(nodes))


def join_steps(steps: Sequence[str]) -> str:
    """Steps as people write them: `lines[].product.name`."""
    return "".join(
        step if step == EACH or not place else f".{step}" for place, step in enumerate(steps)
    )


def _list_elements(arrays: Sequence[tuple[int, Sequence[Any]]]) -> Iterator[Node]:
    elements = ((at, value) for at, array in arrays for value in array[:ELEMENTS])
    return islice(elements, CELLS)


def _kind_of(values: Sequence[Any]) -> tuple[NormalType, str]:
    kinds = set(map(type, values))
    if kinds == {int, float}:
        kinds = {float}
    return next(
        ((kind, native) for each, kind, native in _KINDS if kinds == {each}), ("other", "mixed")
    )


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:_CUT]
    return value if isinstance(value, int | float | bool | None) else None
