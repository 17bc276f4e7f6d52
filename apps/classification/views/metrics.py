"""How well the machine agrees with people, from their real decisions; and learning from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.classification import services
from apps.classification.agreement import Agreement, make_table, measure
from apps.classification.selectors import (
    count_label_coverage,
    list_learnings,
    load_answers,
    name_semantic_type,
)
from apps.datasources.selectors import list_permitted_sources, list_visible_sources
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors

if TYPE_CHECKING:
    from apps.rbac.models import User

CSV_HEAD: Final = ("type", "title", "month", "decisions", "agreed")
_SHOWN: Final = 10


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_GET
def show_metrics(request: HttpRequest) -> HttpResponseBase:
    """Agreement per type and over time, reliability, confusion and coverage."""
    user = _user(request)
    source = request.GET.get("source", "")
    if request.GET.get("format") == "csv":
        return _export(user, source)
    answers = load_answers(user, source=source)
    figures = measure(answers)
    names, rows = make_table(answers)
    context = {
        "figures": figures,
        "coverage": count_label_coverage(user, source=source),
        "confusion_names": names,
        "confusion_rows": rows,
        "months_data": _draw_months(figures),
        "bins_data": _draw_bins(figures),
        "sources": list_visible_sources(user),
        "learnings": list_learnings(user)[:_SHOWN],
        "may_export": list_permitted_sources(user, Action.EXPORT).exists(),
        "active": "classification",
    }
    return render(request, "classification/metrics.html", context)


def _draw_months(figures: Agreement) -> dict[str, Any]:
    shares = [round(100 * share, 1) for _, _, share in figures.months]
    return {
        "labels": [month for month, _, _ in figures.months],
        "datasets": [{"label": "Agreement", "data": shares, "tone": "green"}],
        "unit": "%",
    }


def _draw_bins(figures: Agreement) -> dict[str, Any]:
    return {
        "labels": [f"{each.confidence:.0%}" for each in figures.bins],
        "datasets": [
            {
                "label": "People agreed",
                "data": [round(100 * each.agreed, 1) for each in figures.bins],
                "tone": "primary",
            },
            {
                "label": "The machine claimed",
                "data": [round(100 * each.confidence, 1) for each in figures.bins],
                "tone": "gray",
            },
        ],
        "unit": "%",
    }


def _export(user: User, source: str) -> HttpResponseBase:
    answers = load_answers(user, source=source, action=Action.EXPORT)
    lines = [
        (each.name, name_semantic_type(each.name), month, *_count(answers, each.name, month))
        for each in measure(answers).types
        for month in each.months
    ]
    return answer_csv(user, "agreement", CSV_HEAD, lines)


def _count(answers: list[Any], name: str, month: str) -> tuple[int, int]:
    rows = [each for each in answers if each.said == name and f"{each.at:%Y-%m}" == month]
    return len(rows), sum(each.agreed for each in rows)


@require_POST
@answer_errors
def learn(request: HttpRequest) -> HttpResponse:
    """Learn from decisions now."""
    try:
        services.ask_to_learn(user=_user(request))
    except (NotThere, PermissionMissing):
        raise
    except DataWaveError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Learning from decisions; what comes of it is shown here.")
    return redirect("classification:model-list")
