"""PostgreSQL and MySQL/MariaDB through the whole walk: names, structure, grants, failures."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
import pytest

from datawave_edge.connectors import Connector, TableRef, TableShape, make_connector
from datawave_edge.faults import SourceFault
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings, TableRecord, TableSnapshot
from tests.edge_agent.conftest import Discover, run_mysql, run_postgres
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_sqlite import HOSTILE, quoted

replace = msgspec.structs.replace


def tables_of(records: Sequence[object]) -> dict[str, TableSnapshot]:
    return {each.table.name: each.table for each in records if isinstance(each, TableRecord)}


def open_connector(spec: ConnectionSpec) -> Connector:
    connector = make_connector(spec, spec.password, RunSettings())
    connector.connect()
    return connector


def make_hostile(postgres: ConnectionSpec) -> set[str]:
    """A schema, a table and a column of each hostile name, with 300 rows; these names."""
    names = [name for name in HOSTILE if len(name.encode()) <= 63]
    for name in names:
        run_postgres(
            postgres,
            f"CREATE SCHEMA {quoted(name)}",
            f"CREATE TABLE {quoted(name)}.{quoted(name)} ({quoted(name)} text PRIMARY KEY)",
            f"INSERT INTO {quoted(name)}.{quoted(name)} SELECT generate_series(1, 300)",
            f"ANALYZE {quoted(name)}.{quoted(name)}",
        )
    return set(names)


def assert_as_spelt(tables: dict[str, TableSnapshot], names: set[str]) -> None:
    assert set(tables) == names
    for table in tables.values():
        assert table.container == table.columns[0].name == table.name
        assert (table.profile_error, table.row_count, table.row_count_exact) == ("", 300, True)


@pytest.mark.postgresql
def test_names_arrive_as_spelt_when_hostile_on_postgresql(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    names = make_hostile(postgres)
    assert_as_spelt(tables_of(discover(postgres, sample_rows=50)), names)


@pytest.mark.mysql
def test_names_arrive_as_spelt_when_hostile_on_mysql(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    # These the server itself refuses: too long, beyond its planes, or ending in a blank.
    names = [name for name in HOSTILE if len(name) <= 63 and max(map(ord, name)) < 0x10000]
    for name in names:
        known = "`" + name.replace("`", "``") + "`"
        doubled = f"CREATE TABLE {known} ({known} int PRIMARY KEY, b text)"
        run_mysql(mysql, doubled, f"INSERT INTO {known} SELECT seq, 'v' FROM seq_1_to_300")
    tables = tables_of(discover(mysql, sample_rows=50))
    assert set(tables) == set(names)
    for table in tables.values():
        assert table.columns[0].name == table.name
        assert (table.profile_error, table.row_count, table.row_count_exact) == ("", 300, True)


POSTGRES_ZOO = """
CREATE SCHEMA zoo;
CREATE DOMAIN zoo.email AS varchar(80) CHECK (VALUE LIKE '%@%');
CREATE TYPE zoo.size AS ENUM ('small', 'large');
CREATE TABLE zoo.keepers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail zoo.email NOT NULL UNIQUE, born date, since timestamptz DEFAULT 'infinity',
    pay numeric(12,2), tags text[], extra jsonb,
    photo bytea, home inet, size zoo.size, twice int GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE zoo.visits (keeper int, day date, PRIMARY KEY (day, keeper),
    FOREIGN KEY (keeper) REFERENCES zoo.keepers (id)) PARTITION BY RANGE (day);
CREATE TABLE zoo.visits_2024 PARTITION OF zoo.visits FOR VALUES
    FROM ('2024-01-01') TO ('2025-01-01');
CREATE MATERIALIZED VIEW zoo.summary AS SELECT 1 AS n;
CREATE MATERIALIZED VIEW zoo.unready AS SELECT 1 AS n WITH NO DATA;
CREATE VIEW zoo.seen AS SELECT * FROM zoo.keepers;
CREATE TABLE zoo.nothing ();
COMMENT ON TABLE zoo.keepers IS 'People who care';
COMMENT ON COLUMN zoo.keepers.pay IS 'Monthly';
GRANT SELECT ON zoo.keepers TO PUBLIC;
INSERT INTO zoo.keepers (mail, born, pay, tags, extra, photo, home, size)
    SELECT 'k' || n || '@zoo.example', '1970-01-01', n, '{a}', '{"a": 1}', '\\x0102', '10.0.0.1',
    'small'
    FROM generate_series(1, 50) n;
