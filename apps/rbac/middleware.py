"""Demands a sign-in for every page, counts searches, and shows times in the person's zone."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from datawave.common.bounds import TooManySearches, count_search
from datawave.common.problems import refuse_page

# The API answers 401 itself; the rest needs no person.
OPEN_PREFIXES = ("/api/", "/static/", "/healthz", "/readyz", "/metrics", "/admin/login/")


class SignInRequiredMiddleware(MiddlewareMixin):
    """Closed by default: a view is open only when it is marked with `open_to_all`."""

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Send strangers to the sign-in page, and back here afterwards."""
        if getattr(view, "open_to_all", False) or request.path.startswith(OPEN_PREFIXES):
            return None
        if request.user.is_authenticated:
            return None
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a service refuses becomes the page that says so."""
        return refuse_page(request, exception)


class TimeZoneMiddleware(MiddlewareMixin):
    """Activates the person's time zone for the request."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Only pages show local times, so the API and agents spare the look at the person."""
        if request.path.startswith(OPEN_PREFIXES):
            return
        name = getattr(request.user, "time_zone", "")
        if name:
            # A name that the system has dropped: the installation's zone is better than no page.
            with suppress(zoneinfo.ZoneInfoNotFoundError):
                timezone.activate(zoneinfo.ZoneInfo(name))

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """The next request starts in the installation's zone."""
        timezone.deactivate()
        return response


class SearchLimitMiddleware(MiddlewareMixin):
    """Bounds the searches of a person; every page takes the words it looks for as `q`."""

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The page that says to wait, or None."""
        # The API knows its person only later, and counts itself.
        searches = request.GET.get("q") and request.user.is_authenticated
        if request.path.startswith(OPEN_PREFIXES) or not searches:
            return None
        try:
            count_search(request.user)
        except TooManySearches as error:
            return refuse_page(request, error)
        return None
