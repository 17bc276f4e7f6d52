"""Marks the few views that anyone may open; all others ask for a sign-in."""

from __future__ import annotations

from typing import Any


def open_to_all(view: Any) -> Any:
    """Mark a view as needing no sign-in."""
    view.open_to_all = True
    return view
