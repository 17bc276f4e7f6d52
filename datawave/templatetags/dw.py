"""Template tags of the dashboard: icons, chips, sparklines, times, numbers and links."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.template import TemplateSyntaxError
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What a filter gets: a number, or the empty string that Django makes of a missing variable.
Figure = float | str | None

SENSITIVITY_TONES = {
    "restricted": "red",
    "confidential": "orange",
    "internal": "azure",
    "public": "green",
}
SEVERITY_TONES = {
    "critical": "red",
    "high": "orange",
    "medium": "yellow",
    "low": "azure",
    "info": "gray",
}
STATUS_TONES = {
    **dict.fromkeys(
        ("completed", "done", "accepted", "active", "online", "ok", "passed", "resolved", "sent"),
        "green",
    ),
    "used": "green",
    **dict.fromkeys(("running", "leased", "streaming", "settling", "in_review", "started"), "blue"),
    **dict.fromkeys(
        ("completed_with_errors", "retrying", "suggested", "stale", "degraded", "warning"), "yellow"
    ),
    **dict.fromkeys(("draining", "never_seen"), "yellow"),
    **dict.fromkeys(
        ("failed", "error", "offline", "quarantined", "revoked", "unreachable", "lost"), "red"
    ),
    **dict.fromkeys(("waived", "tuned", "learned"), "violet"),
}
# A unit starts where rounding to three figures would otherwise say 1000 of the one below.
UNITS = (
    (1e12, "T", 0.9995e12),
    (1e9, "G", 0.9995e9),
    (1e6, "M", 0.9995e6),
    (1e3, "k", 1e4),
)
STATUS_ICONS = {"green": "circle-check", "red": "alert-circle", "yellow": "alert-triangle"}


# Pictures


@cache
def load_icons() -> dict[str, str]:
    path = Path(__file__).with_name("icons.json")
    icons: dict[str, str] = json.loads(path.read_text())
    return icons


@register.simple_tag
def icon(name: str, css: str = "", size: int = 18, label: str = "") -> SafeString:
    """Draws a Tabler icon; with a label it is a picture, without one it is decoration."""
    drawing = load_icons().get(name)
    if drawing is None:
        return refuse_icon(name)
    said = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon {}" width="{}" height="{}" viewBox="0 0 24 24" {}>{}</svg>',
        css,
        size,
        size,
        mark_safe(said),  # noqa: S308  # built by format_html just above
        mark_safe(drawing),  # noqa: S308  # our own vendored file
    )


def refuse_icon(name: str) -> SafeString:
    # A page in production is worth more than its missing picture.
    if getattr(settings, "STRICT_TEMPLATES", settings.DEBUG):
        raise TemplateSyntaxError(
            f"No icon is called {name!r}; see scripts/vendor_static.icons.txt"
        )
    return SafeString("")


@register.simple_tag
def spark(
    values: Sequence[float] | str | None, tone: str = "primary", width: int = 120, height: int = 32
) -> SafeString:
    """Draws the run of a few numbers. Decoration: the figure beside it says the same in words."""
    numbers = read_numbers(values)
    if len(numbers) < 2:  # noqa: PLR2004  # one point has no run
        return SafeString("")
    line = " ".join(f"{x:g},{y:g}" for x, y in spread(numbers, width, height))
    return format_html(
        '<svg class="dw-spark" data-tone="{}" viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' aria-hidden="true"><polygon points="0,{} {} {},{}"/><polyline points="{}"/></svg>',
        *(tone, width, height, height, line, width, height, line),
    )


def read_numbers(values: Sequence[float] | str | None) -> list[float]:
    if isinstance(values, str):
        values = [float(part) for part in values.split(",") if part.strip()]
    return [float(value) for value in values or ()]


def spread(numbers: list[float], width: int, height: int) -> list[tuple[float, float]]:
    """Places the numbers over the whole width, leaving room for the thickness of the line."""
    low, high = min(numbers), max(numbers)
    step = width / (len(numbers) - 1)
    room = height - 6
    return [
        (round(i * step, 1), round(height - 3 - room * (n - low) / ((high - low) or 1), 1))
        for i, n in enumerate(numbers)
    ]


@register.simple_tag
def ring(value: float | None, label: str = "", size: int = 28) -> SafeString:
    """Draws a score from 0 to 100 as a ring in the tone that the score deserves."""
    if value is None:
        return SafeString("")
    return format_html(
        '<svg class="dw-ring" data-tone="{}" width="{}" height="{}" viewBox="0 0 36 36" role="img"'
        ' aria-label="{}"><circle cx="18" cy="18" r="15"/><circle cx="18" cy="18" r="15"'
        ' pathLength="100" stroke-dasharray="{} 100" transform="rotate(-90 18 18)"/></svg>',
        *(tone_of_score(value), size, size, label or f"{value:.0f} of 100", f"{value:.0f}"),
    )


@register.simple_tag
def chip(
    text: object,
    tone: str = "gray",
    picture: str = "",
    title: str = "",
    pulse: bool = False,  # noqa: FBT001, FBT002  # a tag's argument
) -> SafeString:
    """A small coloured word. The word carries the meaning; the colour only helps the eye."""
    kind = " nodot" if picture else " dw-pulse" if pulse else ""
    hint = format_html(' title="{}"', title) if title else ""
    drawing = icon(picture, size=13) if picture else ""
    return format_html(
        '<span class="dw-chip c-{}{}"{}>{}{}</span>', *(tone, kind, hint, drawing, text)
    )


@register.simple_tag
def status_chip(status: object, label: str = "") -> SafeString:
    """The chip of a state: its tone, a pulse while it runs, its words."""
    tone = tone_of_status(status)
    return chip(label or say(status), tone, pulse=tone == "blue")


@register.simple_tag
def severity_chip(severity: object) -> SafeString:
    return chip(say(severity), tone_of_severity(severity))


@register.simple_tag
def sensitivity_chip(sensitivity: object) -> SafeString:
    return chip(say(sensitivity), tone_of_sensitivity(sensitivity))


@register.filter
def say(value: object) -> str:
    """completed_with_errors -> Completed with errors."""
    return str(value or "unknown").replace("_", " ").capitalize()


# Tones


@register.filter
def tone_of_sensitivity(value: object) -> str:
    return SENSITIVITY_TONES.get(str(value or "").lower(), "gray")


@register.filter
def tone_of_severity(value: object) -> str:
    return SEVERITY_TONES.get(str(value or "").lower(), "gray")


@register.filter
def tone_of_status(value: object) -> str:
    return STATUS_TONES.get(str(value or "").lower().replace(" ", "_"), "gray")


@register.filter
def fill_of_status(value: object) -> str:
    """The tone of a progress bar: the brand's own while the work goes on."""
    tone = tone_of_status(value)
    return "primary" if tone in ("blue", "gray") else tone