INSERT INTO zoo.keepers (mail, born, pay) VALUES ('x@zoo.example', '4713-01-01 BC', 'NaN');
"""


@pytest.mark.postgresql
def test_structure_is_whole_when_postgresql_uses_all_it_has(
    discover: Discover, postgres: ConnectionSpec
) -> None:
    run_postgres(postgres, *filter(str.strip, POSTGRES_ZOO.split(";\n")))
    tables = tables_of(discover(postgres))
    kinds = {name: table.kind for name, table in tables.items()}
    assert kinds == {
        "keepers": "table", "visits": "table", "visits_2024": "partition", "nothing": "table",
        "summary": "materialized_view", "unready": "materialized_view", "seen": "view",
    }  # fmt: skip
    keepers = tables["keepers"]
    columns = {column.name: column for column in keepers.columns}
    assert {name: column.type for name, column in columns.items()} == {
        "id": "integer", "mail": "text", "born": "date", "since": "datetime", "pay": "decimal",
        "tags": "array", "extra": "json", "photo": "binary", "home": "network", "size": "enum",
        "twice": "integer",
    }  # fmt: skip
    assert columns["mail"].native_type == "zoo.email"
    assert (columns["mail"].unique, columns["mail"].max_length) == (True, 80)
    assert (columns["id"].key_position, columns["id"].generated) == (1, True)
    assert (keepers.comment, columns["pay"].comment) == ("People who care", "Monthly")
    assert keepers.grants
    assert (keepers.grants.public_read, keepers.grants.public_write) == (True, False)
    assert (keepers.row_count, keepers.profile_error) == (51, "")
    assert tables["visits"].foreign_keys[0].target_columns == ["id"]
    assert [c.key_position for c in tables["visits"].columns] == [2, 1]
    assert tables["unready"].profile_error == "view_broken"


@pytest.mark.postgresql
def test_sample_is_spread_and_steady_when_a_table_is_large(postgres: ConnectionSpec) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE big AS SELECT n AS id, repeat('x', 99) FROM generate_series(1, 60000) n",
        "ANALYZE big",
    )
    connector = open_connector(postgres)
    ref = TableRef("public", "big")
    shape = connector.describe([ref])[ref]
    assert isinstance(shape, TableShape)
    first, second = connector.sample(shape, 1_000), connector.sample(shape, 1_000)
    connector.close()
    assert first == second
    assert first.row_count == 60_000
    ids = [row[0] for row in first.rows if isinstance(row[0], int)]
    assert 500 < len(ids) <= 1_000
    assert max(ids) > 55_000


MYSQL_ZOO = """
CREATE TABLE keepers (id int AUTO_INCREMENT PRIMARY KEY,
    mail varchar(80) NOT NULL UNIQUE COMMENT 'Where to write', born date, since datetime,
    pay decimal(12,2), extra json, photo blob, size enum('small','large'), yes tinyint(1),
    flags bit(3), y year, spot point, twice int AS (1 + 1) STORED) COMMENT 'People who care';
CREATE TABLE visits (keeper int, day date, PRIMARY KEY (day, keeper),
    FOREIGN KEY (keeper) REFERENCES keepers (id));
CREATE VIEW seen AS SELECT * FROM keepers;
INSERT INTO keepers (mail, born, pay, extra, photo, size, yes, flags, y, spot)
    SELECT concat('k', seq, '@zoo.example'), '1970-01-01', seq, '{"a": 1}', x'0102', 'small', 1,
    5, 1999, point(1, 2) FROM seq_1_to_50;
