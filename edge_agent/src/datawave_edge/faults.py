"""What can go wrong with a source, as codes with fixed sentences.

A driver's own text can repeat a value, so it never leaves the host: it is read here only to choose
a code.
"""

from __future__ import annotations

import re
import socket
import sqlite3
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .entry_advice import advise
from .postgresql_words import LIBPQ, POOLER, SQLSTATES


@dataclass(frozen=True)
class Advice:
    """What a person is told about a code."""

    message: str
    hint: str = ""
    retry: bool = False


ADVICE: Final[dict[str, Advice]] = {
    "host_unresolved": Advice("The host name was not found.", "Check the spelling and the DNS."),
    "address_refused": Advice(
        "No database may be at this address.",
        "Link-local, multicast and unspecified addresses are refused.",
    ),
    "address_changed": Advice(
        "The connection ended at another address than the one that was checked.",
        "Ask whoever runs the network or the DNS why; a host that sends its clients on must be"
        " given by the name it sends them to.",
    ),
    "host_unreachable": Advice(
        "The host can't be reached from the agent.", "Check routes and firewalls.", retry=True
    ),
    "connect_refused": Advice(
        "The host refuses the connection.", "Check the port and that the server runs.", retry=True
    ),
    "connect_timeout": Advice(
        "The host did not answer in time.", "Check the port and the firewall.", retry=True
    ),
    "tls_failed": Advice(
        "No secure connection could be made.",
        "Check that the server offers TLS and that its certificate fits the host name. There are"
        " three ways out: name the authority that signed it in DATAWAVE_CA_FILE on the agent's"
        " host; choose “Required” in the source, which encrypts without proving who answers; or"
        " choose “Off” in a network that you trust.",
    ),
    "auth_failed": Advice(
        "The server refused the sign-in.",
        "Check user name and password, and that this host may connect.",
    ),
    "database_missing": Advice("The database does not exist.", "Check the database's name."),
    "file_missing": Advice("The file was not found.", "Check the path on the agent's host."),
    "file_unreadable": Advice("The file can't be opened.", "Let the agent's user read the file."),
    "not_a_database": Advice(
        "The file is not a database of this kind, or it is damaged.",
        "Check the path and the kind of database.",
    ),
    "file_broken": Advice(
        "The file can't be read as what its name says it is.",
        "It may be cut off, of another format or in another encoding: repair it, or leave it out"
        " with a pattern.",
    ),
    "permission_denied": Advice(
        "The role may not read this.", "Grant it SELECT on the table and USAGE on its schema."
    ),
    "not_read_only": Advice(
        "The database did not make the session read-only, so nothing was read.",
        "A proxy or pooler in between may have dropped the setting: give the source the"
        " database's own host and port, or let the pooler keep one session for each client.",
    ),
    "driver_missing": Advice(
        "The driver for this kind of database is not installed.",
        "Install datawave-edge with the extra of that database.",
    ),
    "dialect_refused": Advice(
        "The agent may not use this SQLAlchemy dialect.",
        "Let the agent's administrator allow it in DATAWAVE_DIALECTS.",
    ),
    "query_timeout": Advice("A query took longer than allowed.", "Raise the statement timeout."),
    "budget_spent": Advice(
        "The run may cost the database no more, so only the structure was read.",
        "Raise the source's budget, or let the next run go on.",
    ),
    "table_missing": Advice("The table is no longer there."),
    "connection_lost": Advice("The connection to the database was lost.", retry=True),
    "secret_missing": Advice(
        "The agent does not have the password.", "Set the named variable or file on its host."
    ),
    "source_busy": Advice("The database is busy or locked.", "Try again later.", retry=True),
    "view_broken": Advice("The view can't be read.", "It may name a dropped table or column."),
    "unsupported": Advice("The agent can't read this."),
    "record_refused": Advice("The description did not pass the check before sending."),
    "batch_refused": Advice("The server refused a batch of the run."),
    "description_refused": Advice(
        "The server did not accept the description of this table.",
        "Bring agent and server to one version, then discover again.",
    ),
    "spool_lost": Advice(
        "The server lacks batches that the agent no longer keeps: one of them was set back.",
        "Resume the run: the tables in them are read again.",
        retry=True,
    ),
    "spool_failed": Advice(
        "The agent can't write its spool.", "Free space on the agent's disk.", retry=True
    ),
    "cancelled": Advice("The run was cancelled."),
    "internal": Advice("The agent met an error of its own."),
}  # fmt: skip


class SourceFault(Exception):
    """A fault with its code; the message is the fixed sentence of that code."""

    def __init__(self, code: str, *, hint: str = "") -> None:
        advice = ADVICE[code]
        super().__init__(advice.message)
        self.code = code
        self.message = advice.message
        self.hint = hint or advice.hint
        self.retry = advice.retry