@register.filter
def icon_of_status(value: object) -> str:
    return STATUS_ICONS.get(tone_of_status(value), "info-circle")


@register.filter
def tone_of_confidence(value: float | None) -> str:
    share = float(value or 0)
    return "green" if share >= 0.9 else "orange" if share >= 0.7 else "red"  # noqa: PLR2004  # a step of the display


@register.filter
def tone_of_score(value: float | None) -> str:
    score = float(value or 0)
    return "green" if score >= 80 else "orange" if score >= 60 else "red"  # noqa: PLR2004  # a step of the display


# Numbers and names


@register.filter
def human(value: Figure) -> str:
    """1240000 -> 1.24 M: three figures are what the eye keeps."""
    if value is None or value == "":
        return "—"
    number = float(value)
    for size, unit, start in UNITS:
        if abs(number) >= start:
            return f"{number / size:.3g} {unit}"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


@register.filter
def duration(value: Figure | timedelta) -> str:
    """238 -> 3m 58s; under ten seconds with one decimal, because there it matters."""
    if value is None or value == "":
        return "—"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:  # noqa: PLR2004  # a step of the display
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


@register.filter
def percent(value: Figure, decimals: int = 0) -> str:
    """0.914 -> 91 %, and `|percent:1` -> 91.4 %. Never rounds an imperfect share up to 100."""
    if value is None or value == "":
        return "—"
    share = float(value) * 100
    shown = round(share, decimals)
    if shown >= 100 > share:  # noqa: PLR2004  # a step of the display
        shown = 100 - 10**-decimals
    return f"{shown:.{decimals}f}%"


