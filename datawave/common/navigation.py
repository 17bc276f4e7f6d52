"""The menu: apps register their entries, a context processor adds them to each page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

Counter = Callable[[Any], int]
Provider = Callable[[HttpRequest], dict[str, Any]]


@dataclass(frozen=True)
class NavItem:
    """One entry of the side bar; `count` gives the number on its chip for a user."""

    key: str
    title: str
    url_name: str
    icon: str
    group: str = ""
    order: int = 0
    tone: str = "blue"
    count: Counter | None = None


_items: dict[str, NavItem] = {}
_providers: list[Provider] = []
GROUPS = ("", "Govern", "Improve")


def register_nav(item: NavItem) -> None:
    """Add an entry. Raises ValueError when the key is taken."""
    if item.key in _items:
        raise ValueError(f"Two menu entries are called {item.key}.")
    _items[item.key] = item


def register_context(provider: Provider) -> None:
    """Add values to the context of every page of a signed-in person, such as unread notices."""
    _providers.append(provider)


def add_navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `nav` (groups of entries) and what apps registered."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    context: dict[str, Any] = {"nav": [_render_group(name, user) for name in GROUPS]}
    for provider in _providers:
        context.update(provider(request))
    return context


@require_safe
def show_menu_counts(request: HttpRequest) -> HttpResponse:
    """What changes in the menu while a page stays open: counts, and what runs."""
    return render(request, "components/menu_counts.html")


def _render_group(name: str, user: Any) -> dict[str, Any]:
    items = sorted((item for item in _items.values() if item.group == name), key=_order)
    return {"title": name, "items": [_render_item(item, user) for item in items]}


def _order(item: NavItem) -> int:
    return item.order


def _render_item(item: NavItem, user: Any) -> dict[str, Any]:
    return {
        "key": item.key,
        "title": item.title,
        "url": reverse(item.url_name),
        "icon": item.icon,
        "tone": item.tone,
        "count": item.count(user) if item.count else 0,
    }
