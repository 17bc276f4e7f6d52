"""What was measured of a column, for pages of other apps."""

from __future__ import annotations

from typing import Any

from django import template

from apps.scan.counting import describe_mentions
from apps.scan.models import FieldMeasurement

register = template.Library()


@register.simple_tag
def list_mentions(field: Any) -> list[dict[str, str]]:
    """What the texts of a column mention, and how many of them do."""
    found = FieldMeasurement.objects.filter(field=field).values_list("figures", flat=True).first()
    return describe_mentions((found or {}).get("mentions", {}))