def fault_of(error: BaseException) -> SourceFault:
    """Choose the code for an error of a driver, the network or the agent itself."""
    if isinstance(error, SourceFault):
        return error
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, ModuleNotFoundError):
        return SourceFault("driver_missing")
    # A dialect knows the errors of its driver by which a connection is over.
    is_over = getattr(error, "connection_invalidated", False)
    code = _code_of(cause)
    code = "connection_lost" if is_over and code == "internal" else code
    return SourceFault(code, hint=advise(code, cause))


def _code_of(cause: BaseException) -> str:
    family = type(cause).__module__.partition(".")[0]
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause)
    of_driver = _DRIVERS.get(family)
    if of_driver is not None:
        return of_driver(cause)
    return _network_code(cause) or _foreign_code(cause)


_NETWORK: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "host_unresolved"),
    # Of a text that a driver can't encode or decode: it says nothing about the network.
    (UnicodeError, "internal"),
    (ssl.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connect_refused"),
    (ConnectionResetError, "connection_lost"),
    (BrokenPipeError, "connection_lost"),
    (TimeoutError, "connect_timeout"),
    (OSError, "host_unreachable"),
)


def _network_code(cause: BaseException) -> str:
    return next((code for kind, code in _NETWORK if isinstance(cause, kind)), "")


_SQLITE: Final[tuple[tuple[str, str], ...]] = (
    ("not a database", "not_a_database"),
    ("malformed", "not_a_database"),
    ("unable to open", "file_unreadable"),
    # What was left half done beside the file has to be ended first, which only a writer can.
    ("readonly database", "file_unreadable"),
    ("locked", "source_busy"),
    ("busy", "source_busy"),
    ("interrupted", "query_timeout"),
    ("no such table: main", "view_broken"),
    ("no such column", "view_broken"),
    ("no such table", "table_missing"),
    ("no such module", "unsupported"),
    ("no such function", "unsupported"),
    ("authoriz", "permission_denied"),
    ("disk i/o", "connection_lost"),
)


def _sqlite_code(cause: sqlite3.Error) -> str:
    text = str(cause).lower()
    return next((code for mark, code in _SQLITE if mark in text), "internal")


def _psycopg_code(cause: BaseException) -> str:
    state, text = getattr(cause, "sqlstate", None), str(cause).lower()
    if state and state != POOLER:
        return next((code for prefix, code in SQLSTATES if state.startswith(prefix)), "internal")
    # A value that the driver can't make out, such as a date of year 10000, is no lost connection.
    other = "unsupported" if type(cause).__name__ == "DataError" else "connection_lost"
    return next((code for pattern, code in LIBPQ if re.search(pattern, text)), other)


_MYSQL: Final[dict[int, str]] = {
    **dict.fromkeys((1045, 1130, 1698, 1862, 2061, 1251, 4151), "auth_failed"),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1345, 1370, 1410), "permission_denied"),
    **dict.fromkeys((1146, 1051, 1932), "table_missing"),
    **dict.fromkeys((2006, 2013, 2055, 1927, 1053, 1317, 0), "connection_lost"),
    **dict.fromkeys((1040, 1203, 1205, 1213, 1226), "source_busy"),
    **dict.fromkeys((1969, 3024), "query_timeout"),
    # What it names is gone, its definer too, or a row can't be reckoned.
    **dict.fromkeys((1356, 1054, 1305, 1242, 1267, 1292, 1365, 1449, 1690), "view_broken"),
    **dict.fromkeys((126, 127, 144, 145, 1034, 1194, 1195, 1712), "unsupported"),  # damaged
    1049: "database_missing",
    2026: "tls_failed",
    3159: "tls_failed",
}


def _pymysql_code(cause: BaseException) -> str:
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else -1
    inner = getattr(cause, "original_exception", None) or cause.__cause__
    if number == 2003 and inner is not None:  # noqa: PLR2004 - the client's "can't connect"
        return _network_code(inner) or "connect_refused"
    if number == -1 and "cryptography" in str(cause):
        return "driver_missing"
    return _MYSQL.get(
        number, "connection_lost" if type(cause).__name__ == "InterfaceError" else "internal"
    )


_DUCKDB: Final = {
    "InterruptException": "query_timeout",
    "PermissionException": "permission_denied",
    "CatalogException": "view_broken",
    "BinderException": "view_broken",
    "ConversionException": "view_broken",
    "OutOfRangeException": "view_broken",
    "InvalidInputException": "view_broken",
    "OutOfMemoryException": "unsupported",
    "NotImplementedException": "unsupported",
    "SerializationException": "not_a_database",
    "ConnectionException": "connection_lost",
    "IOException": "file_unreadable",
}


def _duckdb_code(cause: BaseException) -> str:
    kind, text = type(cause).__name__, str(cause).lower()
    if kind == "IOException" and "lock" in text:
        return "source_busy"
    if kind == "IOException" and re.search(r"not a valid duckdb|version number|corrupt", text):
        return "not_a_database"
    return _DUCKDB.get(kind, "internal")


