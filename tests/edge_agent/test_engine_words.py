"""Words of other engines: types by name, and errors by code without a word of theirs."""

from __future__ import annotations

from collections.abc import Callable

import oracledb
import pymysql
import pytds
import pytest

from datawave_edge.connectors.mssql import normal_mssql_type
from datawave_edge.connectors.oracle import normal_oracle_type
from datawave_edge.faults import fault_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (pytds.LoginError("Login failed for user 'Zqx'"), "auth_failed"),
        (pytds.ClosedConnectionError(), "connection_lost"),
        (pytds.OperationalError("TLS handshake with Zqx"), "tls_failed"),
        (pytds.ProgrammingError("row Zqx"), "internal"),
    ],
)
def test_fault_has_its_code_when_sql_server_fails(error: Exception, code: str) -> None:
    fault = fault_of(error)
    assert fault.code == code
    assert "Zqx" not in f"{fault.message}{fault.hint}"


def test_encryption_is_advised_when_mysql_demands_it() -> None:
    told = "Connections using insecure transport are prohibited, Zqx"
    fault = fault_of(pymysql.OperationalError(3159, told))
    assert fault.code == "tls_failed"
    assert "without encryption" in fault.hint
    assert "Zqx" not in fault.hint


@pytest.mark.parametrize(
    ("number", "code"), [(18456, "auth_failed"), (229, "permission_denied"), (4060,
     "database_missing"), (208, "table_missing"), (1222, "source_busy"), (4413, "view_broken")]
)  # fmt: skip
def test_number_has_its_code_when_sql_server_tells_one(number: int, code: str) -> None:
    error = pytds.OperationalError("row Zqx")
    error.msg_no = number
    assert fault_of(error).code == code


@pytest.mark.parametrize(
    ("full_code", "code"), [("ORA-01017", "auth_failed"), ("ORA-01031", "permission_denied"),
     ("ORA-12514", "database_missing"), ("DPY-4024", "query_timeout"),
     ("ORA-04063", "view_broken"), ("ORA-03113", "connection_lost"), ("ORA-99999", "internal")]
)  # fmt: skip
def test_code_of_oracle_has_its_own_when_told(full_code: str, code: str) -> None:
    class Told:
        pass

    told = Told()
    told.full_code = full_code
    fault = fault_of(oracledb.DatabaseError(told))
    assert fault.code == code


@pytest.mark.parametrize(
    ("normal", "natives"),
    [
        (normal_mssql_type, {"tinyint": "integer", "smalldatetime": "datetime", "xml": "text",
                             "datetimeoffset": "datetime", "money": "decimal", "time": "time",
                             "rowversion": "binary", "geography": "geometry", "real": "float"}),
        (normal_oracle_type, {"NUMBER": "decimal", "FLOAT": "float", "TIMESTAMP(6)": "datetime",
                              "NVARCHAR2(9)": "text", "INTERVAL DAY(2) TO SECOND(6)": "interval",
                              "LONG RAW": "binary", "ROWID": "other", "JSON": "json"}),
    ],
)  # fmt: skip
def test_type_has_its_kind_when_an_engine_calls_it_so(
    normal: Callable[[str], str], natives: dict[str, str]
) -> None:
    assert {native: normal(native) for native in natives} == natives
