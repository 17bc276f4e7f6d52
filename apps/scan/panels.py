"""Tabs of the asset page: the profile of each column, and how the dataset changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.discovery.panels import Panel
from apps.discovery.selectors import list_visible_changes
from datawave.common.pages import PAGE_SIZES, paginate

from .counting import describe_anonymity, describe_counting, describe_mentions, describe_rare
from .models import DatasetMeasurement, FieldMeasurement
from .selectors import list_history, list_profiled_fields, load_measurements
from .types import Flag

_SHAPES = 5
_CHANGES = 100


def load_profile(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """Measures of the dataset and of a page of its columns."""
    page = paginate(request, list_profiled_fields(dataset.pk), usual=PAGE_SIZES[-1])
    measurement = load_measurements([dataset.pk]).get(dataset.pk)
    return {
        "dataset": dataset,
        "measurement": measurement,
        "flags": _title_flags(measurement.flags if measurement else []),
        "counting": describe_counting(measurement.counting) if measurement else None,
        "anonymity": describe_anonymity(measurement.anonymity) if measurement else None,
        "page": page,
        "columns": [_describe(row) for row in page],
    }


def _describe(row: FieldMeasurement) -> dict[str, Any]:
    shapes = sorted(row.shapes.items(), key=lambda pair: -pair[1])
    return {
        "field": row.field,
        "measures": row,
        "shapes": [{"shape": shape, "share": share} for shape, share in shapes[:_SHAPES]],
        "flags": _title_flags(row.flags),
        "rare": describe_rare(row.rare),
        "mentions": describe_mentions(row.figures.get("mentions", {})),
        "is_protected": row.protection not in ("none", "unknown"),
    }


def _title_flags(values: list[str]) -> list[dict[str, str]]:
    return [{"value": value, "title": Flag(value).label} for value in values]


def load_history(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """Schema changes, and the trend of the row count, oldest first."""
    rows: list[DatasetMeasurement] = list(list_history(dataset.pk))[::-1]
    changes = list_visible_changes(user).filter(dataset=dataset)
    return {
        "dataset": dataset,
        "changes": changes[:_CHANGES],
        "measurements": rows,
        "row_counts": [row.row_count for row in rows if row.row_count is not None],
        "qualities": [row.quality for row in rows if row.quality is not None],
    }


def count_changes(dataset: Any, user: Any) -> int:
    """Number on the tab."""
    return int(list_visible_changes(user).filter(dataset=dataset).count())


PROFILE = Panel(
    slug="profile",
    title="Profile",
    order=20,
    template="scan/_profile.html",
    load=load_profile,
)
HISTORY = Panel(
    slug="history",
    title="History",
    order=60,
    template="scan/_history.html",
    load=load_history,
    count=count_changes,
)
