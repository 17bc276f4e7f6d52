"""The template tags of the dashboard: what they draw, and what hostile values do to them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation
from django_cotton.compiler_regex import CottonCompiler

from datawave.templatetags import dw

HOSTILE = "\"><script>alert('x')</script>{{ 7|add:1 }}%s"
ROOT = Path(settings.BASE_DIR)


def render(source: str, **context: Any) -> str:
    return Template(CottonCompiler().process(source)).render(Context(context))


def get(path: str) -> HttpRequest:
    return RequestFactory().get(path)


# Icons and chips


def test_icon_is_decoration_when_it_has_no_label() -> None:
    assert 'aria-hidden="true"' in dw.icon("table")


def test_icon_is_a_named_picture_when_it_has_a_label() -> None:
    drawn = dw.icon("key", label=HOSTILE)
    assert 'role="img"' in drawn
    assert "<script>" not in drawn


def test_icon_raises_when_unknown_and_templates_are_strict(settings: Any) -> None:
    settings.STRICT_TEMPLATES = True
    with pytest.raises(TemplateSyntaxError, match="no-such-icon"):
        render('{% icon "no-such-icon" %}')


def test_page_survives_when_an_icon_is_unknown_in_production(settings: Any) -> None:
    settings.STRICT_TEMPLATES = False
    assert render('a{% icon "no-such-icon" %}b') == "ab"


def test_every_icon_named_in_a_template_exists() -> None:
    pattern = re.compile(r"""(?:\{% icon\s+|\sicon=)["']([a-z0-9-]+)["']""")
    named = {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in pattern.findall(path.read_text())
    }
    assert named
    assert named - set(dw.load_icons()) == set()


def test_chip_escapes_its_text_and_title() -> None:
    drawn = dw.chip(HOSTILE, "red", title=HOSTILE)
    assert "<script>" not in drawn
    assert 'class="dw-chip c-red"' in drawn


@pytest.mark.parametrize(
    ("status", "tone", "words"),
    [
        ("running", "blue", "Running"),
        ("completed_with_errors", "yellow", "Completed with errors"),
        ("failed", "red", "Failed"),
        ("accepted", "green", "Accepted"),
        ("never heard of", "gray", "Never heard of"),
        (None, "gray", "Unknown"),
    ],
)
def test_status_chip_has_tone_and_words(status: str | None, tone: str, words: str) -> None:
    drawn = dw.status_chip(status)
    assert f"c-{tone}" in drawn
    assert words in drawn


def test_tones_of_sensitivity_and_severity_differ_by_level() -> None:
    levels = ("restricted", "confidential", "internal", "public")
    assert len({dw.tone_of_sensitivity(level) for level in levels}) == 4
    levels = ("critical", "high", "medium", "low")
    assert len({dw.tone_of_severity(level) for level in levels}) == 4


# Sparkline and ring


def test_spark_draws_first_to_last_without_inline_style() -> None:
    drawn = dw.spark([1, 5, 3], "green")
    assert 'points="0,29 60,3 120,16"' in drawn
    assert "style=" not in drawn
    assert 'aria-hidden="true"' in drawn


@pytest.mark.parametrize("values", [None, [], [4], ""])
def test_spark_is_empty_when_there_is_no_run(values: Any) -> None:
    assert dw.spark(values) == ""


def test_spark_is_flat_when_all_values_are_equal() -> None:
    assert 'points="0,29 120,29"' in dw.spark([2, 2])


def test_ring_names_its_score() -> None:
    assert 'aria-label="86 of 100"' in dw.ring(86)
    assert 'data-tone="red"' in dw.ring(12)
    assert dw.ring(None) == ""


# Numbers, names, times


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, "—"),
        (0, "0"),
        (9999, "9,999"),
        (28_404, "28.4 k"),
        (999_999, "1 M"),
        (1_240_000, "1.24 M"),
        (402_000_000, "402 M"),
        (3.14159, "3.14"),
    ],
)
def test_human_keeps_three_figures(number: float | None, words: str) -> None:
    assert dw.human(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "—"),
        (0.42, "0.4s"),
        (59.7, "1m 00s"),
        (238, "3m 58s"),
        (timedelta(hours=2, minutes=5), "2h 05m"),
    ],
)
def test_duration_is_said_in_two_units(seconds: Any, words: str) -> None:
    assert dw.duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "decimals", "words"),
    [(0.914, 0, "91%"), (0.914, 1, "91.4%"), (0.999, 0, "99%"), (1, 0, "100%"), (None, 0, "—")],
)
def test_percent_says_hundred_only_when_it_is_all(
    share: float | None, decimals: int, words: str
) -> None:
    assert dw.percent(share, decimals) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ines Moreau", "IM"), ("ines@example.org", "IE"), ("Ø", "Ø"), ("", "?"), (None, "?")],
)
def test_initials_come_from_the_first_two_words(name: str | None, letters: str) -> None:
    assert dw.initials(name) == letters


