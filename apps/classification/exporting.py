"""Labels, decisions and types as files: CSV for people, JSON with everything for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from datawave.common.pages import AnyFile, answer_csv, answer_json

from .models import Label, LabelDecision
from .taxonomy import title_of
from .types import SemanticType

Row = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """How rows of a kind are written; CSV leaves lists out, for no cell holds them well."""

    head: tuple[str, ...]
    write: Callable[[Any], Row]


def export(request: HttpRequest, name: str, rows: Any, layout: Layout) -> AnyFile | None:
    """The file that `?format=` asks for; None where it asks for none."""
    wanted = request.GET.get("format")
    if wanted not in ("csv", "json"):
        return None
    written = map(layout.write, _iterate(rows))
    if wanted == "json":
        return answer_json(request.user, name, written)
    return answer_csv(
        request.user, name, layout.head, (_list_cells(row, layout.head) for row in written)
    )


def _iterate(rows: Any) -> Iterable[Any]:
    return rows.iterator(500) if isinstance(rows, QuerySet) else rows


def _list_cells(row: Row, head: Iterable[str]) -> list[object]:
    return [_write_cell(row[name]) for name in head]


def _write_cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _write_time(at: Any) -> str:
    return at.isoformat() if at else ""


def _write_label(label: Label) -> Row:
    dataset = label.field.dataset
    return {
        "id": str(label.public_id),
        "source": dataset.source.name,
        "table": dataset.fqn,
        "column": label.field.name,
        "native_type": label.field.native_type,
        "type": label.semantic_type,
        "title": title_of(label.semantic_type),
        "sensitivity": label.sensitivity,
        "personal": label.personal,
        "confidence": round(label.confidence, 4),
        "state": label.state,
        "decided_by": label.decided_by.username if label.decided_by else "",
        "decided_at": _write_time(label.decided_at),
        "machine_type": label.machine_type,
        "machine_confidence": round(label.machine_confidence, 4),
        "unsure_of": label.unsure_of,
        "contradicted": label.conflict,
        "model_version": label.model_version,
        "judged_at": _write_time(label.judged_at),
        "evidence": label.evidence,
    }


def _write_decision(decision: LabelDecision) -> Row:
    field = decision.label.field
    return {
        "id": str(decision.public_id),
        "at": _write_time(decision.created_at),
        "source": field.dataset.source.name,
        "table": field.dataset.fqn,
        "column": field.name,
        "kind": decision.kind,
        "by": decision.user.username if decision.user else "",
        "type_before": decision.type_before,
        "type_after": decision.type_after,
        "state_before": decision.state_before,
        "undone_at": _write_time(decision.undone_at),
        "machine_type": decision.machine_type,
        "machine_confidence": round(decision.machine_confidence, 4),
        "model_version": decision.model_version,
        "together": str(decision.together or ""),
        "label": str(decision.label.public_id),
    }


def _write_type(pair: tuple[SemanticType, int]) -> Row:
    kind, used = pair
    return {
        "name": kind.name,
        "title": kind.title,
        "group": kind.group,
        "node": kind.node,
        "sensitivity": kind.sensitivity,
        "personal": kind.personal,
        "contextual": kind.contextual,
        "schema_org": kind.schema_org,
        "columns": used,
        "description": kind.description,
        "categories": list(kind.categories),
        "info_types": list(kind.info_types),
    }


LABELS: Final = Layout((
    "source", "table", "column", "type", "sensitivity", "personal", "confidence", "state",
    "decided_by", "decided_at", "title", "native_type", "machine_type", "machine_confidence",
    "unsure_of", "contradicted", "model_version", "judged_at", "id",
), _write_label)  # fmt: skip
DECISIONS: Final = Layout((
    "at", "source", "table", "column", "kind", "by", "type_before", "type_after", "state_before",
    "undone_at", "machine_type", "machine_confidence", "model_version", "together", "label", "id",
), _write_decision)  # fmt: skip
TYPES: Final = Layout((
    "name", "title", "group", "node", "sensitivity", "personal", "contextual", "schema_org",
    "columns", "description",
), _write_type)  # fmt: skip
