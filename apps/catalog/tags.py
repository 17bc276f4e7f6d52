"""The facts that people declare about a dataset and that rules read, with what each may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from datawave.common.errors import InputInvalid

TagValue = bool | int | str | list[str]
TagKind = Literal["text", "number", "yesno", "words", "choice"]
_LONGEST = 500
_MOST_WORDS = 20
_MOST_DAYS = 100 * 366


@dataclass(frozen=True)
class TagSpec:
    """One declared fact."""

    name: str
    title: str
    kind: TagKind
    group: str
    help: str
    # Value -> title, for a choice.
    choices: dict[str, str] = field(default_factory=dict)


_ROWS: Final = """
retention_days|Retention in days|number|Purpose|After how many days rows are deleted.
retention_criteria|Retention criteria|text|Purpose|What decides when rows are deleted, where no number of days does.
purpose|Purpose|text|Purpose|What the data is used for.
legal_basis|Legal basis|choice|Purpose|The basis in GDPR Art. 6(1).
subjects|Data subjects|words|Purpose|Whom the data is about: customer, employee, patient, child, separated by commas.
domain|Domain|text|Purpose|Business domain, such as sales or clinic.
record_type|Record type|text|Purpose|Kind of record, such as audit_log, consent or financial.
art9_condition|Art. 9 condition|choice|GDPR|The condition in GDPR Art. 9(2) for special categories.
criminal_authority|Authority for criminal data|text|GDPR|The law that allows criminal-offence data, GDPR Art. 10.
dpia_ref|Impact assessment|text|GDPR|Reference of the data protection impact assessment.
transfer_mechanism|Transfer mechanism|choice|GDPR|What allows a transfer to a third country, GDPR Art. 44-49.
automated_decision|Automated decision|text|GDPR|Whether and how scores decide about people.
anonymous|Called anonymous|yesno|De-identified data|The table is held out as anonymous.
deidentified|Called de-identified|yesno|De-identified data|The table is held out as de-identified.
limited_data_set|Limited data set|yesno|De-identified data|A limited data set as of HIPAA 164.514(e).
dua_ref|Data use agreement|text|De-identified data|Reference of the data use agreement.
spi_use|Use of sensitive data|text|Other laws|CCPA: what sensitive personal information is used for.
sold_or_shared|Sold or shared|yesno|Other laws|CCPA: the data is sold or shared.
best_interest_ref|Best interest of the child|text|Other laws|LGPD Art. 14: reference of the assessment.
dpdp_ground|DPDP ground|text|Other laws|DPDP Act: consent, or the legitimate use.
lgpd_basis|LGPD basis|text|Other laws|LGPD Art. 7 basis.
lgpd_art11_basis|LGPD Art. 11 basis|text|Other laws|LGPD basis for sensitive data.
lgpd_transfer_mechanism|LGPD transfer mechanism|text|Other laws|What allows a transfer out of Brazil.
""".strip()  # noqa: E501  # one row a line

_CHOICES: Final = {
    "legal_basis": {
        "consent": "Consent (a)",
        "contract": "Contract (b)",
        "legal_obligation": "Legal obligation (c)",
        "vital_interests": "Vital interests (d)",
        "public_task": "Public task (e)",
        "legitimate_interests": "Legitimate interests (f)",
    },
    "art9_condition": {
        "a": "Explicit consent (a)",
        "b": "Employment and social security (b)",
        "c": "Vital interests (c)",
        "d": "Foundation or association (d)",
        "e": "Made public by the person (e)",
        "f": "Legal claims (f)",
        "g": "Substantial public interest (g)",
        "h": "Health care (h)",
        "i": "Public health (i)",
        "j": "Archives and research (j)",
    },
    "transfer_mechanism": {
        "adequacy": "Adequacy decision",
        "scc": "Standard contractual clauses",
        "bcr": "Binding corporate rules",
        "code": "Code of conduct",
        "certification": "Certification",
        "derogation": "Derogation (Art. 49)",
    },
}


def _read_row(line: str) -> TagSpec:
    name, title, kind, group, help_text = line.split("|")
    choices = _CHOICES.get(name, {})
    return TagSpec(name, title, kind, group, help_text, choices)  # type: ignore[arg-type]  # one of the kinds in our own table


TAGS: Final[dict[str, TagSpec]] = {spec.name: spec for spec in map(_read_row, _ROWS.splitlines())}


def clean_tags(given: dict[str, Any]) -> dict[str, TagValue]:
    """The declared facts in their proper types; empty ones are left out. Raises InputInvalid."""
    cleaned = {name: _clean(name, value) for name, value in given.items()}
    return {name: value for name, value in cleaned.items() if value is not None}


def _clean(name: str, value: Any) -> TagValue | None:
    spec = TAGS.get(name)
    if spec is None:
        raise InputInvalid(f"There is no declared fact {name[:64]!r}.", field="tags")
    if value is None or value in ("", []):
        return None
    try:
        if spec.kind == "choice":
            return _clean_choice(spec, value)
        return _CLEANERS[spec.kind](value)
    except (ValueError, TypeError):
        raise InputInvalid(
            f"{spec.title}: {_EXPECTED[spec.kind]}.", field=f"tags.{name}", hint=spec.help
        ) from None


def _clean_text(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError
    return value.strip() or None


def _clean_choice(spec: TagSpec, value: Any) -> str:
    if not isinstance(value, str) or value not in spec.choices:
        raise ValueError
    return value


def _clean_number(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    number = int(value)
    if not 0 <= number <= _MOST_DAYS:
        raise ValueError
    return number


def _clean_yesno(value: Any) -> bool:
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise ValueError
    return known[str(value).lower()]


def _clean_words(value: Any) -> list[str] | None:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise TypeError
    words = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(words) > _MOST_WORDS or any(len(word) > _LONGEST for word in words):
        raise ValueError
    return words or None


_CLEANERS: Final = {
    "text": _clean_text,
    "number": _clean_number,
    "yesno": _clean_yesno,
    "words": _clean_words,
}
_EXPECTED: Final = {
    "choice": "one of the values offered",
    "text": f"at most {_LONGEST} characters",
    "number": f"a whole number from 0 to {_MOST_DAYS}",
    "yesno": "yes or no",
    "words": f"at most {_MOST_WORDS} words, separated by commas",
}
