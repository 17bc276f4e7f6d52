"""Reads of packs, rules, findings and tallies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, Count, F, IntegerField, Max, Min, Sum, Value, When

from apps.datasources.selectors import list_visible_sources
from apps.rbac.selectors import has_role
from apps.rbac.types import Role
from datawave.common.errors import NotThere

from .checks import needs_labels
from .evaluator import RuleBook
from .models import Finding, FindingQuerySet, PackSetting, RuleTally
from .policy import Pack, Rule, load_shipped_packs
from .types import ACTIVE_STATES, SEVERITY_RANK, FindingState, Severity

if TYPE_CHECKING:
    from apps.rbac.models import User

EVIDENCE_TITLES: Final = {
    "decisive": "Decisive",
    "indicator": "Indicator",
    "declaration": "Declaration",
}
_SEVERITY_TONES: Final = {"critical": "red", "high": "orange", "medium": "yellow", "low": "azure"}
SORTS: Final[dict[str, str]] = {
    "severity": "rank",
    "title": "title",
    "state": "state",
    "source": "source__name",
    "table": "dataset__name",
    "confidence": "confidence",
    "seen": "last_seen_at",
    "first": "first_seen_at",
}


@dataclass(frozen=True, kw_only=True)
class FindingFilters:
    """How a list of findings is narrowed; empty means all, but fixed ones must be asked for."""

    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    sort: str = ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The four counts of a rule or pack; unknown stands beside passed, never inside it."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    checked_at: datetime | None = None

    @property
    def asked(self) -> int:
        """Verdicts about assets to which the rules apply."""
        return self.passed + self.failed + self.unknown


@dataclass(frozen=True, kw_only=True)
class PackStanding:
    """A pack, whether it is in use, and how its rules came out on what the person may see."""

    pack: Pack
    enabled: bool
    tally: Tally
    rules: tuple[RuleStanding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RuleStanding:
    """A rule and how it came out."""

    rule: Rule
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class RuleGroup:
    """A rule that is broken, and how much of what the person asked for breaks it."""

    rule_id: str
    title: str
    citation: str
    remediation: str
    worst: int
    findings: int
    tables: int
    newest_at: datetime

    @property
    def severity(self) -> str:
        """The worst severity among its findings."""
        return next(name for name, rank in SEVERITY_RANK.items() if rank >= self.worst)


def list_packs() -> tuple[Pack, ...]:
    """All packs there are, in use or not."""
    return load_shipped_packs()


def find_rule(rule_id: str) -> Rule | None:
    """The rule of that id in any pack, in use or not."""
    rules = (rule for pack in list_packs() for rule in pack.rules)
    return next((rule for rule in rules if rule.id == rule_id), None)


def _list_disabled() -> set[str]:
    return set(PackSetting.objects.filter(enabled=False).values_list("pack_id", flat=True))


def load_rule_book() -> RuleBook:
    """All rules in use."""
    return _make_book(frozenset(_list_disabled()), structure_only=False)


def load_structure_book() -> RuleBook:
    """The rules in use on tables and columns that need no label."""
    return _make_book(frozenset(_list_disabled()), structure_only=True)


@lru_cache(maxsize=8)
def _make_book(disabled: frozenset[str], *, structure_only: bool) -> RuleBook:
    packs = (pack for pack in list_packs() if pack.id not in disabled)
    if not structure_only:
        return RuleBook(packs)
    return RuleBook(replace(pack, rules=_keep_structural(pack.rules)) for pack in packs)


def _keep_structural(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.level != "source" and not needs_labels(rule))


def list_visible_findings(user: User) -> FindingQuerySet:
    """Findings of packs in use that the person may see, with what lists show of them."""
    findings = Finding.objects.visible_to(user).exclude(pack_id__in=_list_disabled())
    return findings.select_related("source", "dataset", "field", "decided_by")


def get_finding(*, user: User, public_id: Any) -> Finding:
    """The finding. Raises NotThere."""
    found = list_visible_findings(user).filter(public_id=public_id).first()
    if found is None:
        raise NotThere
    return found


def count_active_findings(user: User) -> int:
    """Findings that still ask for something."""
    return list_visible_findings(user).filter(state__in=ACTIVE_STATES).count()


def list_dataset_findings(dataset_id: int) -> FindingQuerySet:
    """Findings of a dataset and its columns that are not fixed, the worst first."""
    findings = Finding.objects.filter(dataset_id=dataset_id).exclude(state=FindingState.FIXED)
    active = findings.exclude(pack_id__in=_list_disabled()).select_related("source", "field")
    return _order(active, "rank", "title", "pk")


def filter_findings(*, user: User, filters: FindingFilters) -> FindingQuerySet:
    """Findings that pass the filters, the worst first."""
    findings = _narrow(list_visible_findings(user), filters)
    name = SORTS.get(filters.sort.removeprefix("-"))
    if name is None:
        return _order(findings, "rank", "-first_seen_at", "pk")
    key = F(name).desc(nulls_last=True) if filters.sort.startswith("-") else F(name).asc()
    return _order(findings, key, "rank", "pk")


def group_findings(*, user: User, filters: FindingFilters) -> list[RuleGroup]:
    """The findings that pass the filters, rule by rule: the worst first, then the most frequent."""
    found = _order(_narrow(list_visible_findings(user).select_related(None), filters))
    rows = found.values("rule_id").annotate(
        title=Max("title"),
        citation=Max("citation"),
        remediation=Max("remediation"),
        worst=Min("rank"),
        findings=Count("pk"),
        tables=Count("dataset", distinct=True),
        newest_at=Max("first_seen_at"),
    )
    return [RuleGroup(**row) for row in rows.order_by("worst", "-findings", "rule_id")]


def _order(findings: FindingQuerySet, *keys: Any) -> FindingQuerySet:
    whens = [When(severity=name, then=Value(rank)) for name, rank in SEVERITY_RANK.items()]
    ranked: Any = findings.annotate(rank=Case(*whens, default=9, output_field=IntegerField()))
    ordered: FindingQuerySet = ranked.order_by(*keys)
    return ordered


def _narrow(
    findings: FindingQuerySet, filters: FindingFilters, leave_out: str = ""
) -> FindingQuerySet:
    wanted = {
        "state": filters.states or tuple(ACTIVE_STATES),
        "severity": filters.severities,
        "pack_id": filters.packs,
        "source__name": filters.sources,
        "evidence_grade": filters.evidence,
        "rule_id": filters.rules,
    }
    for path, values in wanted.items():
        if values and path != leave_out:
            findings = findings.filter(**{f"{path}__in": values})
    return findings


def list_finding_facets(*, user: User, filters: FindingFilters) -> list[dict[str, Any]]:
    """What findings can be narrowed by, with counts; each facet ignores its own choice."""
    found = list_visible_findings(user).select_related(None)
    packs = {pack.id: pack.title for pack in list_packs()}
    plain: tuple[tuple[str, str, str, tuple[str, ...], dict[str, str]], ...] = (
        ("severity", "Severity", "severity", filters.severities, _titles(Severity)),
        ("state", "State", "state", filters.states, _titles(FindingState)),
        ("pack", "Pack", "pack_id", filters.packs, packs),
        ("source", "Source", "source__name", filters.sources, {}),
        ("evidence", "Evidence", "evidence_grade", filters.evidence, EVIDENCE_TITLES),
    )
    return [
        {
            "name": name,
            "title": title,
            "options": _count_options(_narrow(found, filters, path), path, chosen, titles),
        }
        for name, title, path, chosen, titles in plain
    ]


def _titles(choices: Any) -> dict[str, str]:
    return {choice.value: str(choice.label) for choice in choices}


def _count_options(
    findings: FindingQuerySet, path: str, chosen: Sequence[str], titles: dict[str, str]
) -> list[dict[str, Any]]:
    counts = dict(findings.order_by().values_list(path).annotate(n=Count("pk")))
    order = [value for value in titles if value in counts]
    order += sorted(value for value in counts if value not in titles)
    return [
        {
            "value": value,
            "title": titles.get(value, value),
            "count": counts[value],
            "selected": value in chosen,
            "tone": _SEVERITY_TONES.get(value, ""),
        }
        for value in order
    ]


def load_pack_standings(user: User) -> list[PackStanding]:
    """Every pack and rule with the four counts over the sources that the person may see."""
    rows = (
        RuleTally.objects.filter(source__in=list_visible_sources(user).values("pk"))
        .values("rule_id")
        .annotate(
            passed=Sum("passed"),
            failed=Sum("failed"),
            unknown=Sum("unknown"),
            not_applicable=Sum("not_applicable"),
            checked_at=Max("checked_at"),
        )
        .order_by("rule_id")
    )
    tallies = {row["rule_id"]: _read_tally(row) for row in rows}
    disabled = _list_disabled()
    return [_load_standing(pack, tallies, pack.id not in disabled) for pack in list_packs()]


def _read_tally(row: Mapping[str, Any]) -> Tally:
    return Tally(
        passed=row["passed"],
        failed=row["failed"],
        unknown=row["unknown"],
        not_applicable=row["not_applicable"],
        checked_at=row["checked_at"],
    )


def _load_standing(pack: Pack, tallies: dict[str, Tally], enabled: bool) -> PackStanding:  # noqa: FBT001  # private, and named by its caller
    rules = tuple(
        RuleStanding(rule=rule, tally=tallies.get(rule.id, Tally())) for rule in pack.rules
    )
    return PackStanding(
        pack=pack, enabled=enabled, rules=rules, tally=_add_up([each.tally for each in rules])
    )


def _add_up(tallies: list[Tally]) -> Tally:
    checked = [tally.checked_at for tally in tallies if tally.checked_at]
    return Tally(
        passed=sum(tally.passed for tally in tallies),
        failed=sum(tally.failed for tally in tallies),
        unknown=sum(tally.unknown for tally in tallies),
        not_applicable=sum(tally.not_applicable for tally in tallies),
        checked_at=max(checked, default=None),
    )


def may_switch_packs(user: User) -> bool:
    """Whether the person may switch packs on and off."""
    return has_role(user, Role.ADMIN, Role.COMPLIANCE_OFFICER)


def list_checked_sources() -> list[int]:
    """Ids of the sources that were checked before."""
    return list(RuleTally.objects.order_by().values_list("source_id", flat=True).distinct())


def was_checked_since(source_id: int, moment: datetime) -> bool:
    """Whether a check of the whole source began at that moment or later."""
    return RuleTally.objects.filter(source_id=source_id, checked_at__gte=moment).exists()