_MSSQL: Final[dict[int, str]] = {
    **dict.fromkeys((18456, 18452, 18470, 18486, 18487, 18488), "auth_failed"),
    **dict.fromkeys((229, 230, 262, 297, 300, 916), "permission_denied"),
    **dict.fromkeys((4060, 911), "database_missing"),
    **dict.fromkeys((1222, 1205, 17809), "source_busy"),
    **dict.fromkeys((207, 4413, 4502), "view_broken"),
    208: "table_missing",
    3617: "query_timeout",
}


def _pytds_code(cause: BaseException) -> str:
    found = _MSSQL.get(getattr(cause, "msg_no", 0) or getattr(cause, "number", 0) or 0)
    if found:
        return found
    kind, text = type(cause).__name__, str(cause).lower()
    if kind == "TimeoutError":
        return "query_timeout"
    if kind == "LoginError":
        return "auth_failed"
    if re.search(r"certificate|tls|ssl|encrypt", text):
        return "tls_failed"
    if kind in ("ClosedConnectionError", "InterfaceError") or "closed" in text:
        return "connection_lost"
    return "internal"


_ORACLE: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("ORA-01017", "ORA-28000", "ORA-28001", "ORA-01045", "ORA-28009"), "auth_failed"
    ),
    **dict.fromkeys(("ORA-01031", "ORA-41900", "ORA-00990"), "permission_denied"),
    **dict.fromkeys(("ORA-12514", "ORA-12505", "DPY-6001", "DPY-6003"), "database_missing"),
    **dict.fromkeys(("ORA-01013", "DPY-4024"), "query_timeout"),
    **dict.fromkeys(("ORA-00054", "ORA-12516", "ORA-12520", "ORA-00018"), "source_busy"),
    **dict.fromkeys(("ORA-04063", "ORA-00904", "ORA-01445", "ORA-06553"), "view_broken"),
    **dict.fromkeys(
        ("ORA-03113", "ORA-03114", "ORA-03135", "ORA-12537", "ORA-00028", "DPY-4011", "DPY-1001"),
        "connection_lost",
    ),
    "ORA-00942": "table_missing",
    "ORA-01555": "source_busy",
    "DPY-6005": "connect_refused",
    "DPY-6000": "connect_refused",
    "ORA-29024": "tls_failed",
    "DPY-3010": "unsupported",
}


def _oracle_code(cause: BaseException) -> str:
    first = cause.args[0] if cause.args else None
    code = str(getattr(first, "full_code", "") or "")
    inner = cause.__cause__
    if code.startswith("DPY-600") and inner is not None and _network_code(inner):
        return _network_code(inner)
    return _ORACLE.get(code, "internal")


_FOREIGN: Final[tuple[tuple[str, str], ...]] = (
    (r"timed? ?out|timeout|cancell?ed", "query_timeout"),
    (r"read[- ]only|permission|privilege|not authori[sz]ed|access denied|no access",
     "permission_denied"),
    (r"password|authenticat|log[io]n|credential", "auth_failed"),
    (r"database .*(not exist|not found|unknown)|unknown database|no such file",
     "database_missing"),
    (r"table unknown|(table|view|relation|object) .*(not exist|not found|unknown)|no such table",
     "table_missing"),
    (r"connection .*(closed|lost|reset|broken|shut ?down)|broken pipe|end of file",
     "connection_lost"),
    (r"refused|unable to complete network request", "connect_refused"),
    (r"deadlock|lock conflict|too many", "source_busy"),
)  # fmt: skip
# States that databases give for too many things.
_VAGUE: Final = ("08", "28", "42000", "HY")
# By the names that every driver gives its errors, and SQLAlchemy its own.
_CLASSES: Final = {
    "NotSupportedError": "unsupported",
    "ProgrammingError": "view_broken",
    "DataError": "view_broken",
    "NoSuchTableError": "table_missing",
    "UnreflectableTableError": "view_broken",
    "CompileError": "unsupported",
    "UnsupportedCompilationError": "unsupported",
}


def _foreign_code(cause: BaseException) -> str:
    """The code for a driver that nobody here knows: by standard state, then by what it says."""
    inner = cause.__cause__ or cause.__context__
    if inner is not None and _network_code(inner):
        return _network_code(inner)
    state = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    standard = (("42S02", "table_missing"), ("HYT", "query_timeout"), *SQLSTATES)
    by_state = next((code for prefix, code in standard if state.startswith(prefix)), "")
    text = str(cause).lower()
    by_text = next((code for pattern, code in _FOREIGN if re.search(pattern, text)), "")
    first, second = (by_text, by_state) if state.startswith(_VAGUE) else (by_state, by_text)
    return first or second or _CLASSES.get(type(cause).__name__, "internal")


_DRIVERS: Final[dict[str, Callable[[BaseException], str]]] = {
    "psycopg": _psycopg_code,
    "pymysql": _pymysql_code,
    "duckdb": _duckdb_code,
    "_duckdb": _duckdb_code,
    "pytds": _pytds_code,
    "oracledb": _oracle_code,
}
