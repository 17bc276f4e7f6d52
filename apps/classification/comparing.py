"""How the machine's verdicts on a source differ between two times."""

from __future__ import annotations

from apps.discovery.types import Difference, TimeSpan

from .models import PastVerdict


def compare_labels(span: TimeSpan) -> list[Difference]:
    """Columns whose type is another at `until` than at `since`, by the verdicts in between."""
    verdicts = PastVerdict.objects.filter(field__dataset__source=span.source_id, at__lte=span.until)
    fresh = verdicts.filter(at__gt=span.since).values("field")
    before: dict[int, str] = {}
    after: dict[int, PastVerdict] = {}
    rows = verdicts.filter(field__in=fresh).select_related("field__dataset")
    for row in rows.defer("evidence").order_by("pk"):
        after[row.field_id] = row
        if row.at <= span.since:
            before[row.field_id] = row.semantic_type
    return [
        Difference(
            kind="label_changed" if pk in before else "label_added",
            dataset_id=row.field.dataset_id,
            dataset=row.field.dataset.fqn,
            column=row.field.name,
            before=before.get(pk, ""),
            after=row.semantic_type,
        )
        for pk, row in after.items()
        if row.semantic_type != before.get(pk, "")
    ]
