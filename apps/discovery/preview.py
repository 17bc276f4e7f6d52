"""What include and exclude patterns would do to the tables that are known of a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from apps.datasources import services as datasources
from apps.datasources.selectors import list_patterns
from datawave.common.errors import InputInvalid
from datawave_edge.connectors import TableRef
from datawave_edge.patterns import Pattern, TableFilter

from .selectors import list_known_names
from .types import PatternHits, PatternPreview

if TYPE_CHECKING:
    from apps.datasources.models import DataSource

SHOWN: Final = 20
# Each pattern is tried on each table while the person waits: a second or two.
MOST_TRIES: Final = 2_000_000


class PreviewTooLarge(InputInvalid):
    """Too many patterns for so many tables to try before saving."""


def preview_patterns(
    *, source: DataSource, include: str | None = None, exclude: str | None = None
) -> PatternPreview:
    """Count and name what the patterns hit; None stands for those that the source has.

    Raises SourceInvalid, PreviewTooLarge.
    """
    include = source.include if include is None else include
    exclude = source.exclude if exclude is None else exclude
    datasources.check_patterns(include=include, exclude=exclude)
    chosen = TableFilter(list_patterns(include), list_patterns(exclude))
    refs = sorted(TableRef(*each) for each in list_known_names(source.pk))
    _require_few(chosen, len(refs))
    return preview_refs(chosen, refs)


def _require_few(chosen: TableFilter, tables: int) -> None:
    patterns = len(chosen.include) + len(chosen.exclude)
    if patterns * tables <= MOST_TRIES:
        return
    message = (
        f"{patterns} patterns over {tables:,} tables are too many to try here. Use at most "
        f"{MOST_TRIES // tables}, or save and see what the next discovery leaves out."
    )
    raise PreviewTooLarge(message, field="include" if chosen.include else "exclude")


def preview_refs(chosen: TableFilter, refs: Sequence[TableRef]) -> PatternPreview:
    """What the filter does to the tables."""
    return PatternPreview(
        known=len(refs),
        let_in=_count(chosen.lets, refs),
        left_out=_count(lambda ref: not chosen.lets(ref), refs),
        include=[_count_hits(each, refs) for each in chosen.include],
        exclude=[_count_hits(each, refs) for each in chosen.exclude],
    )


def _count_hits(pattern: Pattern, refs: Sequence[TableRef]) -> PatternHits:
    return _count(pattern.hits, refs, pattern.text)


def _count(
    wanted: Callable[[TableRef], bool], refs: Sequence[TableRef], pattern: str = ""
) -> PatternHits:
    found = [ref for ref in refs if wanted(ref)]
    examples = [ref.path for ref in found[:SHOWN]]
    return PatternHits(pattern=pattern, tables=len(found), examples=examples)
