"""TLS with a real MariaDB: who is believed, who is not and why, and what was said until then."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from tests.edge_agent.conftest import Discover
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.secured import (
    Papers,
    SecuredMariadb,
    assert_nobody_signed_in,
    failed_step,
    overhearing,
    serve_mariadb,
    told_of_tls,
)
from tests.edge_agent.test_servers import tables_of

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.make(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def started(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMariadb]:
    with serve_mariadb(papers, tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="module")
def plain(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMariadb]:
    """One without TLS."""
    with serve_mariadb(papers, tmp_path_factory.mktemp("plain"), "--skip-ssl") as server:
        yield server


@pytest.fixture(autouse=True)
def known(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(papers.known.file))


@pytest.fixture
def server(started: SecuredMariadb) -> SecuredMariadb:
    """Under the right certificate."""
    started.present(started.papers.right)
    return started


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("user", ["reader", "secured"])
def test_source_is_read_when_its_authority_is_known(
    server: SecuredMariadb, discover: Discover, fake: FakeServer, host: str, user: str
) -> None:
    spec = server.spec(host=host, username=user)
    assert "certificate proved" in told_of_tls(spec)
    assert set(tables_of(discover(spec, "j"))) == {"people"}
    facts = fake.closes["j"].facts
    assert (facts.tls, facts.read_only) == (True, True)


@pytest.mark.parametrize(
    ("paper", "advice"),
    [
        ("unsigned", "DATAWAVE_CA_FILE"),
        ("misnamed", "made out to another name"),
        ("expired", "renewed"),
    ],
)
def test_nobody_signs_in_when_the_server_proves_nothing(
    server: SecuredMariadb, discover: Discover, fake: FakeServer, paper: str, advice: str
) -> None:
    server.present(attrgetter(paper)(server.papers))
    before = len(server.heard(0))
    assert_nobody_signed_in(server.spec(), discover, fake, advice)
    assert "reader@" not in server.heard(before)


@pytest.mark.parametrize("tls", ["require", "verify-full"])
def test_nothing_is_said_when_the_server_has_no_tls(
    plain: SecuredMariadb, discover: Discover, fake: FakeServer, tls: str
) -> None:
    spec = plain.spec(tls=tls)
    assert assert_nobody_signed_in(spec, discover, fake, "offers no TLS") == b""


@pytest.mark.parametrize("tls", ["require", "prefer"])
def test_wire_is_not_readable_when_encryption_is_asked_for_alone(
    server: SecuredMariadb, tls: str
) -> None:
    server.present(server.papers.unsigned)
    with overhearing(server.spec(tls=tls, username="secured")) as (proxy, spec):
        assert "was not proven" in told_of_tls(spec)
    assert b"secured" not in proxy.heard
    assert b"SELECT" not in proxy.heard


def test_step_says_so_when_what_is_preferred_is_not_there(plain: SecuredMariadb) -> None:
    assert "is not encrypted" in told_of_tls(plain.spec(tls="prefer"))


@pytest.mark.parametrize(
    ("chosen", "advice"),
    [
        ({"tls": "disable", "username": "secured"}, "REQUIRE SSL"),
        ({"username": "certified"}, "REQUIRE X509"),
    ],
)
def test_advice_is_given_when_the_account_demands_more(
    server: SecuredMariadb, chosen: dict[str, object], advice: str
) -> None:
    failed = failed_step(server.spec(**chosen))
    assert (failed.name, failed.code) == ("authenticate", "auth_failed")
    assert advice in failed.hint


def test_advice_is_given_when_the_server_demands_tls_of_all(server: SecuredMariadb) -> None:
    server.run("SET GLOBAL require_secure_transport = ON")
    try:
        failed = failed_step(server.spec(tls="disable"))
    finally:
        server.run("SET GLOBAL require_secure_transport = OFF")
    # It answers as to a wrong password.
    assert failed.code == "auth_failed"
    assert "demand encryption" in failed.hint


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_named_file_is_blamed_when_it_holds_no_certificate(
    server: SecuredMariadb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
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
