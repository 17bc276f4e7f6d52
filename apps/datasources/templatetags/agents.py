"""How an agent's clock is told in templates."""

from __future__ import annotations

from django import template

from datawave.templatetags.dw import duration

register = template.Library()


@register.filter
def clock_off(seconds: float) -> str:
    """90000 -> 25h 00m behind: how far a clock is from the server's."""
    told = duration(abs(seconds))
    if abs(seconds) < 1:
        return told
    return f"{told} {'behind' if seconds > 0 else 'ahead'}"
