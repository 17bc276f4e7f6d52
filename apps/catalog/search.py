"""Full-text search of entries: FTS5 on SQLite, tsvector on PostgreSQL, the same words in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import F, Field, FloatField, Func, Lookup, TextField, Value

from .models import CatalogEntry, SearchRow
from .words import ABBREVIATIONS, split_words

if TYPE_CHECKING:
    from django.db.models.sql.compiler import SQLCompiler

    from .models import EntryQuerySet

CONFIG: Final = "simple"
# FTS5 gives each table a hidden column of its own name, which stands for the whole row.
_TABLE: Final = "catalog_search"
_MOST_TERMS = 12
# Weights of the name, the columns, and everything else.
_FTS_WEIGHTS: Final = (40.0, 4.0, 1.0)
_VECTOR_WEIGHTS: Final = [0.05, 0.1, 0.4, 1.0]


class NothingToSearch(Exception):
    """The text has no word to search for."""


@TextField.register_lookup
class FullTextMatch(Lookup[Any]):
    """FTS5's MATCH over the whole row, whichever of its columns is named."""

    lookup_name = "fts_match"

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """Ask the hidden column that bears the table's name."""
        right, params = self.process_rhs(compiler, connection)
        return f"{_hidden_column(self.lhs.alias, connection)} MATCH {right}", tuple(params)


class Bm25(Func):
    """FTS5's rank, negated so that more is better."""

    output_field: Field[Any, Any] = FloatField()

    def as_sql(  # type: ignore[override]  # no other database is asked
        self, compiler: SQLCompiler, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        """Weigh the columns."""
        column: Any = self.get_source_expressions()[0]
        hidden = _hidden_column(column.alias, connection)
        return f"-bm25({hidden}, {', '.join(map(str, _FTS_WEIGHTS))})", []


def _hidden_column(alias: str, connection: Any) -> str:
    quote = connection.ops.quote_name
    return f"{quote(alias)}.{quote(_TABLE)}"


def list_terms(text: str) -> list[tuple[str, ...]]:
    """Each word asked for, as the ways of writing it. Raises NothingToSearch."""
    words = list(dict.fromkeys(split_words(text)))[:_MOST_TERMS]
    if not words:
        raise NothingToSearch
    return [tuple(dict.fromkeys((word, *_spell(word)))) for word in words]


def _spell(word: str) -> list[str]:
    spelled = ABBREVIATIONS.get(word, "").split()
    # "no" may stand for "number", but not every abbreviation that is several words for each.
    return spelled if len(spelled) == 1 else []


def match_entries(entries: EntryQuerySet, text: str) -> EntryQuerySet:
    """The entries that have every word of the text, with their `rank`. Raises NothingToSearch."""
    terms = list_terms(text)
    if connection.vendor == "postgresql":
        return _match_vector(entries, terms)
    return _match_fts(entries, terms)


def _match_fts(entries: EntryQuerySet, terms: Sequence[tuple[str, ...]]) -> EntryQuerySet:
    # Words are letters and digits only, so quoting them leaves nothing of FTS5's own syntax.
    query = " AND ".join(_join_ways([f'"{way}"*' for way in ways], "OR") for ways in terms)
    found: EntryQuerySet = entries.filter(indexed__name__fts_match=query)
    return found.annotate(rank=Bm25(F("indexed__name")))


def _match_vector(entries: EntryQuerySet, terms: Sequence[tuple[str, ...]]) -> EntryQuerySet:
    raw = " & ".join(_join_ways([f"'{way}':*" for way in ways], "|") for ways in terms)
    query = SearchQuery(raw, search_type="raw", config=CONFIG)
    rank = SearchRank(F("search_vector"), query, weights=_VECTOR_WEIGHTS)
    found: EntryQuerySet = entries.filter(search_vector=query)
    return found.annotate(rank=rank)


def _join_ways(ways: list[str], operator: str) -> str:
    return f"({f' {operator} '.join(ways)})"


def without_rank(entries: EntryQuerySet) -> EntryQuerySet:
    """The same entries with a rank that orders nothing."""
    return entries.annotate(rank=Value(0.0, output_field=FloatField()))


def index_entries(entry_ids: Sequence[int]) -> None:
    """Bring the index up to date with the entries' search words."""
    if connection.vendor == "postgresql":
        CatalogEntry.objects.filter(pk__in=entry_ids).update(search_vector=_vector())
        return
    SearchRow.objects.filter(pk__in=entry_ids)._raw_delete(SearchRow.objects.db)  # noqa: SLF001  # an FTS table has nothing to cascade to
    rows = CatalogEntry.objects.filter(pk__in=entry_ids).values_list(
        "pk", "search_name", "search_columns", "search_text"
    )
    SearchRow.objects.bulk_create(
        SearchRow(entry_id=pk, name=name, columns=columns, body=body)
        for pk, name, columns, body in rows
    )


def _vector() -> Any:
    return (
        SearchVector("search_name", weight="A", config=CONFIG)
        + SearchVector("search_columns", weight="B", config=CONFIG)
        + SearchVector("search_text", weight="D", config=CONFIG)
    )
