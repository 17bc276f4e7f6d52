"""The facts that rules may ask about, and what their absence means.

Facts come as nested plain dicts: {"column": {...} | None, "columns": [...], "table": {...},
"source": {...}}. Three things a fact can be:

- *absent* (or `MISSING`): nobody collected it, so every question about it is unknown;
- *known to be empty* (None, "", []): it fulfils no positive question, and every negative one;
- a value.

Declarations (tags, an owner) live on our side. So a declaration that is absent from a section
that is present was not made, which is known. Put `MISSING` in its place (or for all of "tags")
where declarations can't be read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final, Literal

Kind = Literal["bool", "number", "text", "texts"]
Value = bool | float | str | tuple[str, ...] | None
Section = Mapping[str, object]
Facts = Mapping[str, object]


class Missing(Enum):
    """The value of a fact that nobody collected."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Reading = Value | Literal[Missing.MISSING]
Read = Callable[[Facts, Section | None], Reading]


@dataclass(frozen=True)
class Fact:
    """One fact of the registry."""

    name: str
    kind: Kind
    choices: frozenset[str] = frozenset()
    # We hold it ourselves: absent is the same as not declared.
    declared: bool = False
    # It rests on a column's label, and so on the confidence of that label.
    from_label: bool = False
    # It may stand in a message; a fact that can carry a raw value may not.
    printable: bool = True

    @property
    def section(self) -> str:
        """Which of column, table and source it belongs to."""
        return self.name.partition(".")[0]

    @property
    def path(self) -> tuple[str, ...]:
        """Where it is inside its section."""
        return tuple(self.name.split(".")[1:])


_LARGEST: Final = 10**18
_PROTECTIONS = frozenset(
    ["none", "masked", "truncated", "tokenized", "encrypted", "hashed_keyed", "hashed_unkeyed"]
)
_SENSITIVITIES = frozenset(["public", "internal", "confidential", "restricted"])
_ENVIRONMENTS = frozenset(["production", "staging", "test", "development"])
_PRECISIONS = frozenset(["none", "year", "month", "day", "second"])
_AT_REST = frozenset(["none", "disk", "database", "column"])
_HOSTING = frozenset(["own", "third_party"])


def _column_facts() -> tuple[Fact, ...]:
    return (
        *(Fact(f"column.{n}", "text") for n in ("name", "fqn", "data_type")),
        Fact("column.semantic_type", "text", from_label=True),
        Fact("column.semantic_title", "text", from_label=True),
        Fact("column.categories", "texts", from_label=True),
        Fact("column.sensitivity", "text", _SENSITIVITIES, from_label=True),
        Fact("column.subject", "text", from_label=True),
        Fact("column.confidence", "number", from_label=True),
        Fact("column.protection", "text", _PROTECTIONS),
        *(
            Fact(f"column.{n}", "number")
            for n in ("non_null_rows", "null_rate", "max_length", "pii_rate")
        ),
        Fact("column.max_value", "number", printable=False),
        Fact("column.date_precision", "text", _PRECISIONS),
        Fact("column.restricted_zip3", "bool"),
        *(Fact(f"column.{n}", "bool") for n in ("is_key", "is_foreign_key", "nullable")),
    )


def _table_facts() -> tuple[Fact, ...]:
    return (
        *(Fact(f"table.{n}", "text") for n in ("name", "fqn", "schema", "comment")),
        *(Fact(f"table.{n}", "bool") for n in ("exists", "has_pk")),
        Fact("table.owner", "text", declared=True),
        Fact("table.sensitivity", "text", _SENSITIVITIES),
        *(
            Fact(f"table.{n}", "number")
            for n in ("row_estimate", "k_min", "oldest_row_age_days", "last_access_age_days")
        ),
        *(Fact(f"table.grants.{n}", "bool") for n in ("public", "public_write")),
        *(Fact(f"table.grants.{n}", "number") for n in ("read_roles", "write_roles")),
        Fact("table.flow_regions", "texts"),
        Fact("table.ropa.complete", "bool"),
        *_tags("table", "number", ("retention_days",)),
        *_tags("table", "texts", ("subjects",)),
        *_tags("table", "bool", ("anonymous", "deidentified", "limited_data_set")),
        *_tags("table", "bool", ("sold_or_shared",)),
        *_tags(
            "table",
            "text",
            [
                "retention_criteria",
                "purpose",
                "legal_basis",
                "art9_condition",
                "criminal_authority",
                "dpia_ref",
                "transfer_mechanism",
                "dua_ref",
                "spi_use",
                "domain",
                "record_type",
                "automated_decision",
                "best_interest_ref",
                "dpdp_ground",
                "lgpd_art11_basis",
                "lgpd_basis",
                "lgpd_transfer_mechanism",
            ],
        ),
    )


