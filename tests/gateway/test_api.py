"""The API as a whole: its document, its index, its errors, and that it is closed to strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

from apps.rbac import services as rbac
from tests.conftest import SignIn
from tests.factories import PASSWORD, make_user
from tests.people import People

pytestmark = pytest.mark.django_db
UUID = "11111111-1111-1111-1111-111111111111"
# The docs page is for browsers: it sends to the sign-in page instead.
HOOK = "/api/v1/hooks/{public_id}/"
OWN = {"/api/v1/docs/", "/api/v1/openapi.json"}


def list_paths(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """Every path pattern below /api/v1/, as the OpenAPI document writes it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from list_paths(each.url_patterns, path)
        elif isinstance(each, URLPattern) and path.startswith("api/v1/"):
            yield "/" + simplify(path)


def simplify(path: str) -> str:
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", path)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    return path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\.", ".")


def fill(path: str) -> str:
    """A real address of the pattern."""
    path = path.replace("{work_id}", "1").replace("{seq}", "1")
    return re.sub(r"\{\w*id\w*\}|\{pk\}", UUID, re.sub(r"\{(username|name)\}", "nobody", path))


PATHS = sorted({path for path in list_paths() if "format" not in path})


@pytest.fixture
def document(people: People, sign_in: SignIn) -> Any:
    """The OpenAPI document as a client gets it."""
    return sign_in(people.charlie).get("/api/v1/openapi.json").json()


def test_it_works(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "DataWave API"
    validate_schema(document)


def test_each_path_is_in_the_document_when_routed(document: Any) -> None:
    assert set(PATHS) - OWN == set(document["paths"])


def test_operations_have_names_of_their_own(document: Any) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    assert len(names) == len(set(names))
    assert not [name for name in names if re.search(r"_\d$", name)]


def test_edge_stays_out_of_the_document(document: Any) -> None:
    assert not [path for path in document["paths"] if "edge" in path]


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/v1/docs/"])
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_nobody_gets_in_when_anonymous(path: str, method: str) -> None:
    answer = getattr(Client(), method)(fill(path))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="DataWave"'
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/v1/docs/"])
def test_no_error_of_ours_comes_when_stranger_reads(
    path: str, people: People, sign_in: SignIn
) -> None:
    """A person without any role reads empty lists and finds nothing behind keys."""
    answer = sign_in(people.charlie).get(fill(path))
    expected = {404, 403, 405} if "{" in path else {200, 403, 405}
    # A hook knows its own secret alone, whoever asks.
    assert answer.status_code in ({401} if path == HOOK else expected)
    if answer.status_code == 200:
        assert "crm" not in answer.content.decode()


@pytest.mark.parametrize("path", [path for path in PATHS if "{" not in path])
def test_lists_answer_when_administrator_reads(path: str, people: People, sign_in: SignIn) -> None:
    assert sign_in(people.ada).get(path).status_code in {200, 405}


def test_token_is_refused_when_unknown() -> None:
    answer = Client().get("/api/v1/me/", headers={"Authorization": "Bearer dwt_wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert "WWW-Authenticate" in answer.headers


def test_header_is_refused_when_it_has_no_token() -> None:
    for header in ("Bearer", "Bearer a b", "Bearer é"):
        answer = Client().get("/api/v1/me/", headers={"Authorization": header})
        assert answer.status_code == 401


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("path", ["/api/", "/api", "/api/v1/nothing/", "/api/v9/runs/", "/api/%00"])
def test_problem_is_told_when_path_is_unknown(path: str, method: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_there"


def test_method_is_kept_when_only_the_last_slash_lacks() -> None:
    answer = Client().post("/api/v1/tokens?a=1", {"name": "x"}, content_type="application/json")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/api/v1/tokens/?a=1")


def test_problem_names_the_fields_when_body_is_invalid(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    answer = client.post("/api/v1/tokens/", {"name": ""}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"][0]["field"] == "name"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "nul", "\x00"])
def test_problem_is_told_when_body_is_no_object(body: str, people: People, sign_in: SignIn) -> None:
    client = sign_in(people.alice)
    answer = client.post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_lists_are_named_when_index_is_read(people: People, sign_in: SignIn) -> None:
    index = sign_in(people.alice).get("/api/v1/").json()
    assert index["notices"] == "http://testserver/api/v1/notices/"
    assert "tokens" in index


def test_docs_page_loads_no_foreign_thing_when_signed_in(people: People, sign_in: SignIn) -> None:
    answer = sign_in(people.alice).get("/api/v1/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-schema="/api/v1/openapi.json"' in page
    assert not re.search(r'<script(?![^>]*src="/static/)(?![^>]*application/json)', page)
    assert not re.search(r'(src|href)="https?://', page.split("</head>")[0])


def test_docs_page_asks_for_sign_in_when_anonymous() -> None:
    answer = Client().get("/api/v1/docs/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=/api/v1/docs/"


def test_cookie_needs_csrf_token_when_it_writes() -> None:
    user = make_user("alice")
    client = Client(enforce_csrf_checks=True)
    client.login(username="alice", password=PASSWORD)
    body = {"name": "x"}
    refused = client.post("/api/v1/tokens/", body, content_type="application/json")
    assert refused.status_code == 403
    _, secret = rbac.issue_token(user=user, name="ci")
    header = {"Authorization": f"Bearer {secret}"}
    made = Client(enforce_csrf_checks=True).post(
        "/api/v1/tokens/", body, content_type="application/json", headers=header
    )
    assert made.status_code == 201
