"""The findings tab of the asset page."""

from __future__ import annotations

from typing import Any, Final

from apps.discovery.panels import Panel
from apps.rbac.selectors import may
from apps.rbac.types import Action

from .selectors import list_dataset_findings
from .types import ACTIVE_STATES


def load_findings(dataset: Any, user: Any) -> dict[str, Any]:
    """Findings of the table and its columns, the worst first."""
    return {
        "findings": list_dataset_findings(dataset.pk),
        "may_decide": may(user, Action.DECIDE_FINDINGS, dataset.source),
    }


def count_findings(dataset: Any, user: Any) -> int:
    """Findings that still ask for something."""
    return list_dataset_findings(dataset.pk).filter(state__in=ACTIVE_STATES).count()


FINDINGS: Final = Panel(
    slug="findings",
    title="Findings",
    order=20,
    template="compliance/_findings.html",
    load=load_findings,
    count=count_findings,
)
