"""A session is used only if the database says that it can only read, whatever stands in between."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from datawave_edge.connectors import TableRef, TableShape, make_connector
from datawave_edge.connectors.mysql import MysqlConnector
from datawave_edge.connectors.postgresql import PostgresConnector
from datawave_edge.connectors.server import ServerConnector
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres
from tests.edge_agent.pooler import serve_pooler
from tests.edge_agent.test_servers import tables_of

replace = msgspec.structs.replace


def make(spec: ConnectionSpec, **settings: int) -> Any:
    made = make_connector(spec, spec.password, RunSettings(**settings))
    assert isinstance(made, ServerConnector)
    return made


def without_read_only(connector: type[ServerConnector], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a proxy does that drops the wish to only read."""
    real = connector._session_statements

    def dropped(self: ServerConnector) -> list[str]:
        return [each for each in real(self) if "read_only" not in each and "READ ONLY" not in each]

    monkeypatch.setattr(connector, "_session_statements", dropped)


@pytest.mark.parametrize(
    ("server", "connector"),
    [
        pytest.param("postgres", PostgresConnector, marks=pytest.mark.postgresql),
        pytest.param("mysql", MysqlConnector, marks=pytest.mark.mysql),
    ],
)
def test_session_is_refused_when_the_setting_was_dropped_on_the_way(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    connector: type[ServerConnector],
) -> None:
    spec: ConnectionSpec = request.getfixturevalue(server)
    without_read_only(connector, monkeypatch)
    with pytest.raises(SourceFault) as caught:
        make(spec).connect()
    assert caught.value.code == "not_read_only"
    steps = run_test(spec).steps
    told = [(each.name, each.ok, each.code) for each in steps[-2:]]
    assert told == [("authenticate", True, ""), ("read_only", False, "not_read_only")]
    assert "pooler" in steps[-1].hint


@pytest.mark.postgresql
def test_every_step_passes_when_a_pooler_lends_another_backend_each_time(
    postgres: ConnectionSpec,
) -> None:
    run_postgres(postgres, "CREATE TABLE people (id int, name text)")
    with serve_pooler(postgres) as pooler:
        steps = run_test(replace(postgres, host="127.0.0.1", port=pooler.port)).steps
    assert [each.name for each in steps if not each.ok] == []
    assert steps[-1].name == "read_one"


@pytest.mark.postgresql
def test_nothing_is_written_and_nothing_stays_when_a_pooler_is_in_between(
    postgres: ConnectionSpec,
) -> None:
    run_postgres(postgres, "CREATE TABLE people AS SELECT n AS id FROM generate_series(1, 30) n")
    settings = "SELECT name, setting FROM pg_settings ORDER BY name"
    with serve_pooler(postgres) as pooler:
        before = [each.execute(settings).fetchall() for each in pooler.backends]
        connector = make(replace(postgres, host="127.0.0.1", port=pooler.port))
        connector.connect()
        for _ in range(3):
            with pytest.raises(SourceFault) as caught:
                connector._session.rows("INSERT INTO public.people VALUES (31) RETURNING id")
            assert caught.value.code == "permission_denied"
            ref = TableRef("public", "people")
            shape = connector.describe([ref])[ref]
            assert isinstance(shape, TableShape)
            assert connector.sample(shape, 50).row_count == 30
        connector.close()
        assert [each.execute(settings).fetchall() for each in pooler.backends] == before


@pytest.mark.postgresql
def test_statement_has_its_own_limit_when_a_pooler_is_in_between(postgres: ConnectionSpec) -> None:
    with serve_pooler(postgres) as pooler:
        connector = make(
            replace(postgres, host="127.0.0.1", port=pooler.port), statement_timeout_seconds=1
        )
        connector.connect()
        with connector._session.limited(5.0):
            assert connector._session.value("SELECT pg_sleep(1.5)::text") == ""
        with pytest.raises(SourceFault) as caught:
            connector._session.value("SELECT pg_sleep(10)::text")
        connector.close()
    assert caught.value.code == "query_timeout"


@pytest.mark.postgresql
def test_session_stays_as_it_was_when_a_view_sets_what_it_likes(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    settings = {"default_transaction_read_only": "off", "statement_timeout": "0"}
    run_postgres(
        postgres,
        "CREATE FUNCTION write() RETURNS int LANGUAGE plpgsql AS"
        " $$ BEGIN CREATE TABLE public.planted (a int); RETURN 1; END $$",
        *(
            f"CREATE VIEW public.a_{name} AS SELECT set_config('{name}', '{value}', false)"
            for name, value in settings.items()
        ),
        "CREATE VIEW public.b_writes AS SELECT public.write()",
        "CREATE VIEW public.c_waits AS SELECT pg_sleep(60)::text",
    )
    tables = tables_of(discover(postgres, statement_timeout_seconds=2))
    assert {name: table.profile_error for name, table in tables.items()} == {
        "a_default_transaction_read_only": "",
        "a_statement_timeout": "",
        "b_writes": "permission_denied",
        "c_waits": "query_timeout",
    }


@pytest.mark.mysql
def test_session_stays_as_it_was_when_a_function_of_mysql_sets_what_it_likes(
    mysql: ConnectionSpec,
) -> None:
    body = "READS SQL DATA BEGIN SET SESSION tx_read_only = 0; SET SESSION max_statement_time = 0;"
    run_mysql(
        mysql,
        "CREATE TABLE planted (a int)",
        f"CREATE FUNCTION opens() RETURNS int {body} RETURN 1; END",
        "CREATE FUNCTION waits() RETURNS int READS SQL DATA RETURN sleep(60)",
        "CREATE VIEW a_opens AS SELECT opens() AS n",
        "CREATE VIEW b_waits AS SELECT waits() AS n FROM seq_1_to_9",
    )
    connector = make(mysql, statement_timeout_seconds=1)
    connector.connect()
    refs = [TableRef(mysql.database, name) for name in ("a_opens", "b_waits")]
    opens, waits = connector.describe(refs).values()
    assert len(connector.sample(opens, 5).rows) == 1
    with pytest.raises(SourceFault) as caught:
        connector.sample(waits, 5)
    assert caught.value.code == "query_timeout"
    with pytest.raises(SourceFault):
        connector._session.rows("INSERT INTO planted VALUES (1)")
    connector.close()