SET SESSION sql_mode = '';
INSERT INTO keepers (mail, born, since) VALUES ('x@zoo.example', '0000-00-00', '2024-00-00');
"""


@pytest.mark.mysql
def test_structure_is_whole_when_mysql_uses_all_it_has(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(mysql, *filter(str.strip, MYSQL_ZOO.split(";\n")))
    tables = tables_of(discover(mysql))
    assert {name: table.kind for name, table in tables.items()} == {
        "keepers": "table", "visits": "table", "seen": "view",
    }  # fmt: skip
    keepers = tables["keepers"]
    columns = {column.name: column for column in keepers.columns}
    assert (columns["mail"].unique, columns["mail"].comment) == (True, "Where to write")
    assert columns["size"].native_type == "enum"
    kinds = [columns[name].type for name in ("yes", "photo", "spot", "born", "since", "pay")]
    assert kinds == ["boolean", "binary", "geometry", "date", "datetime", "decimal"]
    assert columns["twice"].generated
    assert (keepers.row_count, keepers.profile_error, keepers.comment) == (
        51,
        "",
        "People who care",
    )
    assert tables["visits"].foreign_keys[0].target_name == "keepers"
    assert [c.key_position for c in tables["visits"].columns] == [2, 1]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("changes", "step", "code"),
    [
        ({"host": "no-such-host.invalid"}, "resolve", "host_unresolved"),
        ({"host": "127.0.0.1,10.0.0.1"}, "resolve", "host_unresolved"),
        ({"host": "/var/run/postgresql"}, "resolve", "host_unresolved"),
        ({"host": ""}, "resolve", "host_unresolved"),
        ({"port": 1}, "connect", "connect_refused"),
        ({"tls": "verify-full"}, "tls", "tls_failed"),
        ({"username": "nobody_here"}, "authenticate", "auth_failed"),
        ({"database": "no_such_db"}, "authenticate", "database_missing"),
        ({"database": "host=127.0.0.1 dbname=postgres"}, "authenticate", "database_missing"),
        ({"database": "postgresql://127.0.0.1/postgres"}, "authenticate", "database_missing"),
    ],
)
def test_step_says_what_is_wrong_when_postgresql_refuses(
    postgres: ConnectionSpec, changes: dict[str, object], step: str, code: str
) -> None:
    last = run_test(replace(postgres, **changes)).steps[-1]
    assert (last.name, last.ok, last.code) == (step, False, code)
    assert last.message


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("changes", "step", "code"),
    [
        ({"host": "no-such-host.invalid"}, "resolve", "host_unresolved"),
        ({"port": 1}, "connect", "connect_refused"),
        ({"username": "nobody_here"}, "authenticate", "auth_failed"),
        ({"database": "no_such_db"}, "authenticate", "database_missing"),
        ({"database": "x?local_infile=1"}, "authenticate", "database_missing"),
    ],
)
def test_step_says_what_is_wrong_when_mysql_refuses(
    mysql: ConnectionSpec, changes: dict[str, object], step: str, code: str
) -> None:
    last = run_test(replace(mysql, **changes)).steps[-1]
    assert (last.name, last.ok, last.code) == (step, False, code)


@pytest.mark.postgresql
def test_grant_is_named_when_postgresql_denies_reading(
    postgres: ConnectionSpec, discover: Discover, fake: FakeServer
) -> None:
    role = f"edge_{uuid.uuid4().hex[:8]}"
    run_postgres(
        postgres,
        f"CREATE ROLE {role} LOGIN PASSWORD 'pw-of-role'",
        'CREATE TABLE "a%b" (x int)',
    )
    try:
        spec = replace(postgres, username=role, password="pw-of-role")
        last = run_test(spec).steps[-1]
        table = tables_of(discover(spec, "j"))["a%b"]
    finally:
        run_postgres(postgres, f"DROP ROLE {role}")
    assert (last.name, last.code) == ("grants", "permission_denied")
    assert f'GRANT SELECT ON "public"."a%b" TO "{role}";' in last.hint
    # A lost grant is no deletion: the table is there, without a profile.
    assert table.profile_error == "permission_denied"
    assert fake.closes["j"].containers[0].authoritative
    assert fake.closes["j"].complete


@pytest.mark.mysql
def test_absence_proves_nothing_when_mysql_shows_only_some_tables(mysql: ConnectionSpec) -> None:
    user = f"edge_{uuid.uuid4().hex[:8]}"
    run_mysql(
        mysql,
        "CREATE TABLE shown (x int)",
        "CREATE TABLE hidden (x int)",
        f"CREATE USER {user} IDENTIFIED BY 'pw-of-user'",
        f"GRANT SELECT ON {mysql.database}.shown TO {user}",
    )
    try:
        few = open_connector(replace(mysql, username=user, password="pw-of-user")).list_tables()
        run_mysql(mysql, f"GRANT SELECT ON {mysql.database}.* TO {user}")
        all_of_them = open_connector(
            replace(mysql, username=user, password="pw-of-user")
        ).list_tables()
        everywhere = replace(mysql, username=user, password="pw-of-user", database="")
        some = open_connector(everywhere).list_tables()
        run_mysql(mysql, f"GRANT SELECT ON *.* TO {user}")
        whole = open_connector(everywhere).list_tables()
    finally:
        run_mysql(mysql, f"DROP USER {user}")
    assert [ref.name for ref in few.tables] == ["shown"]
    assert [each.authoritative for each in few.containers] == [False]
    assert [each.authoritative for each in all_of_them.containers] == [True]
    assert [each.complete for each in (few, all_of_them, some, whole)] == [False] * 3 + [True]


@pytest.mark.postgresql
def test_session_can_not_write_when_postgresql_is_open(postgres: ConnectionSpec) -> None:
    connector = open_connector(postgres)
    facts = connector.read_facts()
    with pytest.raises(SourceFault):
        connector._session.run("CREATE TABLE x (a int)")
    connector.close()
    assert facts.read_only
    assert facts.server_version.startswith("PostgreSQL")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "held", ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files", ""]
)
def test_role_is_privileged_when_it_reaches_the_servers_files(
    postgres: ConnectionSpec, held: str
) -> None:
    role = f"edge_{uuid.uuid4().hex[:8]}"
    between = f"{role}_group"
    given = f"GRANT {held} TO {between}" if held else "SELECT"
    run_postgres(
        postgres,
        f"CREATE ROLE {between}; CREATE ROLE {role} LOGIN PASSWORD 'pw' IN ROLE {between}; {given}",
    )
    try:
        connector = open_connector(replace(postgres, username=role, password="pw"))
        facts = connector.read_facts()
        connector.close()
    finally:
        run_postgres(postgres, f"DROP ROLE {role}; DROP ROLE {between}")
    assert facts.privileged == bool(held)


@pytest.mark.postgresql
def test_environment_leads_nowhere_when_it_names_another_server(
    postgres: ConnectionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1")
    connector = open_connector(postgres)
    assert connector.read_facts().read_only
    connector.close()


@pytest.mark.mysql
def test_session_can_not_write_when_mysql_is_open(mysql: ConnectionSpec) -> None:
    connector = open_connector(mysql)
    facts = connector.read_facts()
    with pytest.raises(SourceFault):
        connector._session.run("CREATE TABLE x (a int)")
    connector.close()
    assert facts.read_only


@pytest.mark.postgresql
def test_query_ends_when_postgresql_takes_too_long(postgres: ConnectionSpec) -> None:
    run_postgres(postgres, "CREATE VIEW slow AS SELECT pg_sleep(30)::text AS s")
    connector = make_connector(postgres, "", RunSettings(statement_timeout_seconds=1))
    with pytest.raises(SourceFault) as caught:
        connector.read_one(TableRef("public", "slow"))
    connector.close()
    assert caught.value.code == "query_timeout"


@pytest.mark.postgresql
def test_discovery_goes_on_when_postgresql_ends_the_connection(
    discover: Discover, fake: FakeServer, postgres: ConnectionSpec
) -> None:
    run_postgres(postgres, *(f"CREATE TABLE t{n:02} (a int)" for n in range(20)))
    ended: list[str] = []

    def end_connections(path: str) -> None:
        if path.endswith("/batches/1") and not ended:
            ended.append(path)
            run_postgres(
                postgres,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'datawave-edge' AND datname = current_database()",
            )

    fake.before_any = end_connections
    records = discover(postgres, "j", tables_per_batch=1)
    assert ended
    assert set(tables_of(records)) == {f"t{n:02}" for n in range(20)}
    assert fake.closes["j"].seen == 20