@register.filter
def unlocalized(value: object) -> str:
    """A number as HTML attributes want it, whatever the person's language."""
    return str(value)


@register.filter
def words(value: str) -> list[str]:
    return value.split()


@register.filter
def initials(value: object) -> str:
    words = str(value or "").replace("@", " ").replace(".", " ").split()
    if not words:
        return "?"
    return (words[0][0] + (words[1][0] if len(words) > 1 else "")).upper()


# Times


@register.filter
def when(value: datetime | None) -> SafeString:
    """A relative time that the page keeps current; hovering gives UTC and local time."""
    if not value:
        return SafeString("—")
    title = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    local = timezone.localtime(value)
    if local.utcoffset():
        title += f" · {local:%H:%M} {timezone.get_current_timezone_name()}"
    return format_html(
        '<time datetime="{}" title="{}" data-when>{}</time>',
        *(value.isoformat(), title, relative(value, timezone.now())),
    )


def relative(value: datetime, now: datetime) -> str:
    seconds = (now - value).total_seconds()
    amount = largest_unit(abs(seconds))
    if not amount:
        return "just now"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def largest_unit(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return ""


# Links


@register.simple_tag(takes_context=True)
def url_with(context: dict[str, Any], **changes: object) -> str:
    """This page's address with some GET parameters changed; an empty value takes one away."""
    query = context["request"].GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_url(context: dict[str, Any], field: str) -> str:
    """Sorts by a field, or the other way round if the page is sorted by it already."""
    current = context["request"].GET.get("sort", "")
    return url_with(context, sort=f"-{field}" if current == field else field)


@register.simple_tag(takes_context=True)
def sort_state(context: dict[str, Any], field: str) -> str:
    """The aria-sort value of a column."""
    current = context["request"].GET.get("sort", "")
    return {field: "ascending", f"-{field}": "descending"}.get(current, "none")


@register.simple_tag(takes_context=True)
def is_current(context: dict[str, Any], url: str, key: str = "") -> SafeString:
    """Marks the menu entry of this page: the one the view calls `active`, else the nearest URL."""
    request = context.get("request")
    path = request.path if request else ""
    active = context.get("active")
    here = key == active if active else path == url or (url != "/" and path.startswith(url))
    return SafeString(' aria-current="page"' if here else "")


@register.simple_tag(takes_context=True)
def hidden_query(context: dict[str, Any], *leave_out: str) -> SafeString:
    """The GET parameters as hidden inputs, for a filter form that must keep the others."""
    query = context["request"].GET
    pairs = [
        (key, value)
        for key in query
        if key not in {*leave_out, "page"}
        for value in query.getlist(key)
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


# Forms

CONTROL_CLASSES = {
    "checkbox": "form-check-input",
    "select": "form-select",
    "selectmultiple": "form-select",
    "radioselect": "form-check-input",
}


@register.simple_tag
def control(field: BoundField, *, described: bool = False) -> SafeString:
    """Draws a field's widget with Tabler's class, tied to its help and its errors."""
    css = CONTROL_CLASSES.get(field.widget_type, "form-control")
    attrs: dict[str, str | bool] = {
        "class": f"{css} {field.field.widget.attrs.get('class', '')}".strip()
    }
    if field.errors:
        attrs |= {"class": f"{attrs['class']} is-invalid", "aria-invalid": "true"}
    notes = [f"{field.auto_id}_help"] if described or field.help_text else []
    notes += [f"{field.auto_id}_error"] if field.errors else []
    if notes:
        attrs["aria-describedby"] = " ".join(notes)
    return field.as_widget(attrs=attrs)
