"""Bounds of every door: rows a page, requests and searches a minute, files an hour."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, UserRateThrottle

from .rates import TooManyCalls, find_wait, is_too_often

MINUTE, HOUR = 60, 3600
Person = AbstractBaseUser | AnonymousUser


class TooManySearches(TooManyCalls):
    """You have searched very often. Wait a moment and search again."""


class TooManyExports(TooManyCalls):
    """You have exported many files in this hour."""


def count_search(person: Person) -> None:
    """Count a search, by whichever door it comes. Raises TooManySearches."""
    key = f"search:{person.pk}"
    if is_too_often(key, calls=settings.SEARCHES_A_MINUTE, seconds=MINUTE):
        raise _refuse(TooManySearches(), key, MINUTE)


def count_export(person: Person) -> None:
    """Count a file that is downloaded, by whichever door. Raises TooManyExports."""
    key, most = f"export:{person.pk}", settings.EXPORTS_AN_HOUR
    if not is_too_often(key, calls=most, seconds=HOUR):
        return
    free = timezone.localtime() + dt.timedelta(seconds=find_wait(key, seconds=HOUR) + MINUTE - 1)
    files = f"{most} file{'s' if most > 1 else ''}"
    text = f"You have exported {files} in this hour; the next is possible at {free:%H:%M}."
    raise _refuse(TooManyExports(text), key, HOUR)


def _refuse(error: TooManyCalls, key: str, seconds: int) -> TooManyCalls:
    error.retry_after = find_wait(key, seconds=seconds)
    return error


class PageNumbers(PageNumberPagination):
    """`?page=2&page_size=100`, at most 500 rows a page."""

    page_size_query_param = "page_size"
    max_page_size = 500


class UserThrottle(UserRateThrottle):
    """600 requests a minute for each person or token."""

    scope = "user"


class SearchThrottle(BaseThrottle):
    """Counts calls of the API that search."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Always, unless it raises."""
        if request.query_params.get("q"):
            count_search(request.user)
        return True
