"""Tables that break rules, and discoveries that find it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from apps.catalog.stage import CatalogStage
from apps.classification.models import Label
from apps.classification.stage import ClassificationStage
from apps.compliance.models import Finding
from apps.compliance.stage import ComplianceStage
from apps.datasources.models import DataSource
from apps.discovery.models import Field
from apps.discovery.types import StageOutcome
from datawave_edge.protocol import ColumnSnapshot, Record, TableSnapshot
from tests.catalog.factories import run_stages
from tests.discovery.factories import make_column, make_profile, make_table

CVV = "PCI-3312-CVV"


def make_payment(*, cvv_rows: int = 100, **fields: Any) -> TableSnapshot:
    """A table with a column of card verification codes; by default filled."""
    profile = make_profile(nulls=100 - cvv_rows, max_length=3)
    return make_table("payment", ["id", make_column("cvv", profile=profile)], **fields)


def discover(
    source: DataSource, tables: Sequence[TableSnapshot | Record], **options: Any
) -> dict[str, StageOutcome]:
    """A discovery with classification, catalog and compliance."""
    stages = (ClassificationStage(), CatalogStage(), ComplianceStage())
    return run_stages(source, tables, *stages, **options)


def check(source: DataSource, tables: Sequence[TableSnapshot | Record]) -> dict[str, StageOutcome]:
    """A discovery without classification, on labels that tests set."""
    return run_stages(source, tables, CatalogStage(), ComplianceStage())


def label_field(
    name: str, semantic_type: str, *, confidence: float = 0.99, state: str = "suggested"
) -> Label:
    """Say what the column of that name means."""
    field = Field.objects.get(name=name)
    values = {
        "semantic_type": semantic_type,
        "confidence": confidence,
        "state": state,
        "sensitivity": "restricted",
        "personal": True,
        "judged_at": timezone.now(),
    }
    label, _ = Label.objects.update_or_create(field=field, defaults=values)
    return label


def find(rule_id: str) -> Finding | None:
    """The finding of the rule, when there is exactly one."""
    return Finding.objects.filter(rule_id=rule_id).first()


def state_of(rule_id: str) -> str:
    """State of the rule's finding; empty where there is none."""
    finding = find(rule_id)
    return finding.state if finding else ""


def make_wide(name: str, columns: int) -> list[ColumnSnapshot]:
    """Columns of e-mail addresses."""
    return [make_column(f"{name}_email_{n}", hits={"email": 0.99}) for n in range(columns)]
