"""Passwords and hosts that are not ASCII."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from datawave_edge.connectors import make_connector
from datawave_edge.faults import SourceFault, fault_of
from datawave_edge.probe import run_test
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_mysql

replace = msgspec.structs.replace


@pytest.mark.mysql
@pytest.mark.parametrize("password", ["5€ok", "größe", "пароль"])
def test_mysql_lets_in_when_the_password_is_not_ascii(mysql: ConnectionSpec, password: str) -> None:
    user = f"edge_{uuid.uuid4().hex[:8]}"
    run_mysql(
        mysql,
        f"CREATE USER {user} IDENTIFIED BY '{password}'",
        f"GRANT SELECT, SHOW VIEW ON `{mysql.database}`.* TO {user}",
    )
    try:
        steps = run_test(replace(mysql, username=user, password=password)).steps
    finally:
        run_mysql(mysql, f"DROP USER {user}")
    assert [step.name for step in steps if not step.ok] == []


@pytest.mark.parametrize("host", ["a" * 64, f"db.{'a' * 64}.example"])
def test_host_is_not_found_when_a_part_of_its_name_is_too_long(host: str) -> None:
    spec = ConnectionSpec(engine="postgresql", host=host, database="x", username="x")
    last = run_test(spec).steps[-1]
    assert (last.name, last.code) == ("resolve", "host_unresolved")
    with pytest.raises(SourceFault) as caught:
        make_connector(spec, "", RunSettings()).connect()
    assert caught.value.code == "host_unresolved"


def test_host_is_not_blamed_when_a_text_can_not_be_encoded() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "5€ok".encode("latin-1")
    assert fault_of(caught.value).code == "internal"
