"""Sign-offs on the pages of a table and of a source."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from apps.discovery.panels import Panel
from apps.rbac.selectors import may
from apps.rbac.types import Action
from datawave.common.parts import Part

from .selectors import count_coverage, list_visible_attestations

_SHOWN: Final = 20


def load_dataset_sign_offs(dataset: Any, user: Any, request: HttpRequest) -> dict[str, Any]:
    """Sign-offs of a table and of its whole source, and what signing now would cover."""
    rows = list_visible_attestations(user).filter(source=dataset.source_id)
    return {
        "attestations": rows.filter(dataset__in=[dataset.pk])[:_SHOWN],
        "whole": rows.filter(dataset=None, withdrawn_at=None).first(),
        "coverage": count_coverage(source_id=dataset.source_id, dataset_id=dataset.pk),
        "may_sign": may(user, Action.DECIDE_LABELS, dataset.source),
        "dataset": dataset,
    }


def load_source_sign_offs(source: Any, user: Any) -> dict[str, Any]:
    """Sign-offs of a whole source, and how many of its tables were signed off by themselves."""
    rows = list_visible_attestations(user).filter(source=source)
    tables = rows.filter(withdrawn_at=None).exclude(dataset=None).order_by()
    return {
        "attestations": rows.filter(dataset=None)[:_SHOWN],
        "coverage": count_coverage(source_id=source.pk),
        "tables_signed": tables.filter(stale_at=None).values("dataset").distinct().count(),
        "may_sign": may(user, Action.DECIDE_LABELS, source),
        "source": source,
    }


SIGN_OFF: Final = Panel(
    slug="sign-off",
    title="Sign-off",
    order=25,
    template="classification/_dataset_sign_off.html",
    load=load_dataset_sign_offs,
)
SOURCE_SIGN_OFF: Final = Part(
    page="source",
    slug="sign-off",
    order=25,
    template="classification/_source_sign_off.html",
    load=load_source_sign_offs,
    aside=True,
)
