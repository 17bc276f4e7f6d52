"""The findings tab of the asset page, and what lists of sources tell of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Q
from django.http import HttpRequest

from apps.discovery.panels import Panel
from apps.rbac.selectors import may
from apps.rbac.types import Action

from .selectors import list_dataset_findings, list_visible_findings
from .types import ACTIVE_STATES, Severity


def load_findings(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """Findings of the table and its columns, the worst first."""
    return {
        "findings": list_dataset_findings(dataset.pk),
        "may_decide": may(user, Action.DECIDE_FINDINGS, dataset.source),
    }


def count_findings(dataset: Any, user: Any) -> int:
    """Findings that still ask for something."""
    return list_dataset_findings(dataset.pk).filter(state__in=ACTIVE_STATES).count()


def count_source_findings(user: Any, source_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Findings of each source that still ask for something, and the critical ones of them."""
    active = list_visible_findings(user).filter(source__in=source_ids, state__in=ACTIVE_STATES)
    rows = active.select_related(None).order_by().values("source")
    critical = Count("pk", filter=Q(severity=Severity.CRITICAL))
    found = {pk: {"findings": 0, "critical": 0} for pk in source_ids}
    for row in rows.annotate(findings=Count("pk"), critical=critical):
        found[row["source"]] = {"findings": row["findings"], "critical": row["critical"]}
    return found


FINDINGS: Final = Panel(
    slug="findings",
    title="Findings",
    order=20,
    template="compliance/_findings.html",
    load=load_findings,
    count=count_findings,
)
