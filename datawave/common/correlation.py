"""Gives each request an id that its log lines, answer and audit entries carry."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

HEADER = "X-Request-ID"
_PLAIN = re.compile(r"[A-Za-z0-9._-]{8,64}")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class CorrelationMiddleware(MiddlewareMixin):
    """Takes the caller's id when it is plain, else makes one, and sends it back."""

    def process_request(self, request: HttpRequest) -> None:
        """Set the id for everything that this request does."""
        given = request.headers.get(HEADER, "")
        request_id.set(given if _PLAIN.fullmatch(given) else uuid.uuid4().hex)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Tell the caller the id."""
        response.headers[HEADER] = request_id.get()
        return response


class CorrelationFilter(logging.Filter):
    """Puts the request id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
