"""Pages on which a type is made of patterns, words and names, tried, changed and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.classification import services
from apps.classification.models import OwnRecogniser, OwnType
from apps.classification.recognising import (
    MOST_WORDS,
    USUAL_LEAST,
    WORD_HEAD,
    Definition,
    Examples,
    check_definition,
    read_lines,
    read_word_file,
    try_examples,
)
from apps.classification.selectors import (
    find_recogniser,
    get_own_type,
    list_recognisers,
    preview_reach,
)
from apps.classification.types import Sensitivity
from apps.datasources.selectors import list_visible_sources
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid, NotThere, PermissionMissing
from datawave.common.pages import answer_csv, answer_errors

if TYPE_CHECKING:
    from apps.rbac.models import User

SHARES: Final = ("0.05", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _require_steward(request: HttpRequest) -> None:
    """What is shown here may be secret. Raises NotThere, PermissionMissing."""
    if not list_visible_sources(_user(request)).exists():
        raise NotThere
    rbac.require(_user(request), Action.DECIDE_LABELS, None)


@require_http_methods(["GET", "POST"])
@answer_errors
def make_type(request: HttpRequest) -> HttpResponse:
    """A form for a new type; its definition can be tried before it is saved."""
    _require_steward(request)

    def save(definition: Definition, examples: Examples) -> str:
        made = services.make_recognised_type(
            user=_user(request),
            title=request.POST.get("title", ""),
            sensitivity=request.POST.get("sensitivity", ""),
            personal=bool(request.POST.get("personal")),
            description=request.POST.get("description", ""),
            definition=definition,
            examples=examples,
        )
        return f"{made.title} is made. The next discovery of each source looks for it."

    if request.method == "GET":
        return _show(request, None, {"least": USUAL_LEAST})
    return _answer(request, None, save)


@require_http_methods(["GET", "POST"])
@answer_errors
def change_recogniser(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The same form for a type that there is."""
    own = get_own_type(user=_user(request), public_id=public_id)
    _require_steward(request)

    def save(definition: Definition, examples: Examples) -> str:
        services.save_recogniser(
            own=own, user=_user(request), definition=definition, examples=examples
        )
        return f"{own.title} is changed. The next discovery of each source counts anew."

    if request.method == "GET":
        return _show(request, own, _fill(find_recogniser(own)))
    return _answer(request, own, save)


def _answer(
    request: HttpRequest, own: OwnType | None, save: Callable[[Definition, Examples], str]
) -> HttpResponse:
    try:
        definition, examples = _read(request)
        if request.POST.get("action") != "save":
            return _show_trial(request, own, definition, examples)
        messages.success(request, save(definition, examples))
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere):
            raise
        return _show(request, own, request.POST, problem=error)
    return redirect("classification:type-list")


def _read(request: HttpRequest) -> tuple[Definition, Examples]:
    texts = {
        name: read_lines(request.POST.get(name, ""))
        for name in ("patterns", "words", "names", "fitting", "others")
    }
    try:
        least = float(request.POST.get("least", USUAL_LEAST))
    except ValueError:
        raise InputInvalid("The share is a number.", field="least") from None
    examples = Examples(fitting=texts.pop("fitting"), others=texts.pop("others"))
    return Definition(**texts, least=least), examples


def _show_trial(
    request: HttpRequest, own: OwnType | None, definition: Definition, examples: Examples
) -> HttpResponse:
    tidied = check_definition(definition)
    tried = try_examples(tidied, examples)
    reach = preview_reach(user=_user(request), definition=tidied, fitting=examples.fitting)
    wrong = sum(not each.right for each in tried)
    return _show(request, own, request.POST, tried=tried, reach=reach, wrong=wrong)


def _show(
    request: HttpRequest,
    own: OwnType | None,
    values: Any,
    problem: DataWaveError | None = None,
    **trial: Any,
) -> HttpResponse:
    context = {
        "own": own,
        "versions": list_recognisers(own).defer("words") if own else [],
        "values": values,
        "least": _read_share(values.get("least")),
        "shares": SHARES,
        "most_words": f"{MOST_WORDS:,}",
        "problems": problem.problems if problem else {},
        "problem": problem,
        "sensitivities": Sensitivity.choices,
        "active": "classification",
        **trial,
    }
    status = problem.status if problem else 200
    return render(request, "classification/recogniser.html", context, status=status)


def _read_share(given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        return USUAL_LEAST


def _fill(row: OwnRecogniser | None) -> dict[str, Any]:
    if row is None:
        return {"least": USUAL_LEAST}
    texts = {name: "\n".join(getattr(row, name)) for name in ("patterns", "words", "names")}
    return {**texts, "least": row.least}


@require_POST
@answer_errors
def restore_recogniser(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Put a version in force again, or none."""
    own = get_own_type(user=_user(request), public_id=public_id)
    version = request.POST.get("version", "")
    try:
        if version.isdecimal():
            services.restore_recogniser(own=own, user=_user(request), version=int(version[:9]))
            said = f"Version {version[:9]} is in force again, as a new version."
        else:
            services.take_back_recogniser(own=own, user=_user(request))
            said = f"{own.title} is not looked for any more. Its versions can be restored."
        messages.success(request, said)
    except DataWaveError as error:
        if isinstance(error, PermissionMissing | NotThere):
            raise
        messages.error(request, error.message)
    return redirect("classification:recogniser", public_id=own.public_id)


@require_GET
@answer_errors
def export_words(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The list of words as a CSV file."""
    own = get_own_type(user=_user(request), public_id=public_id)
    _require_steward(request)
    found = find_recogniser(own)
    return answer_csv(
        _user(request), own.name, (WORD_HEAD,), ([word] for word in (found.words if found else []))
    )


@require_POST
@answer_errors
def import_words(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Replace the list of words by a CSV file's."""
    own = get_own_type(user=_user(request), public_id=public_id)
    _require_steward(request)
    given = request.FILES.get("file")
    try:
        words = read_word_file(given.read() if given else b"")
        made = services.replace_words(own=own, user=_user(request), words=words)
        messages.success(request, f"{made.word_count:,} words are in force.")
    except InputInvalid as error:
        messages.error(request, error.message)
    return redirect("classification:recogniser", public_id=own.public_id)
