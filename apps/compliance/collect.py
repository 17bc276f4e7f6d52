"""Gathers the facts that rules ask about; what nobody knows for sure is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from apps.catalog.types import DeclaredFacts
from apps.classification.selectors import name_semantic_type
from apps.classification.types import SENSITIVITY_RANK, LabelFacts, LabelState
from apps.discovery.types import BatchTable
from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, TableSnapshot

from .facts import MISSING

Section = dict[str, object]
Labels = Mapping[int, LabelFacts]
# A region that says a country; a cloud's name for a place is not one.
_COUNTRY = re.compile(r"[A-Z]{2}")
# Columns whose oldest moment tells the age of the row, not of a person or an event.
_ROW_AGE = re.compile(
    r"(row_?)?(created|inserted|registered|added|recorded|signup|logged)"
    r"(_?(at|on|date|time|ts|utc))?",
    re.IGNORECASE,
)
# Rare patterns that are about a person; keys and hashes are not.
_PERSONAL: Final = ("card_number", "email", "iban", "phone", "us_ssn")
_PRECISIONS: Final = {"year": "year", "month": "month", "day": "day", "time": "second"}
_HEALTH: Final = "user.health_and_medical"
_PAN: Final = "finance.credit_card_number"
# What stands in place of a label that a person rejected.
REJECTED: Final = LabelFacts(
    semantic_type="",
    sensitivity="",
    personal=False,
    confidence=1.0,
    state=LabelState.REJECTED,
    categories=(),
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known around the tables to be checked."""

    source: Section
    labels: Labels = field(default_factory=dict)
    declared: Mapping[int, DeclaredFacts] = field(default_factory=dict)


def build_table_facts(table: BatchTable, known: Known) -> Section:
    """The facts of one table: itself, its columns, its source."""
    columns = [
        _column_facts(table, column, known.labels.get(table.field_ids.get(column.name, 0)))
        for column in table.snapshot.list_fields()
    ]
    declared = known.declared.get(table.dataset_id, DeclaredFacts())
    return {
        "column": None,
        "columns": columns,
        "table": _table_facts(table, columns, declared, known.source),
        "source": known.source,
    }


def build_source_facts(source: Any, labels: Iterable[LabelFacts] | None, columns: int) -> Section:
    """The facts of a source; `labels` are all of it, or None where they aren't decided yet."""
    seen = source.facts
    facts: Section = {
        "name": source.name,
        "engine": source.engine,
        "environment": source.environment,
        # There is no place to declare facts of a source, so their absence says nothing.
        "tags": MISSING,
    }
    if source.region:
        facts["region"] = source.region
    for name, key in (
        ("tls", "tls"),
        ("audit_logging", "audit_logging"),
        ("scan_account_privileged", "privileged"),
    ):
        if isinstance(seen.get(key), bool):
            facts[name] = seen[key]
    return facts if labels is None else {**facts, **_derive_holdings(list(labels), columns)}


def _derive_holdings(labels: list[LabelFacts], columns: int) -> Section:
    standing = [label for label in labels if label.state != LabelState.REJECTED]
    categories = {category for label in standing for category in label.categories}
    found = {
        "has_personal_data": any(_is_under(category, "user") for category in categories),
        "has_phi": any(_is_under(category, _HEALTH) for category in categories),
        "has_pan": any(label.semantic_type == _PAN for label in standing),
        "has_restricted": any(label.sensitivity == "restricted" for label in standing),
    }
    # That there is none can be said only once every column has its meaning.
    complete = sum(_is_judged(label) for label in labels) >= columns
    return {name: held for name, held in found.items() if held or complete}


def _is_under(category: str, root: str) -> bool:
    return category == root or category.startswith(f"{root}.")


def _is_judged(label: LabelFacts) -> bool:
    return bool(label.semantic_type) or label.state == LabelState.REJECTED


