"""Titles of semantic types in templates."""

from __future__ import annotations

from django import template

from apps.classification.taxonomy import TYPES

register = template.Library()


@register.filter
def type_title(name: str) -> str:
    """`contact.email` as `E-mail address`; an unknown type as it is, none as Unknown."""
    found = TYPES.get(name)
    return found.title if found else name or "Unknown"


@register.filter
def type_description(name: str) -> str:
    """What a type means; nothing for an unknown one."""
    found = TYPES.get(name)
    return found.description if found else ""
