"""The Judge contract: whoever says what a table's columns mean, by rules or by a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from datawave_edge.protocol import ColumnSnapshot


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What is known of a table: its names, structure and the profiles of its columns."""

    container: str
    name: str
    columns: tuple[ColumnSnapshot, ...]
    comment: str = ""
    row_count: int | None = None
    # Column name -> name of the table that it points at.
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One reason for or against a verdict, in a plain sentence that holds no value."""

    supports: bool
    weight: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a column means; an empty type where the judge abstains."""

    column: str
    semantic_type: str
    confidence: float
    sensitivity: str
    personal: bool
    evidence: tuple[Evidence, ...] = ()
    # What it would have named, were it sure enough.
    unsure_of: str = ""


class Judge(Protocol):
    """Judges a table at once, because the columns of a table explain each other."""

    @property
    def version(self) -> str:
        """Stored with each verdict; another version judges anew."""

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""


@runtime_checkable
class ManyJudge(Protocol):
    """A judge that takes less time for many tables at once."""

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on each table."""


def judge_all(judge: Judge, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
    """The verdicts on many tables, together where the judge can."""
    if isinstance(judge, ManyJudge):
        return judge.judge_all(tables)
    return [judge.judge(table) for table in tables]
