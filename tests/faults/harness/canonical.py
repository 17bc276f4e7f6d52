"""What an installation knows of a source, without ids and times: equal for equal discoveries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.faults.harness.store import Store, as_json

# Section -> query by source id. What a section holds is compared as a sorted list, so a row
# that is there twice differs as much as one that is missing.
SECTIONS = {
    "datasets": """
        SELECT d.container, d.name, d.kind, d.state, d.content_hash, d.comment, d.column_count,
               d.row_count, d.row_count_exact, d.error_code, s.content_hash
        FROM discovery_dataset d LEFT JOIN discovery_tablesnapshot s ON s.id = d.snapshot_id
        WHERE d.source_id = {source}""",
    "fields": """
        SELECT d.name, f.name, f.ordinal, f.native_type, f.type, f.nullable, f.key_position,
               f.state
        FROM discovery_field f JOIN discovery_dataset d ON d.id = f.dataset_id
        WHERE d.source_id = {source}""",
    "snapshots": """
        SELECT d.name, count(*), sum(CASE WHEN s.valid_to IS NULL THEN 1 ELSE 0 END)
        FROM discovery_tablesnapshot s JOIN discovery_dataset d ON d.id = s.dataset_id
        WHERE d.source_id = {source} GROUP BY d.name""",
    "changes": """
        SELECT d.name, c.kind, c.field_name, c.before, c.after
        FROM discovery_schemachange c JOIN discovery_dataset d ON d.id = c.dataset_id
        WHERE c.source_id = {source}""",
    "labels": """
        SELECT d.name, f.name, l.semantic_type, l.sensitivity, l.personal, l.state,
               l.machine_type, l.confidence, l.machine_confidence, l.evidence
        FROM classification_label l JOIN discovery_field f ON f.id = l.field_id
        JOIN discovery_dataset d ON d.id = f.dataset_id WHERE d.source_id = {source}""",
    "entries": """
        SELECT d.name, e.description, e.tags, e.sensitivity, e.personal_fields, e.search_name,
               e.search_columns, e.search_text, e.published_at IS NOT NULL
        FROM catalog_catalogentry e JOIN discovery_dataset d ON d.id = e.dataset_id
        WHERE d.source_id = {source}""",
    "relationships": """
        SELECT a.name, b.name, r.from_fields, r.to_fields
        FROM catalog_relationship r JOIN discovery_dataset a ON a.id = r.from_dataset_id
        JOIN discovery_dataset b ON b.id = r.to_dataset_id WHERE a.source_id = {source}""",
    "findings": """
        SELECT d.name, f.name, x.rule_id, x.severity, x.state, x.confidence, x.facts, x.title
        FROM compliance_finding x LEFT JOIN discovery_dataset d ON d.id = x.dataset_id
        LEFT JOIN discovery_field f ON f.id = x.field_id WHERE x.source_id = {source}""",
    "tallies": """
        SELECT rule_id, passed, failed, unknown, not_applicable FROM compliance_ruletally
        WHERE source_id = {source}""",
    "measures": """
        SELECT d.name, f.name, m.null_rate, m.distinct_rate, m.min_length, m.max_length,
               m.protection, m.flags
        FROM scan_fieldmeasurement m JOIN discovery_field f ON f.id = m.field_id
        JOIN discovery_dataset d ON d.id = f.dataset_id WHERE d.source_id = {source}""",
    "measured": """
        SELECT d.name, count(*) FROM scan_datasetmeasurement m
        JOIN discovery_dataset d ON d.id = m.dataset_id
        WHERE d.source_id = {source} GROUP BY d.name""",
}
# When a stage last wrote its outputs, also where it wrote what was there before.
TOUCHED = {
    "labels": """
        SELECT count(*), max(l.judged_at) FROM classification_label l
        JOIN discovery_field f ON f.id = l.field_id
        JOIN discovery_dataset d ON d.id = f.dataset_id WHERE d.source_id = {source}""",
    "findings": """
        SELECT count(*), max(last_seen_at) FROM compliance_finding WHERE source_id = {source}""",
    "tallies": """
        SELECT count(*), max(checked_at) FROM compliance_ruletally WHERE source_id = {source}""",
    "entries": """
        SELECT count(*), max(e.id) FROM catalog_catalogentry e
        JOIN discovery_dataset d ON d.id = e.dataset_id WHERE d.source_id = {source}""",
    "measures": """
        SELECT count(*), max(m.at) FROM scan_datasetmeasurement m
        JOIN discovery_dataset d ON d.id = m.dataset_id WHERE d.source_id = {source}""",
}
# What tells of the way to a state and not of the state: another number of runs, another way.
HISTORICAL = ("snapshots", "changes", "measured")

Picture = dict[str, list[str]]


def load_picture(store: Store, source: int) -> Picture:
    """Each section as sorted lines."""
    (name,) = store.query(f"SELECT name FROM datasources_datasource WHERE id = {source}")[0]
    return {
        section: sorted(
            json.dumps([_plain(value) for value in row], sort_keys=True).replace(name, "SOURCE")
            for row in store.query(statement.format(source=source))
        )
        for section, statement in SECTIONS.items()
    }


def load_outputs(store: Store, source: int) -> Picture:
    """The picture, and when each stage last wrote into it."""
    touched = {
        f"touched {name}": [str(row) for row in store.query(statement.format(source=source))]
        for name, statement in TOUCHED.items()
    }
    return touched | load_picture(store, source)


def list_late_writes(before: Picture, after: Picture) -> list[str]:
    """Sections that were written although nothing may be written any more."""
    return [name for name, lines in before.items() if after[name] != lines]


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            value = as_json(value)
        except ValueError:
            return value
    if isinstance(value, float):
        return round(value, 9)
    return int(value) if isinstance(value, bool) else value


def hash_picture(picture: Picture) -> str:
    """One hash over all sections."""
    return hashlib.sha256(json.dumps(picture, sort_keys=True).encode()).hexdigest()[:16]


def compare(found: Picture, expected: Picture, *, history: bool = True) -> list[str]:
    """What is missing and what is too much, by section."""
    told = []
    for section, lines in expected.items():
        if section in HISTORICAL and not history:
            continue
        missing = _subtract(lines, found[section])
        extra = _subtract(found[section], lines)
        if missing or extra:
            told.append(
                f"I2 {section}: {len(missing)} missing {missing[:1]}, {len(extra)} extra "
                f"{extra[:1]}"
            )
    return told


def _subtract(one: list[str], other: list[str]) -> list[str]:
    rest = list(other)
    left = []
    for line in one:
        if line in rest:
            rest.remove(line)
        else:
            left.append(line)
    return left
