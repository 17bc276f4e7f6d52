"""Titles of semantic types in templates."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from apps.classification.taxonomy import find_type, in_force, title_of

register = template.Library()


@register.filter
def type_title(name: str) -> str:
    """`contact.email` as `E-mail address`; an unknown type as it is, none as Unknown."""
    return title_of(name) or "Unknown"


@register.filter
def type_description(name: str) -> str:
    """What a type means; nothing for an unknown one."""
    found = find_type(name)
    return found.description if found else ""


@dataclass(frozen=True)
class Choice:
    """A type as a person chooses it."""

    name: str
    title: str
    description: str
    sensitivity: str
    group_title: str


@register.simple_tag
def semantic_types() -> list[Choice]:
    """All types, in the order of their groups."""
    groups = list(dict.fromkeys(each.group for each in in_force().types.values()))
    choices = [
        Choice(each.name, each.title, each.description, each.sensitivity, each.group)
        for each in in_force().types.values()
    ]
    return sorted(choices, key=lambda choice: groups.index(choice.group_title))


@register.filter
def to_float(value: str) -> float:
    """`0.9` as a number, for `|percent`."""
    return float(value)


@register.simple_tag
def likeness(distance: float) -> str:
    """A distance from 0 to 1 as how alike two columns are."""
    return f"{1 - distance:.0%}"
