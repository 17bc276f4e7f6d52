"""Bounds of every endpoint: rows a page, requests a minute."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination
from rest_framework.throttling import UserRateThrottle


class PageNumbers(PageNumberPagination):
    """`?page=2&page_size=100`, at most 500 rows a page."""

    page_size_query_param = "page_size"
    max_page_size = 500


class UserThrottle(UserRateThrottle):
    """600 requests a minute for each person or token."""

    scope = "user"