def _column_facts(table: BatchTable, column: ColumnSnapshot, label: LabelFacts | None) -> Section:
    references = {name for key in table.snapshot.foreign_keys for name in key.columns}
    return {
        "name": column.name,
        "fqn": f"{table.fqn}.{column.name}",
        "data_type": column.type,
        "nullable": column.nullable,
        "is_key": column.key_position > 0,
        "is_foreign_key": column.name in references,
        **(_label_facts(label) if label is not None and _is_judged(label) else {}),
        **(_profile_facts(column.profile, table.snapshot) if column.profile else {}),
    }


def _label_facts(label: LabelFacts) -> Section:
    if label.state == LabelState.REJECTED:
        # A person looked and said that it is not that; what it is, nobody said.
        return {"semantic_type": None, "categories": [], "confidence": 1.0}
    sure = label.state in (LabelState.CONFIRMED, LabelState.CHANGED)
    return {
        "semantic_type": label.semantic_type,
        "semantic_title": name_semantic_type(label.semantic_type),
        "categories": list(label.categories),
        "sensitivity": label.sensitivity,
        "confidence": 1.0 if sure else label.confidence,
    }


def _profile_facts(profile: ColumnProfile, table: TableSnapshot) -> Section:
    filled = profile.rows - profile.nulls
    facts: Section = {"protection": profile.protection}
    # Values seen in a sample prove that there are some; none seen proves it for a full read only.
    if filled or _is_whole(profile, table):
        facts["non_null_rows"] = filled
    if profile.rows:
        facts["null_rate"] = round(profile.nulls / profile.rows, 4)
    if filled:
        facts["max_length"] = profile.max_length
        counted = _rare_rate(profile, table)
        facts["pii_rate"] = max([*profile.mentions.values(), counted])
    if profile.date is not None:
        facts["date_precision"] = _PRECISIONS[profile.date.precision]
    return facts


def _rare_rate(profile: ColumnProfile, table: TableSnapshot) -> float:
    """Share of all rows in which the database itself counted something personal."""
    found = max((profile.rare.get(code, 0) for code in _PERSONAL), default=0)
    return min(1.0, found / table.row_count) if table.row_count else 0.0


def _is_whole(profile: ColumnProfile, table: TableSnapshot) -> bool:
    return table.row_count_exact and profile.rows >= (table.row_count or 0)


def _table_facts(
    table: BatchTable, columns: list[Section], declared: DeclaredFacts, source: Section
) -> Section:
    snapshot = table.snapshot
    facts: Section = {
        "name": snapshot.name,
        "fqn": table.fqn,
        "schema": snapshot.container,
        "comment": snapshot.comment,
        "exists": True,
        "owner": declared.owner,
        "tags": dict(declared.tags),
        **_storage_facts(snapshot),
    }
    levels = [str(c["sensitivity"]) for c in columns if c.get("sensitivity")]
    if levels:
        facts["sensitivity"] = max(levels, key=lambda level: SENSITIVITY_RANK.get(level, -1))
    region = str(source.get("region", "")).upper()
    if _COUNTRY.fullmatch(region):
        facts["flow_regions"] = [region]
    return facts


def _storage_facts(table: TableSnapshot) -> Section:
    facts: Section = {}
    if table.row_count is not None:
        facts["row_estimate"] = table.row_count
    # A view has no key to declare; its tables do.
    if table.kind == "table":
        facts["has_pk"] = any(column.key_position for column in table.columns)
    if table.grants is not None:
        facts["grants"] = {
            "public": table.grants.public_read,
            "public_write": table.grants.public_write,
            "read_roles": table.grants.read_roles,
            "write_roles": table.grants.write_roles,
        }
    age = _oldest_row(table)
    if age is not None:
        facts["oldest_row_age_days"] = age
    return facts


def _oldest_row(table: TableSnapshot) -> int | None:
    ages = [
        column.profile.date.oldest_age_days
        for column in table.columns
        if column.profile and column.profile.date and _ROW_AGE.fullmatch(column.name)
    ]
    return max((age for age in ages if age is not None), default=None)
