"""Recognisers of own types and thresholds that count now: for the judge, and for agents."""

from __future__ import annotations

from datawave_edge.protocol import Recogniser

from .models import OwnRecogniser, TypeThreshold
from .recognising import Definition, Told, make_wire, name_code


def list_told() -> list[Told]:
    """All of them, for the judge: without their patterns of values and words."""
    rows = OwnRecogniser.objects.in_force().select_related("own_type").defer("words", "patterns")
    return [
        Told(
            key=row.own_type_id,
            version=row.version,
            semantic_type=row.own_type.name,
            names=tuple(row.names),
            has_values=row.has_values,
            least=row.least,
        )
        for row in rows
    ]


def list_wire() -> list[Recogniser]:
    """Those that look at values, for an agent."""
    rows = OwnRecogniser.objects.in_force().filter(has_values=True)
    return [
        make_wire(name_code(row.own_type_id, row.version), read_definition(row), row.public_id.hex)
        for row in rows
    ]


def read_definition(row: OwnRecogniser) -> Definition:
    """What a version says."""
    return Definition(
        patterns=tuple(row.patterns),
        words=tuple(row.words),
        names=tuple(row.names),
        least=row.least,
    )


def load_thresholds() -> dict[str, float]:
    """Least confidences that people set, by type: the newest word on each."""
    rows = TypeThreshold.objects.order_by("pk").values_list("semantic_type", "least")
    return {name: least for name, least in dict(rows).items() if least is not None}
