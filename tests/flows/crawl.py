"""Reads everything that a person or a program can read: all pages that are linked, all lists."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.live import Client

LISTS = (
    "sources", "tests", "agents", "runs", "datasets", "fields", "schema-changes", "entries",
    "relationships", "labels", "decisions", "findings", "rules", "packs", "notices", "run-records",
    "people", "role-grants", "tokens",
)  # fmt: skip
_LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
# Not pages, or the same page in another order.
_NOT_READ = re.compile(
    r"^/(?:static|sign-|admin/(?:logout|jsi18n)|metrics|api/|.*/add/|.*/delete/)"
    r"|[?&](?:sort|page_size|format|o|_popup)="
)


# What differs between pages of one kind: ids, semantic types, and what a list is narrowed to.
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|[a-z_]+\.[a-z_]+|=[^&]*")


def read_pages(client: Client, *starts: str, alike: int = 3) -> Iterator[tuple[str, int, str]]:
    """Path, status and text of the pages that can be reached, a few of each kind."""
    waiting, known = list(starts), set(starts)
    kinds: Counter[str] = Counter()
    while waiting:
        path = waiting.pop(0)
        status, text = client.open_page(path)
        yield path, status, text
        links = set(map(html.unescape, _LINK.findall(text))) - known
        for link in sorted(each for each in links if not _NOT_READ.search(each)):
            kinds[_KEY.sub("", link)] += 1
            if kinds[_KEY.sub("", link)] <= alike:
                known.add(link)
                waiting.append(link)


def read_lists(client: Client, **filters: str) -> Iterator[tuple[str, Any]]:
    """All rows of each list of the API, as text that is not escaped."""
    for name in LISTS:
        answer = client.call("GET", f"{name}/?{urlencode({'page_size': 500, **filters})}")
        yield name, json.dumps(answer, ensure_ascii=False)
