"""TLS with a real PostgreSQL: who is believed, who is not and why, and what was said until then."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from tests.edge_agent.conftest import Discover
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.secured import (
    SSL_REQUEST,
    SecuredPostgres,
    assert_nobody_signed_in,
    failed_step,
    overhearing,
    serve_postgres,
    told_of_tls,
)
from tests.edge_agent.test_servers import tables_of

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredPostgres]:
    with serve_postgres(tmp_path_factory.mktemp("papers")) as server:
        yield server


@pytest.fixture
def server(started: SecuredPostgres, monkeypatch: pytest.MonkeyPatch) -> SecuredPostgres:
    """Under the right certificate, of an authority that the agent knows."""
    started.present(started.papers.right)
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(started.papers.known.file))
    return started


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_source_is_read_when_its_authority_is_known(
    server: SecuredPostgres, discover: Discover, fake: FakeServer, host: str
) -> None:
    spec = server.spec(host=host)
    assert "certificate proved" in told_of_tls(spec)
    assert set(tables_of(discover(spec, "j"))) == {"people"}
    facts = fake.closes["j"].facts
    assert (facts.tls, facts.read_only) == (True, True)


def test_password_is_bound_to_the_certificate_when_the_server_can_do_that(
    server: SecuredPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    # libpq gives up where SCRAM would be spoken without it.
    monkeypatch.setenv("PGCHANNELBINDING", "require")
    assert "certificate proved" in told_of_tls(server.spec())


@pytest.mark.parametrize(
    ("paper", "advice"),
    [
        ("unsigned", "DATAWAVE_CA_FILE"),
        ("misnamed", "made out to another name"),
        ("expired", "renewed"),
        (None, "offers no TLS"),
    ],
)
def test_nobody_signs_in_when_the_server_proves_nothing(
    server: SecuredPostgres, discover: Discover, fake: FakeServer, paper: str | None, advice: str
) -> None:
    server.present(attrgetter(paper)(server.papers) if paper else None)
    before = len(server.heard(0))
    assert_nobody_signed_in(server.spec(), discover, fake, advice)
    # Not even the server has learnt who wanted to sign in.
    assert "reader" not in server.heard(before)


@pytest.mark.parametrize("tls", ["require", "verify-full"])
def test_nothing_but_the_wish_for_tls_is_said_when_there_is_none(
    server: SecuredPostgres, tls: str
) -> None:
    server.present(None)
    with overhearing(server.spec(tls=tls)) as (proxy, spec):
        failed_step(spec)
    assert proxy.heard.replace(SSL_REQUEST, b"") == b""


@pytest.mark.parametrize("tls", ["require", "prefer"])
def test_wire_is_not_readable_when_encryption_is_asked_for_alone(
    server: SecuredPostgres, tls: str
) -> None:
    server.present(server.papers.unsigned)
    with overhearing(server.spec(tls=tls)) as (proxy, spec):
        assert "was not proven" in told_of_tls(spec)
    assert proxy.heard.startswith(SSL_REQUEST)
    assert b"reader" not in proxy.heard
    assert b"SELECT" not in proxy.heard


@pytest.mark.parametrize(
    ("chosen", "step", "code", "advice"),
    [
        ({"tls": "disable"}, "authenticate", "auth_failed", "choose an encryption"),
        ({"username": "certified"}, "authenticate", "auth_failed", "certificate of whoever"),
        ({"tls": "require", "username": "asked_clearly"}, "authenticate", "auth_failed", "scram"),
    ],
)
def test_advice_is_given_when_the_server_wants_another_way_in(
    server: SecuredPostgres, chosen: dict[str, object], step: str, code: str, advice: str
) -> None:
    failed = failed_step(server.spec(**chosen))
    assert (failed.name, failed.code) == (step, code)
    assert advice in failed.hint


def test_password_is_told_in_clear_only_when_the_server_has_proven_itself(
    server: SecuredPostgres,
) -> None:
    assert "certificate proved" in told_of_tls(server.spec(username="asked_clearly"))
    before = len(server.heard(0))
    failed_step(server.spec(username="asked_clearly", tls="require"))
    # A server that was given no password says so, and one that was given a wrong one too.
    assert "password authentication failed" not in server.heard(before)
    assert "authenticated" not in server.heard(before)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_named_file_is_blamed_when_it_holds_no_certificate(
    server: SecuredPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "authority.crt"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(file))
    failed = failed_step(server.spec())
    assert (failed.name, failed.code) == ("tls", "tls_failed")
    assert "DATAWAVE_CA_FILE on the agent's host names a file" in failed.hint
    # Where nothing is to be proven, nobody asks for it.
    assert "was not proven" in told_of_tls(server.spec(tls="require"))


def test_authorities_of_the_system_are_believed_when_none_is_named(
    server: SecuredPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ssl.get_default_verify_paths()._replace(cafile=str(server.papers.known.file))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: found)
    for name in ("DATAWAVE_CA_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert "certificate proved" in told_of_tls(server.spec())
