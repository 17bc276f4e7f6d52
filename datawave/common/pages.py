"""What list pages share: errors as pages, pages of rows, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from .errors import NotThere, PermissionMissing

View = Callable[..., HttpResponseBase]
PAGE_SIZES: Final = (25, 50, 100)
# A cell that starts so would be read as a formula.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


def answer_errors(view: View) -> View:
    """What a person may not see is not found; what they may not do is refused."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotThere as error:
            raise Http404(error.message) from None
        except PermissionMissing as error:
            raise PermissionDenied(error.message) from None

    return wrapped


def paginate(request: HttpRequest, rows: Any) -> Page[Any]:
    """The page of rows that the address asks for; `size` is one of PAGE_SIZES."""
    size = request.GET.get("size", "")
    per_page = int(size) if size in {str(known) for known in PAGE_SIZES} else PAGE_SIZES[0]
    page: Page[Any] = Paginator(rows, per_page).get_page(request.GET.get("page"))
    return page


def list_given(request: HttpRequest, name: str) -> tuple[str, ...]:
    """The values of a parameter that may be there several times, without empty ones."""
    return tuple(value for value in request.GET.getlist(name) if value and "\x00" not in value)


def answer_csv(name: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> HttpResponse:
    """A download of rows. Whole, because under ASGI a synchronous stream is made whole anyway."""
    response = HttpResponse(_write_lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _write_lines(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    yield _write_line(head)
    for row in rows:
        yield _write_line(row)


def _write_line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([defuse(cell) for cell in cells])
    return line.getvalue()


def defuse(cell: object) -> object:
    """The cell as text that a spreadsheet shows and does not run; numbers stay as they are."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(_RISKY) else text
