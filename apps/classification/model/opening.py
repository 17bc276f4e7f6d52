"""Opens the shipped judge when it is first asked, so that only processes that judge hold it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from apps.classification.judge import Judge, TableFacts, Verdict, judge_all


class ShippedJudge:
    """The trained judge, or the rules alone where its file is refused."""

    @cached_property
    def _judge(self) -> Judge:
        # Web processes never judge, and need not hold numpy and the model.
        from .judging import open_judge

        return open_judge()

    @property
    def version(self) -> str:
        """Version of the judge that was opened."""
        return self._judge.version

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        return self._judge.judge(table)

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on many tables."""
        return judge_all(self._judge, tables)
