"""Keeps the sketches of columns, and lets go of those that turn out to be sensitive."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.conf import settings

from apps.classification.selectors import load_labels
from apps.classification.types import LabelFacts
from apps.discovery import services as discovery
from apps.discovery.types import BatchTable
from datawave_edge.protocol import ColumnSnapshot, Sketching, WithheldColumn

from .models import FieldSketch

# Of fields at once: every engine limits the parameters of a query.
CHUNK: Final = 400
_NUMBERS: Final = frozenset(("integer", "decimal", "float"))
_PURPOSE: Final = b"datawave sketches"
_SECRET: Final = frozenset(("confidential", "restricted"))


def derive_salt() -> str:
    """The installation's salt: another one once its first encryption key is another."""
    key = settings.DATAWAVE_SECRET_KEYS[0]
    return hmac.digest(str(key).encode(), _PURPOSE, "sha256").hex()


def load_sketching(source_id: int) -> Sketching | None:
    """How the columns of a source are sketched, and which are not."""
    if not settings.SKETCHES:
        return None
    rows = FieldSketch.objects.filter(field__dataset__source=source_id, withheld=True)
    named = rows.values_list("field__dataset__container", "field__dataset__name", "field__name")
    return Sketching(
        salt=derive_salt(),
        withheld=[
            WithheldColumn(container=container, table=table, column=column)
            for container, table, column in named
        ],
    )


def save_sketches(tables: Sequence[BatchTable]) -> None:
    """Make the kept sketches be those of the tables; withheld ones stay withheld."""
    fields = [field for table in tables for field in table.field_ids.values()]
    sketched = {
        table.field_ids[column.name]: column
        for table in tables
        for column in table.snapshot.columns
        if column.profile and column.profile.sketch
    }
    for start in range(0, len(fields), CHUNK):
        part = fields[start : start + CHUNK]
        kept = FieldSketch.objects.filter(field__in=part)
        withheld = set(kept.filter(withheld=True).values_list("field", flat=True))
        fresh = {pk: sketched[pk] for pk in part if pk in sketched and pk not in withheld}
        kept.filter(withheld=False).exclude(field__in=fresh).delete()
        FieldSketch.objects.bulk_create(
            [_make_row(pk, column) for pk, column in fresh.items()],
            update_conflicts=True,
            unique_fields=["field"],
            update_fields=["key", "bins", "values", "whole", "is_number"],
        )


def _make_row(field_id: int, column: ColumnSnapshot) -> FieldSketch:
    assert column.profile is not None  # noqa: S101 - chosen by its sketch
    sketch = column.profile.sketch
    assert sketch is not None  # noqa: S101 - chosen by its sketch
    return FieldSketch(
        field_id=field_id,
        key=sketch.key,
        bins=sketch.bins,
        values=sketch.values,
        whole=sketch.whole,
        is_number=column.type in _NUMBERS,
    )


def withhold_sketches(tables: Sequence[BatchTable], labels: Mapping[int, LabelFacts]) -> int:
    """Forget the sketches of columns whose labels are sensitive; returns how many there were."""
    places = {field: table.dataset_id for table in tables for field in table.field_ids.values()}
    sensitive = {field for field in places if is_sensitive(labels.get(field))}
    rows = FieldSketch.objects.filter(field__dataset__in={t.dataset_id for t in tables})
    held = set(rows.filter(withheld=False).values_list("field", flat=True)) & sensitive
    rows.filter(field__in=held).update(withheld=True, key="", bins="", values=0, whole=False)
    # What is not sensitive any more may be sketched by the next run.
    rows.filter(withheld=True).exclude(field__in=sensitive).delete()
    discovery.forget_sketches(field_ids=held)
    return len(held)


def find_sensitive(dataset_ids: Iterable[int]) -> set[int]:
    """Fields of these datasets whose labels are sensitive now."""
    return {field for field, label in load_labels(dataset_ids).items() if is_sensitive(label)}


def is_sensitive(label: LabelFacts | None) -> bool:
    """Whether a label says that values tell of people or are secret; keys of rows do not."""
    if label is None:
        return False
    if label.semantic_type.startswith("id.") and label.sensitivity not in _SECRET:
        return False
    return label.personal or label.sensitivity in _SECRET
