"""Every error of the API as problem+json with a code."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from .correlation import request_id
from .errors import DataWaveError

logger = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
AnswerT = TypeVar("AnswerT", bound=HttpResponse)
OWN_PAGES = (403, 404, 429, 500)


def answer_problem(error: Exception, context: dict[str, Any]) -> Response:
    """Turn any error into RFC 9457 problem+json with a `code`; nothing internal is shown."""
    if isinstance(error, DataWaveError):
        answer = _problem(error.status, error.code, error.message, _extras(error))
        return _say_when(answer, error)
    known = exception_handler(error, context)
    if known is None:
        logger.error("Unexpected error in %s", type(context.get("view")).__name__, exc_info=error)
        return _problem(500, "internal", "Something went wrong on our side. It has been logged.")
    response = _problem(known.status_code, _code_of(error), _detail_of(error), _fields_of(error))
    for header in ("Retry-After", "WWW-Authenticate"):
        if header in known:
            response[header] = known[header]
    return response


def _problem(code: int, name: str, detail: str, extras: dict[str, Any] | None = None) -> Response:
    body = describe_problem(code, name, detail, extras)
    return Response(body, status=code, content_type=PROBLEM)


def describe_problem(
    code: int, name: str, detail: str, extras: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The body of RFC 9457."""
    return {
        "type": "about:blank",
        "title": _title_of(code),
        "status": code,
        "code": name,
        "detail": detail,
        "request_id": request_id.get(),
        **(extras or {}),
    }


def refuse_page(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The page for an error that a view raised on purpose; None leaves any other to Django."""
    if not isinstance(error, DataWaveError):
        return None
    if request.path.startswith("/api/"):
        body = describe_problem(error.status, error.code, error.message, _extras(error))
        told = JsonResponse(body, status=error.status, content_type=PROBLEM)
        return _say_when(told, error)
    name = f"{error.status}.html" if error.status in OWN_PAGES else "400.html"
    return _say_when(render(request, name, {"problem": error}, status=error.status), error)


def _say_when(answer: AnswerT, error: DataWaveError) -> AnswerT:
    if error.retry_after:
        answer["Retry-After"] = str(error.retry_after)
    return answer


def _title_of(code: int) -> str:
    titles = {
        status.HTTP_400_BAD_REQUEST: "Bad request",
        status.HTTP_401_UNAUTHORIZED: "Sign in first",
        status.HTTP_403_FORBIDDEN: "Not allowed",
        status.HTTP_404_NOT_FOUND: "Not found",
        status.HTTP_405_METHOD_NOT_ALLOWED: "Method not allowed",
        status.HTTP_409_CONFLICT: "Conflict",
        status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "Too large",
        status.HTTP_422_UNPROCESSABLE_ENTITY: "Invalid input",
        status.HTTP_429_TOO_MANY_REQUESTS: "Too many requests",
    }
    return titles.get(code, "Error")


def _extras(error: DataWaveError) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if error.problems:
        listed = error.problems.items()
        extras["errors"] = [{"field": name, "message": text} for name, text in listed]
    if error.hint:
        extras["hint"] = error.hint
    return extras


def _code_of(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    if isinstance(error, exceptions.APIException):
        return str(error.default_code)
    if isinstance(error, Http404):
        return "not_there"
    return "permission_missing" if isinstance(error, PermissionDenied) else "error"


def _detail_of(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "Some fields can't be used; see errors."
    if isinstance(error, Http404):
        return "There is no such thing, or you may not see it."
    if isinstance(error, exceptions.APIException):
        return str(error.detail)
    return "Your role does not allow this."


def _fields_of(error: Exception) -> dict[str, Any]:
    if not isinstance(error, exceptions.ValidationError):
        return {}
    return {"errors": list(_walk(error.detail, ""))}


def _walk(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _walk(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for value in detail:
            yield from _walk(value, path)
    else:
        yield {"field": path or "non_field_errors", "message": str(detail)}
