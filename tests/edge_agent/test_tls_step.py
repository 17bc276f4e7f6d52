"""The step about encryption tells what the connection has, and the ways out when that fails."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from datawave_edge.connectors.postgresql import PostgresConnector
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, SourceFacts, TestStep
from tests.edge_agent.tls_servers import TlsServer, make_certificate


def tls_step(spec: ConnectionSpec) -> TestStep:
    return next(step for step in run_test(spec).steps if step.name == "tls")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("asked", "has", "told"),
    [
        ("prefer", True, "who answers was not proven"),
        ("prefer", False, "is not encrypted"),
        ("disable", False, "is not encrypted"),
        ("prefer", None, "TLS"),
    ],
)
def test_step_tells_what_the_connection_has_when_it_is_open(
    postgres: ConnectionSpec,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    has: bool | None,
    told: str,
) -> None:
    facts = SourceFacts(tls=has, read_only=True)
    monkeypatch.setattr(PostgresConnector, "read_facts", lambda _: facts)
    step = tls_step(msgspec.structs.replace(postgres, tls=asked))
    assert step.ok
    assert told in step.message


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_ways_out_are_named_when_nobody_known_signed_the_certificate(
    tmp_path: Path, engine: str
) -> None:
    server = TlsServer(engine, make_certificate(tmp_path, "localhost"))
    step = tls_step(
        ConnectionSpec(
            engine=engine, host="localhost", port=server.port, username="u", tls="verify-full"
        )
    )
    server.close()
    assert (step.ok, step.code) == (False, "tls_failed")
    for way in ("DATAWAVE_CA_FILE", "“Required”", "“Off”"):
        assert way in step.hint
