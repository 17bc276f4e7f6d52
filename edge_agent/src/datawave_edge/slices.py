"""Tables of very many columns, read in slices so that no sample fills the memory."""

from __future__ import annotations

import dataclasses
from typing import Final, NamedTuple

from .connectors import TableShape

WIDTH: Final = 200


class Slice(NamedTuple):
    """Some columns of a table; the first `skipped` are its key, which an earlier slice told."""

    shape: TableShape
    skipped: int


def slice_shape(shape: TableShape) -> list[Slice]:
    """The table in slices. Each has the key, by which some databases find the sampled rows."""
    if len(shape.columns) <= WIDTH:
        return [Slice(shape, 0)]
    parts = [shape.columns[at : at + WIDTH] for at in range(0, len(shape.columns), WIDTH)]
    slices = []
    for part in parts:
        told = {column.ordinal for column in part}
        keys = [each for each in shape.columns if each.key_position and each.ordinal not in told]
        slices.append(Slice(dataclasses.replace(shape, columns=[*keys, *part]), len(keys)))
    return slices
