"""What higher apps add to a lower app's pages: parts of a page, and facts about rows of a list.

A source's page is in datasources, but its runs are racine's and its findings compliance's: they
register here what they know, and the page asks without knowing them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Facts about some rows for a person, by the rows' ids.
Provider = Callable[[Any, Sequence[int]], dict[int, dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A card of a page: `load(row, user)` gives the context of its template."""

    page: str
    slug: str
    order: int
    template: str
    load: Callable[[Any, Any], dict[str, Any]]
    # In the narrow column.
    aside: bool = False


_parts: dict[tuple[str, str], Part] = {}
_providers: dict[str, list[Provider]] = defaultdict(list)


def register_part(part: Part) -> None:
    """Add a card. Raises ValueError when the page has one of that slug."""
    key = (part.page, part.slug)
    if key in _parts:
        raise ValueError(f"Two parts of the page {part.page} are called {part.slug}.")
    _parts[key] = part


def register_facts(page: str, provider: Provider) -> None:
    """Add facts to the rows of a list."""
    _providers[page].append(provider)


def load_parts(page: str, row: Any, user: Any) -> list[dict[str, Any]]:
    """The page's cards in order: slug, template, aside, and what `load` gave as `part`."""
    chosen = sorted((p for p in _parts.values() if p.page == page), key=lambda p: p.order)
    return [
        {
            "slug": part.slug,
            "template": part.template,
            "aside": part.aside,
            "part": part.load(row, user),
        }
        for part in chosen
    ]


def load_facts(page: str, user: Any, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """All that is known of these rows; every id has an entry."""
    facts: dict[int, dict[str, Any]] = {pk: {} for pk in ids}
    for provider in _providers[page]:
        for pk, known in provider(user, ids).items():
            facts[pk].update(known)
    return facts