def _source_facts() -> tuple[Fact, ...]:
    return (
        *(Fact(f"source.{n}", "text") for n in ("name", "engine", "region")),
        Fact("source.environment", "text", _ENVIRONMENTS),
        Fact("source.hosting", "text", _HOSTING),
        Fact("source.encryption_at_rest", "text", _AT_REST),
        *(
            Fact(f"source.{n}", "bool")
            for n in [
                "tls",
                "audit_logging",
                "scan_account_privileged",
                "has_personal_data",
                "has_phi",
                "has_pan",
                "has_restricted",
            ]
        ),
        *_tags("source", "bool", ("cde",)),
        *_tags("source", "text", ("baa_ref", "dpa_ref")),
        *_tags("source", "number", ("log_retention_days",)),
    )


def _tags(section: str, kind: Kind, names: tuple[str, ...] | list[str]) -> tuple[Fact, ...]:
    return tuple(Fact(f"{section}.tags.{name}", kind, declared=True) for name in names)


FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact for fact in (*_column_facts(), *_table_facts(), *_source_facts())
}


def find_fact(name: str) -> Fact | None:
    """The fact of that name, if there is one."""
    return FACTS.get(name)


def suggest_fact(name: str) -> str:
    """The known name that comes closest, or an empty text."""
    close = get_close_matches(name, FACTS, n=1, cutoff=0.6)
    return close[0] if close else ""


def make_reader(fact: Fact) -> Read:
    """A function that reads the fact from facts and the column under the eye."""
    fetch = _fetch_column(fact.path[0]) if fact.section == "column" else _fetch(fact)
    settle = _SETTLERS[fact.kind]
    if not fact.choices:
        return lambda facts, column: settle(fetch(facts, column))
    return lambda facts, column: _limit(settle(fetch(facts, column)), fact.choices)


def _limit(value: Reading, choices: frozenset[str]) -> Reading:
    # "unknown", and whatever a newer agent may call it, is no knowledge.
    return value if value is None or value in choices else MISSING


def _fetch_column(key: str) -> Callable[[Facts, Section | None], object]:
    return lambda _, column: MISSING if column is None else column.get(key, MISSING)


def _fetch(fact: Fact) -> Callable[[Facts, Section | None], object]:
    section, path = fact.section, fact.path
    absent = None if fact.declared else MISSING

    def fetch(facts: Facts, _: Section | None) -> object:
        value: object = facts.get(section, MISSING)
        if not isinstance(value, Mapping):
            return MISSING
        for key in path:
            value = value.get(key, absent) if isinstance(value, Mapping) else value
        return value

    return fetch


def _settle_bool(value: object) -> Reading:
    return value if isinstance(value, bool) or value is None else MISSING


def _settle_number(value: object) -> Reading:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISSING
    # Neither NaN nor infinity is within.
    return value if -_LARGEST <= value <= _LARGEST else MISSING


def _settle_text(value: object) -> Reading:
    if isinstance(value, str):
        return value or None
    return None if value is None else MISSING


def _settle_texts(value: object) -> Reading:
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value) if all(isinstance(v, str) for v in value) else MISSING
    if isinstance(value, str):
        return (value,) if value else ()
    return () if value is None else MISSING


_SETTLERS: Final[Mapping[Kind, Callable[[object], Reading]]] = {
    "bool": _settle_bool,
    "number": _settle_number,
    "text": _settle_text,
    "texts": _settle_texts,
}
