"""The test of a connection names every grant that is missing, as SQL that then works."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import msgspec
import pytest

from datawave_edge.connectors import TableRef, make_connector
from datawave_edge.probe import _join, run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings, TestStep
from datawave_edge.protocol.control import MAX_HINT
from tests.edge_agent.conftest import run_mysql, run_postgres

replace = msgspec.structs.replace


@pytest.fixture
def pg_role(postgres: ConnectionSpec) -> Iterator[ConnectionSpec]:
    """A role that may do nothing, whose name needs quotes."""
    role = f"edge %s {uuid.uuid4().hex[:8]}"
    run_postgres(postgres, f'CREATE ROLE "{role}" LOGIN')
    yield replace(postgres, username=role)
    run_postgres(postgres, f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"')


@pytest.fixture
def my_user(mysql: ConnectionSpec) -> Iterator[ConnectionSpec]:
    user = f"edge_{uuid.uuid4().hex[:8]}"
    run_mysql(mysql, f"CREATE USER {user}@'%' IDENTIFIED BY 'pw'")
    yield replace(mysql, username=user, password="pw")
    run_mysql(mysql, f"DROP USER {user}@'%'")


def last_step(spec: ConnectionSpec) -> TestStep:
    return run_test(spec).steps[-1]


@pytest.mark.postgresql
def test_each_missing_grant_is_named_and_enough_when_postgresql_lacks_several(
    postgres: ConnectionSpec, pg_role: ConnectionSpec
) -> None:
    role = pg_role.username
    run_postgres(
        postgres,
        'CREATE SCHEMA "a b"',
        'CREATE TABLE "a b".one (x int)',
        'CREATE VIEW "a b"."t%wo" AS SELECT 1 AS x',
        "CREATE SCHEMA half",
        "CREATE TABLE half.may (x int)",
        'CREATE TABLE half."may""not" (x int)',
        f'GRANT USAGE ON SCHEMA half TO "{role}"',
        f'GRANT SELECT ON half.may TO "{role}"',
    )
    last = last_step(pg_role)
    assert (last.name, last.ok, last.code) == ("grants", False, "permission_denied")
    assert last.hint.splitlines() == [
        f'GRANT USAGE ON SCHEMA "a b" TO "{role}";',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "a b" TO "{role}";',
        f'GRANT SELECT ON "half"."may""not" TO "{role}";',
    ]
    run_postgres(postgres, *last.hint.splitlines())
    assert last_step(pg_role).name == "read_one"
    assert last_step(pg_role).ok


@pytest.mark.postgresql
def test_grant_is_not_asked_for_when_a_pattern_leaves_the_table_out(
    postgres: ConnectionSpec, pg_role: ConnectionSpec
) -> None:
    run_postgres(
        postgres,
        "CREATE TABLE open (x int)",
        "CREATE TABLE shut (x int)",
        "GRANT SELECT ON open TO PUBLIC",
    )
    assert "shut" in last_step(pg_role).hint
    assert last_step(replace(pg_role, exclude=["*.shut"])).ok


@pytest.mark.postgresql
def test_right_to_connect_is_named_when_postgresql_shuts_the_database(
    postgres: ConnectionSpec, pg_role: ConnectionSpec
) -> None:
    run_postgres(postgres, f"REVOKE CONNECT ON DATABASE {postgres.database} FROM PUBLIC")
    last = last_step(pg_role)
    assert (last.name, last.code) == ("authenticate", "permission_denied")
    expected = f'GRANT CONNECT ON DATABASE "{postgres.database}" TO "{pg_role.username}";'
    assert last.hint == expected
    run_postgres(postgres, last.hint)
    assert last_step(pg_role).ok


@pytest.mark.mysql
def test_each_missing_grant_is_named_and_enough_when_mysql_lacks_several(
    mysql: ConnectionSpec, my_user: ConnectionSpec
) -> None:
    database, user = mysql.database, my_user.username
    run_mysql(
        mysql,
        "CREATE TABLE one (x int)",
        "CREATE TABLE `t'``wo` (x int)",
        "CREATE TABLE three (x int)",
        f"GRANT INSERT ON {database}.one TO {user}@'%'",
        f"GRANT INSERT ON {database}.`t'``wo` TO {user}@'%'",
        f"GRANT SELECT ON {database}.three TO {user}@'%'",
    )
    last = last_step(my_user)
    assert (last.name, last.ok, last.code) == ("grants", False, "permission_denied")
    assert last.hint.splitlines() == [
        f"GRANT SELECT, SHOW VIEW ON `{database}`.`one` TO '{user}'@'%';",
        f"GRANT SELECT, SHOW VIEW ON `{database}`.`t'``wo` TO '{user}'@'%';",
    ]
    run_mysql(mysql, *last.hint.splitlines())
    steps = {each.name: each for each in run_test(my_user).steps}
    assert steps["read_one"].ok
    # Tables may still be hidden, and the step that lists says how to see them.
    assert f"GRANT SELECT, SHOW VIEW ON `{database}`.* TO '{user}'@'%';" in steps["list"].hint


@pytest.mark.mysql
def test_nothing_is_asked_for_when_a_role_or_the_database_grants_it(
    mysql: ConnectionSpec, my_user: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE one (x int)",
        f"GRANT SELECT ON {mysql.database}.* TO {my_user.username}@'%'",
    )
    steps = {each.name: each for each in run_test(my_user).steps}
    assert steps["grants"].ok
    assert steps["list"].hint == ""


@pytest.mark.mysql
def test_database_is_named_when_mysql_lets_the_user_see_nothing_of_it(
    mysql: ConnectionSpec, my_user: ConnectionSpec
) -> None:
    last = last_step(my_user)
    assert (last.name, last.code) == ("authenticate", "permission_denied")
    run_mysql(mysql, last.hint, "CREATE TABLE one (x int)")
    assert last_step(my_user).ok


@pytest.mark.mysql
def test_grants_work_as_they_are_when_the_account_is_for_one_host(mysql: ConnectionSpec) -> None:
    user = f"o'b %s {uuid.uuid4().hex[:8]}"
    account = f"'{user.replace(chr(39), chr(39) * 2)}'@'127.0.0.%'"
    spec = replace(mysql, host="127.0.0.1", username=user, password="pw")
    run_mysql(mysql, f"CREATE USER {account} IDENTIFIED BY 'pw'", "CREATE TABLE one (x int, y int)")
    try:
        shut = last_step(spec)
        assert (shut.name, shut.code) == ("authenticate", "permission_denied")
        run_mysql(mysql, f"GRANT INSERT ON {mysql.database}.one TO {account}")
        seen = last_step(spec)
        run_mysql(mysql, seen.hint, f"REVOKE ALL, GRANT OPTION FROM {account}", shut.hint)
        assert last_step(spec).ok
    finally:
        run_mysql(mysql, f"DROP USER {account}")


@pytest.mark.mysql
def test_hidden_columns_are_told_with_their_grant_when_the_account_may_read_some(
    mysql: ConnectionSpec, my_user: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE one (x int, y int)",
        f"GRANT SELECT (x) ON {mysql.database}.one TO {my_user.username}@'%'",
    )
    steps = {each.name: each for each in run_test(my_user).steps}
    # What may be read is read, so it is no failure.
    assert (steps["grants"].ok, steps["read_one"].ok) == (True, True)
    assert "hidden" in steps["grants"].message
    run_mysql(mysql, steps["grants"].hint)
    after = {each.name: each for each in run_test(my_user).steps}["grants"]
    assert ("hidden" in after.message, after.hint) == (False, "")


def test_statements_stay_whole_when_there_are_too_many_to_tell() -> None:
    many = [f"GRANT SELECT ON schema.table_{n:05} TO reader;" for n in range(5_000)]
    told = _join(many)
    assert len(told) <= MAX_HINT
    *kept, more = told.splitlines()
    assert kept == many[: len(kept)]
    assert more == f"-- and {5_000 - len(kept):,} more"
    assert _join(many[:2]).splitlines() == many[:2]


@pytest.mark.postgresql
def test_hint_tells_what_is_missing_and_no_more_when_a_relation_is_refused(
    postgres: ConnectionSpec, pg_role: ConnectionSpec
) -> None:
    role = pg_role.username
    run_postgres(
        postgres,
        "CREATE TABLE shut (x int)",
        "CREATE FUNCTION price() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION price() FROM PUBLIC",
        "CREATE VIEW priced AS SELECT price() AS x",
        f'GRANT SELECT ON priced TO "{role}"',
    )
    connector = make_connector(pg_role, "", RunSettings())
    connector.connect()
    assert connector.grant_hint(TableRef("public", "shut")) == (
        f'GRANT SELECT ON "public"."shut" TO "{role}";'
    )
    behind = connector.grant_hint(TableRef("public", "priced"))
    assert behind.startswith("The role may read it, but not all that it uses: grant EXECUTE")
    connector.close()
