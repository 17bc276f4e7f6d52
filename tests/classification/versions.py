"""Makes versions of the judge that say something else than the shipped one."""

from __future__ import annotations

from apps.classification import services
from apps.classification.layer import Layer, Remembered, pack_layer
from apps.classification.likeness import describe_column
from apps.classification.model_files import keep_parts
from apps.classification.models import Replay, StoredModel
from apps.classification.types import ModelKind
from datawave_edge.protocol import ColumnSnapshot, TableSnapshot

from .conftest import make_customers


def column_of(table: TableSnapshot, name: str) -> ColumnSnapshot:
    """The column of that name."""
    return next(column for column in table.columns if column.name == name)


def make_layer(**types: str) -> Layer:
    """Remembers that the customers' column of each name is of the given type."""
    memory = [
        Remembered(
            likeness=describe_column(column_of(make_customers(), name)),
            semantic_type=kind,
            is_so=True,
            dataset_id=number,
        )
        for name, kind in types.items()
        for number in range(4)
    ]
    return Layer(memory=tuple(memory), trust=0.9)


def store_layer(version: str, layer: Layer) -> StoredModel:
    """A learned version on top of the shipped one."""
    return StoredModel.objects.create(
        version=version,
        kind=ModelKind.LEARNED,
        base=services.ensure_shipped(),
        file=keep_parts(*pack_layer(layer)),
    )


def finish(replay: Replay) -> Replay:
    """Work on a replay until it is done."""
    services.advance_replay(replay_id=replay.pk)
    replay.refresh_from_db()
    return replay


def finish_all() -> None:
    """Work on all that is open."""
    for replay in Replay.objects.filter(state__in=["waiting", "running"]):
        finish(replay)
