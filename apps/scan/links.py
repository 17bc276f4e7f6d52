"""Which tables of a source stand alone."""

from __future__ import annotations

from collections.abc import Iterable

from apps.discovery.types import BatchTable

_LINKED_KINDS = frozenset({"table", "partition", "foreign_table"})


def list_isolated(tables: Iterable[BatchTable]) -> set[int]:
    """Ids of the tables without a reference in either direction. Views need none."""
    unlinked: dict[tuple[str, str], int] = {}
    targets: set[tuple[str, str]] = set()
    for table in tables:
        snapshot = table.snapshot
        here = (snapshot.container, snapshot.name)
        others = {(key.target_container, key.target_name) for key in snapshot.foreign_keys}
        targets |= others - {here}
        if not others and snapshot.kind in _LINKED_KINDS:
            unlinked[here] = table.dataset_id
    return {dataset_id for place, dataset_id in unlinked.items() if place not in targets}
