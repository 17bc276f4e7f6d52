"""What list pages share: errors as pages, pages of rows, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import wraps
from itertools import chain, islice
from typing import Any, Final

import msgspec
from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from .bounds import Person, count_export
from .errors import NotThere, PermissionMissing

View = Callable[..., HttpResponseBase]
AnyFile = HttpResponse | StreamingHttpResponse
# Lines of a download that are made at once.
WHOLE: Final = 500
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


def paginate(request: HttpRequest, rows: Any, *, usual: int = PAGE_SIZES[0]) -> Page[Any]:
    """The page of rows that the address asks for; `size` is one of PAGE_SIZES, else as usual."""
    size = request.GET.get("size", "")
    per_page = int(size) if size in {str(known) for known in PAGE_SIZES} else usual
    page: Page[Any] = Paginator(rows, per_page).get_page(request.GET.get("page"))
    return page


def list_given(request: HttpRequest, name: str) -> tuple[str, ...]:
    """The values of a parameter that may be there several times, without empty ones."""
    return tuple(value for value in request.GET.getlist(name) if value and "\x00" not in value)


def answer_csv(
    person: Person, name: str, head: Iterable[str], rows: Iterable[Iterable[object]]
) -> AnyFile:
    """A download of rows as CSV. Raises TooManyExports."""
    count_export(person)
    lines = (_write_line(each).encode() for each in chain([head], rows))
    return _answer_file(f"{name}.csv", "text/csv; charset=utf-8", lines)


def answer_json(person: Person, name: str, rows: Iterable[object]) -> AnyFile:
    """A download of rows as a JSON array, one a line. Raises TooManyExports."""
    count_export(person)
    return _answer_file(f"{name}.json", "application/json", _write_items(rows))


def _write_items(rows: Iterable[object]) -> Iterator[bytes]:
    before = b"[\n"
    for row in rows:
        yield before + msgspec.json.encode(row)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _answer_file(name: str, kind: str, lines: Iterator[bytes]) -> AnyFile:
    """Few lines are sent whole, so that a fault among them is an error and no torn file."""
    first = list(islice(lines, WHOLE))
    made: AnyFile
    if len(first) < WHOLE:
        made = HttpResponse(b"".join(first), content_type=kind)
    else:
        made = StreamedFile(chain(first, lines), content_type=kind)
    made["Content-Disposition"] = f'attachment; filename="{name}"'
    return made


class StreamedFile(StreamingHttpResponse):
    """Made while it is sent, in bounded memory. Django would make it whole first under ASGI."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Parts, each made in the thread of the request, where its database connection is."""
        lines = iter(self.streaming_content)  # type: ignore[arg-type]  # never an async one
        take = sync_to_async(lambda: b"".join(islice(lines, WHOLE)))
        while part := await take():
            yield part


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
