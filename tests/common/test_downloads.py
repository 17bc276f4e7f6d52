"""Downloads: whole while they are small, made while they are sent when they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse

from datawave.common import pages
from datawave.common.pages import AnyFile, StreamedFile, answer_csv, answer_json


def text_of(answer: AnyFile) -> str:
    if isinstance(answer, StreamedFile):
        return answer.getvalue().decode()
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


@pytest.mark.parametrize("number", [0, 1, 499, 500, 1_201])
def test_every_row_comes_once_however_many_there_are(number: int) -> None:
    rows = [(n, f"=row{n}") for n in range(number)]
    lines = text_of(answer_csv(AnonymousUser(), "rows", ("n", "text"), rows)).splitlines()
    assert lines == ["n,text", *(f"{n},'=row{n}" for n in range(number))]
    items = [{"n": n} for n in range(number)]
    assert json.loads(text_of(answer_json(AnonymousUser(), "rows", items))) == items


async def test_parts_are_made_while_they_are_sent_when_there_are_many() -> None:
    made: list[int] = []

    def rows() -> Iterator[tuple[int]]:
        for n in range(10 * pages.WHOLE):
            made.append(n)
            yield (n,)

    answer = answer_csv(AnonymousUser(), "rows", ("n",), rows())
    assert isinstance(answer, StreamedFile)
    parts = aiter(answer)
    first = await anext(parts)
    assert first.startswith(b"n\r\n0\r\n")
    assert len(made) <= 2 * pages.WHOLE
    rest = b"".join([part async for part in parts])
    assert (first + rest).count(b"\r\n") == 10 * pages.WHOLE + 1


def test_fault_is_an_error_and_no_torn_file_when_it_comes_early() -> None:
    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_csv(AnonymousUser(), "rows", ("n",), rows())
