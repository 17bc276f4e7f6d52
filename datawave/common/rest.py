"""What the API as a whole answers: its index, its document, and the answer to unknown paths."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .problems import PROBLEM, describe_problem

API_PREFIX = "/api/v1/"


class ApiIndex(APIView):
    """Where the API's lists are."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="index_retrieve",
        responses={200: {"type": "object", "additionalProperties": {"type": "string"}}},
    )
    def get(self, request: Request) -> Response:
        """Each list's name and address."""
        return Response(
            {name: request.build_absolute_uri(path) for name, path in list_collections().items()}
        )


class ApiSchema(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document."""

    permission_classes = [IsAuthenticated]
    # Made once per process: routes do not change while it runs.
    _document: ClassVar[dict[str, Any]] = {}

    @extend_schema(operation_id="openapi_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """This document."""
        if not self._document:
            # Nothing of the request goes in, for everybody gets this document.
            generator = self.generator_class(patterns=self.patterns)
            made = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # its stubs lack it
            self._document.update(made)
        return Response(self._document)


@cache
def list_collections() -> dict[str, str]:
    """Addresses under the API that need no key, by the word after its prefix."""
    found: dict[str, str] = {}
    resolver = get_resolver()
    for namespace in sorted(name for name in resolver.namespace_dict if name.endswith("-api")):
        _, nested = resolver.namespace_dict[namespace]
        for name in (key for key in nested.reverse_dict if isinstance(key, str)):
            path = _find_path(f"{namespace}:{name}")
            if path.startswith(API_PREFIX):
                found[path.removeprefix(API_PREFIX).strip("/")] = path
    return dict(sorted((name, path) for name, path in found.items() if "/" not in name))


def _find_path(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:  # it needs a key
        return ""


@login_required
@require_safe
def show_docs(request: HttpRequest) -> HttpResponse:
    """The API's documentation, drawn from its document without any foreign script."""
    return render(request, "gateway/docs.html", {"active": "api"})


@csrf_exempt
def refuse_unknown(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """No page may answer a client; a path that only lacks its last slash is sent on."""
    if not request.path.endswith("/") and _is_known(f"{request.path}/"):
        query = request.META.get("QUERY_STRING", "")
        target = f"{request.path}/" + (f"?{query}" if query else "")
        # 308 keeps method and body.
        return HttpResponse(status=308, headers={"Location": target})
    body = describe_problem(404, "not_there", "There is no such address in this API.")
    return JsonResponse(body, status=404, content_type=PROBLEM)


# A client is told that the path is wrong before it is asked who it is.
refuse_unknown.open_to_all = True  # type: ignore[attr-defined]  # a mark on the view


def _is_known(path: str) -> bool:
    try:
        return resolve(path).func is not refuse_unknown
    except Resolver404:
        return False
