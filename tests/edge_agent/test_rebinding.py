"""A name that leads elsewhere when asked again: the agent goes to what it checked, or nowhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import oracledb
import psycopg
import pymysql
import pytds
import pytest

from datawave_edge.connectors import make_connector
from datawave_edge.connectors.server import ServerConnector
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.connection_specs import REBINDINGS
from tests.edge_agent.scripted import ScriptedConnection
from tests.edge_agent.test_catalogue_engines import Shop
from tests.edge_agent.tls_servers import TlsServer, make_certificate

NAME = "db.example.test"
Answers = Sequence[Sequence[str]]
Resolver = Callable[[Answers], list[str]]


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.postgresql),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ]
)
def named(request: pytest.FixtureRequest) -> ConnectionSpec:
    """A real server under a name that only the resolver of the test knows."""
    spec: ConnectionSpec = request.getfixturevalue(request.param)
    return msgspec.structs.replace(spec, host=NAME)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Gives the name these answers, one a question, and the last one from then on."""
    real = socket.getaddrinfo

    def set_answers(answers: Answers) -> list[str]:
        asked: list[str] = []

        def answer(host: Any, *more: Any, **named: Any) -> Any:
            if host != NAME:
                return real(host, *more, **named)
            asked.append(host)
            given = answers[min(len(asked), len(answers)) - 1]
            return [found for each in given for found in real(each, *more, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return set_answers


def make(spec: ConnectionSpec) -> ServerConnector:
    connector = make_connector(spec, spec.password, RunSettings())
    assert isinstance(connector, ServerConnector)
    return connector


def peer_of(connector: ServerConnector) -> str:
    descriptor = connector._descriptor(connector._session.driver_connection)
    assert descriptor is not None
    with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as connected:
        return str(connected.getpeername()[0])


@pytest.mark.parametrize("answers", REBINDINGS)
def test_agent_stays_at_the_checked_address_when_the_name_is_bound_anew(
    named: ConnectionSpec, resolver: Resolver, answers: Answers
) -> None:
    asked = resolver(answers)
    connector = make(named)
    connector.connect()
    assert peer_of(connector) == "127.0.0.1"
    assert asked == [NAME]
    # A connection that is lost is opened anew, and its address is checked anew.
    connector.close()
    with pytest.raises(SourceFault) as caught:
        connector.ping()
    assert caught.value.code == "address_refused"
    assert asked == [NAME, NAME]


def test_agent_stays_at_the_checked_address_when_the_name_turns_to_this_host(
    named: ConnectionSpec, resolver: Resolver
) -> None:
    resolver([["127.0.0.9"], ["127.0.0.1"]])
    with socket.create_server(("127.0.0.9", 0)) as silent:
        port = silent.getsockname()[1]
        silent.close()
        steps = run_test(msgspec.structs.replace(named, port=port)).steps
    assert (steps[-1].name, steps[-1].code) == ("connect", "connect_refused")


def test_next_address_is_tried_when_the_first_does_not_answer(
    named: ConnectionSpec, resolver: Resolver
) -> None:
    resolver([["127.0.0.2", "127.0.0.1"]])
    connector = make(named)
    connector.connect()
    assert peer_of(connector) in ("127.0.0.1", "127.0.0.2")
    connector.close()


def test_session_is_refused_when_the_driver_went_elsewhere(
    named: ConnectionSpec, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver([["127.0.0.2"]])
    made: list[Any] = []
    to_postgres, to_mysql = psycopg.connect, pymysql.connect

    def stray(*told: Any, **arguments: Any) -> Any:
        made.append(to_postgres(*told, **{**arguments, "hostaddr": "127.0.0.1"}))
        return made[-1]

    def stray_too(connector: Any, seconds: float, arguments: dict[str, Any]) -> Any:
        del connector, seconds
        made.append(to_mysql(**{**arguments, "host": "127.0.0.1"}))
        return made[-1]

    monkeypatch.setattr(psycopg, "connect", stray)
    monkeypatch.setattr("datawave_edge.connectors.mysql.MysqlConnector._connect_within", stray_too)
    with pytest.raises(SourceFault) as caught:
        make(named).connect()
    assert caught.value.code == "address_changed"
    assert [each.closed if named.engine == "postgresql" else not each.open for each in made] == [
        True
    ]


@pytest.mark.mysql
def test_statement_is_stopped_at_its_own_server_when_the_name_leads_elsewhere(
    mysql: ConnectionSpec, resolver: Resolver
) -> None:
    resolver([["127.0.0.1"], ["127.0.0.9"]])
    connector = make(msgspec.structs.replace(mysql, host=NAME))
    connector.connect()
    before = connector._session.value("SELECT connection_id()")
    timer = threading.Timer(0.3, connector.cancel)
    timer.start()
    # MySQL tells by the answer that it was stopped, MariaDB by an error.
    with suppress(SourceFault):
        connector._session.value("SELECT SLEEP(20)")
    timer.join()
    # A wire that had to be cut would not answer any more.
    assert connector._session.value("SELECT connection_id()") == before
    connector.close()


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("certified", [NAME, "other.example.test"])
def test_certificate_is_checked_against_the_name_when_an_address_is_dialled(
    resolver: Resolver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    certified: str,
) -> None:
    resolver([["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]])
    certificate = make_certificate(tmp_path, certified)
    monkeypatch.setenv("DATAWAVE_CA_FILE", str(certificate))
    server = TlsServer(engine, certificate)
    spec = ConnectionSpec(
        engine=engine, host=NAME, port=server.port, username="zq-user", tls="verify-full"
    )
    last = run_test(spec).steps[-1]
    server.close()
    is_right = certified == NAME
    assert (b"zq-user" in server.heard) == is_right
    assert NAME in server.asked_for
    # The right server hangs up on purpose, after it was told who signs in.
    assert last.name == ("authenticate" if is_right else "tls")
    assert last.code == ("connection_lost" if is_right else "tls_failed")


@pytest.mark.parametrize("tls", ["prefer", "require", "verify-full"])
def test_scripted_driver_gets_the_checked_address_when_it_can_take_one(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    told: dict[str, Any] = {}

    def connect_as(engine: str) -> Callable[..., ScriptedConnection]:
        def connect(**arguments: Any) -> ScriptedConnection:
            told.update(arguments)
            return ScriptedConnection(Shop(engine), **arguments)

        return connect

    monkeypatch.setattr(pytds, "connect", connect_as("mssql"))
    monkeypatch.setattr(oracledb, "connect", connect_as("oracle"))
    resolver([["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        spec = ConnectionSpec(
            engine="mssql", host=NAME, port=listener.getsockname()[1], username="u", database="d"
        )
        for engine in ("mssql", "oracle"):
            connector = make(msgspec.structs.replace(spec, engine=engine, tls=tls))
            connector.connect()
            if engine == "mssql":
                assert told["sock"].getpeername()[0] == "127.0.0.1"
            connector.close()
    assert told["server"] == NAME
    # Of Oracle a certificate that is checked must be checked against the name.
    assert told["params"].host == (NAME if tls == "verify-full" else "127.0.0.1")


def test_session_is_refused_when_sql_server_sends_it_to_another_host(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ScriptedConnection] = []

    def connect(**arguments: Any) -> ScriptedConnection:
        # The driver gives the socket up and opens one of its own.
        arguments["sock"].close()
        made.append(ScriptedConnection(Shop("mssql"), **arguments))
        return made[-1]

    monkeypatch.setattr(pytds, "connect", connect)
    resolver([["127.0.0.1"]])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        spec = ConnectionSpec(
            engine="mssql", host=NAME, port=listener.getsockname()[1], username="u", database="d"
        )
        with pytest.raises(SourceFault) as caught:
            make(spec).connect()
    assert caught.value.code == "address_changed"
    assert made[0].closed
