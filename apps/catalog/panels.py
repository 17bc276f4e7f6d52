"""Tabs of the asset page: its columns, what it hangs together with, and how it is built."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from apps.classification.selectors import count_suggestions_of, list_personal_columns
from apps.classification.types import LabelState
from apps.discovery.panels import Panel
from apps.discovery.selectors import find_structure, list_named
from apps.discovery.types import FieldState
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.pages import PAGE_SIZES, paginate

from .joins import find_likely_joins
from .models import Relationship
from .selectors import list_neighbours

# Columns drawn of the table itself and of its neighbours.
_MOST_COLUMNS: Final = 8
_MOST_OF_NEIGHBOURS: Final = 4
_TONES: Final = {"restricted": "red", "confidential": "orange"}
# Suggestions that may be accepted together unseen.
_SURE: Final = 0.9
_MOST_SEARCHED: Final = 200


def load_columns(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """A page of the columns with their labels and measures; removed ones last."""
    fields = dataset.fields.filter(state=FieldState.ACTIVE)
    wanted = request.GET.get("column", "").replace("\x00", "")[:_MOST_SEARCHED]
    found = fields.filter(name__icontains=wanted) if wanted else fields
    rows = found.select_related("label", "measurement").order_by("ordinal", "name")
    page = paginate(request, rows, usual=PAGE_SIZES[-1])
    links = list_neighbours(dataset.pk)
    removed = dataset.fields.filter(state=FieldState.REMOVED).order_by("ordinal")
    return {
        "page": page,
        "wanted": wanted,
        "columns": [_describe_field(field, dataset, links) for field in page],
        "removed": list(removed),
        "suggestions": count_suggestions_of([dataset.pk]).get(dataset.pk, 0),
        "sure": fields.filter(label__state=LabelState.SUGGESTED, label__confidence__gte=_SURE)
        .exclude(label__semantic_type="")
        .exists(),
        "may_decide": may(user, Action.DECIDE_LABELS, dataset.source),
    }


def _describe_field(field: Any, dataset: Any, links: list[Relationship]) -> dict[str, Any]:
    targets = [
        link.to_dataset
        for link in links
        if link.from_dataset_id == dataset.pk and field.name in link.from_fields
    ]
    return {
        "field": field,
        "label": getattr(field, "label", None),
        "measures": getattr(field, "measurement", None),
        "is_key": field.key_position > 0,
        "refers_to": targets[0] if targets else None,
    }


def count_columns(dataset: Any, user: Any) -> int:
    """Columns that are there now."""
    return int(dataset.column_count)


def load_relations(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """The table and its neighbours, as a list and as a graph for static/js/graph.js."""
    links = list_neighbours(dataset.pk)
    return {
        "links": links,
        "graph": draw_graph(dataset, links),
        "joins": find_likely_joins(user=user, dataset=dataset),
        "dataset": dataset,
    }


def draw_graph(dataset: Any, links: list[Relationship]) -> dict[str, Any]:
    """Nodes with the columns that take part, and an edge for each pair of columns."""
    near = {dataset.pk: dataset}
    for link in links:
        near.setdefault(link.from_dataset_id, link.from_dataset)
        near.setdefault(link.to_dataset_id, link.to_dataset)
    told = _list_personal(list(near))
    return {
        "nodes": [
            _draw_node(each, links, told, focus=each.pk == dataset.pk) for each in near.values()
        ],
        "edges": [_draw_edge(link, pair) for link in links for pair in _pair_fields(link)],
    }


def _list_personal(dataset_ids: list[int]) -> dict[int, dict[str, str]]:
    """Names of the columns about people with the tone of their sensitivity, by dataset."""
    rows = list_personal_columns(dataset_ids)
    told: dict[int, dict[str, str]] = {}
    for dataset_id, name, sensitivity in rows:
        told.setdefault(dataset_id, {})[name] = _TONES.get(sensitivity, "azure")
    return told


def _draw_node(
    dataset: Any, links: list[Relationship], told: dict[int, dict[str, str]], *, focus: bool
) -> dict[str, Any]:
    personal = told.get(dataset.pk, {})
    keys = _name_fields(dataset, links, outward=False)
    ends = [*keys, *_name_fields(dataset, links, outward=True)]
    names = list(dict.fromkeys([*ends, *personal]))[
        : _MOST_COLUMNS if focus else _MOST_OF_NEIGHBOURS
    ]
    return {
        "id": str(dataset.public_id),
        "title": dataset.name,
        "subtitle": _subtitle(dataset),
        "url": reverse("catalog:asset", args=[dataset.public_id]),
        "focus": focus,
        "columns": [
            {"name": name, "tag": "PII" if name in personal else "", "tone": personal.get(name, "")}
            for name in names
        ],
    }


def _subtitle(dataset: Any) -> str:
    count = dataset.row_count
    rows = "" if count is None else f"{count:,} row{'' if count == 1 else 's'}"
    return " · ".join(part for part in (dataset.container, rows) if part)


def _name_fields(dataset: Any, links: list[Relationship], *, outward: bool) -> list[str]:
    return [
        name
        for link in links
        if (link.from_dataset_id if outward else link.to_dataset_id) == dataset.pk
        for name in (link.from_fields if outward else link.to_fields)
    ]


def _pair_fields(link: Relationship) -> list[tuple[str, str]]:
    # A reference may leave its target columns to the target's key.
    targets = link.to_fields or [""] * len(link.from_fields)
    return list(zip(link.from_fields, targets, strict=False))


def _draw_edge(link: Relationship, pair: tuple[str, str]) -> dict[str, Any]:
    return {
        "from": str(link.from_dataset.public_id),
        "to": str(link.to_dataset.public_id),
        "from_column": pair[0],
        "to_column": pair[1],
        "kind": "foreign_key",
    }


def count_relations(dataset: Any, user: Any) -> int:
    """Relationships that start or end here."""
    return len(list_neighbours(dataset.pk))


def load_structure(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """What the source's catalogue says beside the columns, with links to tables that are known."""
    table = find_structure(dataset)
    parents = table.parents if table else []
    known = list_named(dataset, [(each.container, each.name) for each in parents])
    return {
        "table": table,
        "keys": [each.name for each in _list_key(table)] if table else [],
        "parents": [(parent, known.get((parent.container, parent.name))) for parent in parents],
        "typed": [each for each in table.columns if _has_own_type(each)] if table else [],
    }


def _list_key(table: Any) -> list[Any]:
    keyed = [each for each in table.columns if each.key_position]
    return sorted(keyed, key=lambda each: each.key_position)


def _has_own_type(column: Any) -> bool:
    return bool(column.base_type or column.members or column.identity or column.generated)


PANELS: Final = (
    Panel(
        slug="columns", title="Columns", order=0, template="catalog/_columns.html",
        load=load_columns, count=count_columns,
    ),
    Panel(
        slug="relations", title="Relations", order=30, template="catalog/_relations.html",
        load=load_relations, count=count_relations,
    ),
    Panel(
        slug="structure", title="Structure", order=40, template="catalog/_structure.html",
        load=load_structure,
    ),
)  # fmt: skip
