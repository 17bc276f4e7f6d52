"""The Panel contract: tabs that apps add to the asset page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A tab: `load(dataset, user, request)` gives the context of its template."""

    slug: str
    title: str
    order: int
    template: str
    load: Callable[[Any, Any, HttpRequest], dict[str, Any]]
    # Number on the tab; None for none.
    count: Callable[[Any, Any], int] | None = None


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a tab. Raises ValueError when the slug is taken."""
    if panel.slug in _panels:
        raise ValueError(f"Two panels are called {panel.slug}.")
    _panels[panel.slug] = panel


def list_panels() -> list[Panel]:
    """All tabs, in order."""
    return sorted(_panels.values(), key=lambda panel: panel.order)
