"""What a policy pack is once it is read: packs, rules and the expressions in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, get_args

from apps.compliance.facts import Fact, Facts, Section

Level = Literal["column", "table", "source"]
SeverityName = Literal["critical", "high", "medium", "low"]
Evidence = Literal["decisive", "indicator", "declaration"]
Outcome = Literal["pass", "fail", "unknown", "not_applicable"]
Quantifier = Literal["any", "all", "none", "count"]
Op = Literal[
    "exists", "eq", "ne", "in", "not_in", "under", "contains", "intersects",
    "intersects_not_in", "disjoint", "subset_of", "gt", "gte", "lt", "lte", "lte_fact", "glob",
]  # fmt: skip
LEVELS: Final[tuple[str, ...]] = get_args(Level)
SEVERITIES: Final[tuple[str, ...]] = get_args(SeverityName)
EVIDENCES: Final[tuple[str, ...]] = get_args(Evidence)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
QUANTIFIERS: Final[tuple[str, ...]] = get_args(Quantifier)
OPS: Final[tuple[str, ...]] = get_args(Op)

# True, False, or None where a fact is lacking.
Truth = bool | None
Test = Callable[[Facts, Section | None], Truth]
Scalar = bool | float | str
Operand = Scalar | tuple[str, ...] | Fact | None


@dataclass(frozen=True)
class Compare:
    """A question about one fact."""

    fact: Fact
    op: Op
    value: Operand = None


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Some:
    """At least one part holds."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Expr


@dataclass(frozen=True)
class Columns:
    """How many of the table's columns fulfil a condition; n is for `count`: at least n."""

    quantifier: Quantifier
    where: Expr
    n: int = 1


Expr = Compare | Every | Some | Not | Columns


@dataclass(frozen=True)
class Citation:
    """A section of a law or standard."""

    law: str
    ref: str

    def __str__(self) -> str:
        return f"{self.law} {self.ref}"


@dataclass(frozen=True)
class RuleTest:
    """An example that a rule carries, with the outcome it must have."""

    name: str
    facts: Facts = field(hash=False)
    expect: Outcome


@dataclass(frozen=True, slots=True)
class Why:
    """A truth and what it rests on."""

    truth: Truth
    # The lowest confidence among the labels without which the truth would not stand.
    confidence: float = 1.0
    # Columns that made it so.
    hits: tuple[Section, ...] = ()
    # Names of the facts that are lacking, where the truth is unknown.
    missing: frozenset[str] = frozenset()


Explain = Callable[[Facts, Section | None], Why]


@dataclass(frozen=True)
class Rule:
    """A rule: where `when` holds, `require` must."""

    id: str
    pack_id: str
    title: str
    citations: tuple[Citation, ...]
    level: Level
    severity: SeverityName
    evidence: Evidence
    when: Expr | None
    require: Expr
    message: str
    remediation: str
    limits: str
    tests: tuple[RuleTest, ...] = field(hash=False)
    facts_used: frozenset[str]
    types_used: frozenset[str]
    categories_used: frozenset[str]
    # The same expressions as functions, made once, for they run on every asset.
    applies: Test | None = field(compare=False, repr=False)
    why_applies: Explain | None = field(compare=False, repr=False)
    why_holds: Explain = field(compare=False, repr=False)

    @property
    def citation(self) -> str:
        """All citations in one line."""
        return "; ".join(map(str, self.citations))


@dataclass(frozen=True)
class NamedList:
    """A list that rules refer to as @name; it ages, so it says when it was true."""

    name: str
    values: tuple[str, ...]
    as_of: date
    source: str


@dataclass(frozen=True)
class Defaults:
    """What a pack asks of those who apply it."""

    min_confidence: float = 0.8
    on_unknown: Literal["report", "fail"] = "report"
    exception_max_days: int = 180
    exception_approver_role: str = "compliance_officer"


@dataclass(frozen=True)
class Override:
    """A local change to a rule of another pack."""

    rule: str
    severity: SeverityName | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Pack:
    """A policy pack; `sha256` is that of the text it was read from."""

    id: str
    title: str
    version: str
    legal_as_of: date | None
    jurisdiction: tuple[str, ...]
    extends: tuple[str, ...]
    owner: str
    review_by: date | None
    sources: tuple[str, ...]
    defaults: Defaults
    lists: Mapping[str, NamedList] = field(hash=False)
    rules: tuple[Rule, ...]
    overrides: tuple[Override, ...]
    sha256: str