def test_when_gives_utc_and_the_persons_own_time() -> None:
    moment = datetime(2026, 11, 22, 23, 40, tzinfo=UTC)
    with timezone.override("Europe/Paris"):
        drawn = dw.when(moment)
    assert 'datetime="2026-11-22T23:40:00+00:00"' in drawn
    assert "2026-11-22 23:40:00 UTC · 00:40 Europe/Paris" in drawn


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (10, "just now"),
        (150, "2 min ago"),
        (7300, "2 h ago"),
        (200_000, "2 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_relative_time_counts_whole_units(ago: int, words: str) -> None:
    now = timezone.now()
    assert dw.relative(now - timedelta(seconds=ago), now) == words


# Links and forms


def test_url_with_keeps_the_other_filters_and_goes_back_to_page_one() -> None:
    context = {"request": get("/catalog/?q=a%26b&tag=x&tag=y&page=4")}
    assert dw.url_with(context, sort="name") == "?q=a%26b&tag=x&tag=y&sort=name"
    assert dw.url_with(context, q="", page=5) == "?tag=x&tag=y&page=5"


def test_sort_link_turns_round_when_pressed_again() -> None:
    context = {"request": get("/?sort=name")}
    assert dw.sort_url(context, "name") == "?sort=-name"
    assert dw.sort_url(context, "size") == "?sort=size"
    assert dw.sort_state(context, "name") == "ascending"


def test_hidden_query_leaves_out_what_the_form_asks_itself() -> None:
    drawn = dw.hidden_query({"request": get('/?q=1&tag="><b>&page=3')}, "q")
    assert drawn == '<input type="hidden" name="tag" value="&quot;&gt;&lt;b&gt;">'


@pytest.mark.parametrize(
    ("path", "url", "current"),
    [
        ("/catalog/t/7/", "/catalog/", True),
        ("/catalog/", "/", False),
        ("/", "/", True),
        ("/runs/", "/catalog/", False),
    ],
)
def test_menu_entry_is_current_when_the_page_lies_below_it(
    path: str, url: str, current: bool
) -> None:
    assert bool(dw.is_current({"request": get(path)}, url)) is current


def test_views_choice_of_menu_entry_wins_over_the_path() -> None:
    context = {"request": get("/catalog/"), "active": "compliance"}
    assert dw.is_current(context, "/findings/", "compliance")
    assert not dw.is_current(context, "/catalog/", "catalog")


class SourceForm(forms.Form):
    """A form with one of each kind that the component must tie together."""

    name = forms.CharField(help_text="How people will know it.")
    tls = forms.BooleanField(required=False)


def test_field_ties_help_and_error_to_its_control() -> None:
    drawn = render('<c-field :field="form.name" />', form=SourceForm({}))
    assert 'aria-describedby="id_name_help id_name_error"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'id="id_name_help"' in drawn
    assert 'id="id_name_error"' in drawn


def test_field_names_a_checkbox_beside_it() -> None:
    drawn = render('<c-field :field="form.tls" label="Require TLS" />', form=SourceForm())
    assert re.search(r'<label[^>]*for="id_tls".*Require TLS.*</label>', drawn, re.DOTALL)
    assert "form-check-input" in drawn


def test_pages_component_says_the_range_and_links_onwards() -> None:
    page = Paginator(range(412), 25).get_page(2)
    drawn = render('<c-pages :page="page" noun="tables" />', page=page, request=get("/?q=a"))
    assert "26–50 of 412 tables" in drawn
    assert 'href="?q=a&amp;page=3"' in drawn


def test_confidence_writes_numbers_for_html_in_any_language() -> None:
    with translation.override("fr"):
        drawn = render('<c-confidence :value="share" />', share=0.87)
    assert 'value="0.87"' in drawn
    assert "87%" in drawn


def test_toast_offers_undo_and_escapes_names() -> None:
    drawn = render_to_string(
        "components/toast.html", {"text": HOSTILE, "undo_url": "/undo/", "undo_target": "#r1"}
    )
    assert "<script>" not in drawn
    assert 'hx-post="/undo/"' in drawn


# Files


def test_no_template_breaks_the_content_policy() -> None:
    forbidden = re.compile(r"""\sstyle=["']|\son[a-z]+=["']|<script>|href=["']javascript:|<style""")
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if path.name != "mail.html" and forbidden.search(path.read_text())
    ]
    assert guilty == []


def test_vendored_files_point_to_nothing_outside() -> None:
    vendor = ROOT / "static" / "vendor"
    css = (vendor / "tabler.min.css").read_text()
    assert "data:" not in css
    assert "sourceMappingURL" not in css
    for name in set(re.findall(r'url\("([^"]+)"\)', css)):
        assert (vendor / name).is_file()


def test_icon_file_holds_drawings_only() -> None:
    icons = json.loads((ROOT / "datawave/templatetags/icons.json").read_text())
    assert len(icons) >= 90
    assert all(re.fullmatch(r'(<[a-z]+( [a-z-]+="[^"<>]*")+/>)+', svg) for svg in icons.values())
