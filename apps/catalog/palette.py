"""What the command palette finds: tables, columns, sources, and things to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from apps.datasources.selectors import list_visible_sources
from apps.rbac.selectors import may

from .selectors import list_columns_named, search_entries
from .types import EntryFilters
from .words import split_words

if TYPE_CHECKING:
    from apps.rbac.models import User

Row = dict[str, str]
_MOST: Final = 6
# Title, words to find it by, icon, URL name, action that it needs.
_COMMANDS: Final = (
    ("Add a data source", "new connect database", "plus", "datasources:source-add", "manage"),
    ("Review suggested labels", "accept", "fingerprint", "classification:label-list", ""),
    ("Show findings", "compliance rules issues", "shield-check", "compliance:finding-list", ""),
    ("Show policy packs and rules", "gdpr pci hipaa law", "gavel", "compliance:rule-list", ""),
    ("Make an API token", "profile rest key", "user", "rbac:profile", ""),
)  # fmt: skip


def find_everything(*, user: User, query: str) -> list[dict[str, Any]]:
    """Groups of answers; none is shown empty."""
    if not split_words(query):
        return []
    groups = (
        ("Tables", _find_tables(user, query)),
        ("Columns", _find_columns(user, query)),
        ("Sources", _find_sources(user, query)),
        ("Do", _find_commands(user, query)),
    )
    return [{"title": title, "items": items} for title, items in groups if items]


def _find_tables(user: User, query: str) -> list[Row]:
    entries = search_entries(user=user, query=query, filters=EntryFilters())[:_MOST]
    return [
        {
            "url": reverse("catalog:asset", args=[entry.dataset.public_id]),
            "icon": "table",
            "title": entry.dataset.fqn,
            "hint": entry.dataset.source.name,
        }
        for entry in entries
    ]


def _find_columns(user: User, query: str) -> list[Row]:
    return [
        {
            "url": f"{reverse('catalog:asset', args=[field.dataset.public_id])}?tab=columns",
            "icon": "columns",
            "title": f"{field.dataset.fqn}.{field.name}",
            "hint": field.dataset.source.name,
        }
        for field in list_columns_named(user=user, query=query, most=_MOST)
    ]


def _find_sources(user: User, query: str) -> list[Row]:
    condition = Q()
    for word in query.split():
        condition &= Q(name__icontains=word)
    return [
        {
            "url": _find_url("datasources:source-detail", source.public_id),
            "icon": "database",
            "title": source.name,
            "hint": source.get_engine_display(),
        }
        for source in list_visible_sources(user).filter(condition)[:_MOST]
    ]


def _find_commands(user: User, query: str) -> list[Row]:
    wanted = split_words(query)
    rows = []
    for title, words, icon, url_name, action in _COMMANDS:
        known = split_words(f"{title} {words}")
        fits = all(any(word.startswith(part) for word in known) for part in wanted)
        url = _find_url(url_name)
        if fits and url and (not action or may(user, action)):
            rows.append({"url": url, "icon": icon, "title": title, "hint": ""})
    return rows


def _find_url(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
