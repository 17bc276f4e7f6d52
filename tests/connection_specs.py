"""Connections that must not be made: each is a valid one with one field changed to a trap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

# Read beside the agent: a file or a folder.
FILE_ENGINES: Final = ("sqlite", "duckdb", "files")
SERVER_ENGINES: Final = ("postgresql", "mysql", "mssql", "oracle", "sqlalchemy")


class Trap(NamedTuple):
    """A changed field of an engine's connection."""

    engine: str
    field: str
    value: Any


_HOSTS: Final = (
    "", "/var/run/postgresql", "/tmp/mysql.sock", "@abstract", "a,b", "a:1,b:2", "a,/tmp", "a b",
    "db?host=/tmp", "db?hostaddr=127.0.0.1", "db?host=a&host=b", "db?read_default_file=/etc/my.cnf",
    "db?unix_socket=/tmp/s", "db?service=x", "db?options=-c%20x", "postgresql://x", "mysql://x/y",
    "postgresql+psycopg://u@x:1/y?host=/tmp", "jdbc:mysql://x", "http://169.254.169.254/", "u@db",
    "u:p@db", "db:5432", "db/x", "db#x", "db;x", "db|x", "db&x", "db=x", "host=db", "hostaddr=::1",
    "db' host='x", 'db" host="x', "db\\x", "\\\\.\\pipe\\mysql", " db", "db ", "db\t", "db\n",
    "db\r\nx", "\x00", "db\x00x", "db\x7f", "[::1]", "[::1]:5432", "fe80::1%eth0", "::1%lo",
    "2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1", "127.0.1", "0177.0.0.1",
    "0x7f.0.0.1", "127.0.0.256", "256.256.256.256", "1.2.3.4.5", "1", "0", "127.0.0.08", "::1::",
    "1:2:3", "%31", "127.0.0.1%00", "..", ".db", "db..x", "-db", "db-", "ünï.example", "db。x",
    "１２７．０．０．１", "a" * 254, "$(hostname)", "${HOST}", "{{host}}", "db`x`", "*", "~",
    "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
    "::ffff:169.254.169.254",
)  # fmt: skip
_DATABASES: Final = (
    "postgresql://h/x", "postgres://h/x", "mysql://h/x", "host=x", "dbname=x host=/tmp",
    "x?host=/tmp", "x?hostaddr=127.0.0.1", "x?options=-cx", "?read_default_file=/etc/my.cnf",
    "x?unix_socket=/tmp/s", "x?init_command=SELECT", "x?local_infile=1", "x?ssl_ca=/etc/passwd",
    "x?sslkey=/etc/passwd", "service=x", "passfile=/etc/passwd", "x\x00", "x\ny", "x\ry", "x\x1b",
    "x" * 1_001,
)  # fmt: skip
_SECRETS: Final = (
    "env:DATAWAVE_TOKEN", "env:", "env:A B", "env:A\n", "env:../x", "env:1A", "env:A;B", "file:",
    "file:/etc/passwd", "file:../x", "file:..", "file:.x", "file:a/b", "file:a\\b", "cmd:ls",
    "http://x", "secret", "$(x)", "env:Ä", "vault:x",
)  # fmt: skip
_FILES: Final = (
    "", " ", ":memory:", "file:x.db", "file:x?mode=rwc", "file:///x", "FILE:x", "file::memory:",
    "file:x?vfs=unix-none", "sqlite:///x", "sqlite+pysqlite:///x", "http://x/y.db", "x://y",
    "x.db\x00", "x\ny.db", "x" * 1_001,
)  # fmt: skip
# DuckDB and folders take absolute paths alone: none of these may lead to a file elsewhere.
_PLACES: Final = (
    *_FILES, "data", "./data", "../data", "~/data", "/data/../etc", "/data/..", "/..", "..",
    "/data/*.csv", "/data/?", "/data/[ab]", "/data/**/x", "/data?access_mode=read_write",
    "duckdb:///data/x", "duckdb:/data/x", "md:", "md:crm", "motherduck:crm", "MD:crm", "s3://b/x",
    "gcs://b/x", "az://b/x", "hf://x", "https://x/y.parquet", "http://169.254.169.254/latest",
    "ATTACH '/etc/passwd' AS x", "x'; ATTACH '/tmp/x' AS x; --", "'/data'", '"/data"',
    "/data\x00/x", "/data\n", "C:data", "C:\\data\\..\\x", "\\\\?\\C:\\x",
)  # fmt: skip
_ENGINES: Final = (
    "", "POSTGRESQL", "postgres", "postgresql+psycopg", "mysql+mysqldb", "sqlite+pysqlite", "h2",
    "shillelagh", "gsheets", "odbc", "../mysql", "contract", "__init__", "mysql\n",
)  # fmt: skip
# Nothing but the name of a dialect that no connector of ours serves.
_DIALECTS: Final = (
    "", " ", "Elephant", "ELEPHANT", "elephant ", " elephant", "elephant\n", "elephant\x00", "1st",
    "_x", "+driver", "elephant+", "a+b+c", "a.b", "a:b", "a/b", "../a", "a-b", "a b", "a;b", "a,b",
    "élan", "elephant://h/d", "elephant+x://u:p@h/d?plugin=x", "elephant?plugin=x", "a@h", "a#b",
    "a&b", "a=b", "$(a)", "{a}", "os.system", "elephant.psycopg", "x" * 65,
    # Each has a connector of its own, reads files of the agent's host, or both.
    "postgresql", "postgresql+psycopg", "postgresql+pg8000", "postgres", "mysql", "mysql+pymysql",
    "mariadb", "mariadb+mariadbconnector", "mssql+pyodbc", "oracle+oracledb", "duckdb", "sqlite",
    "sqlite+pysqlcipher", "pysqlite", "shillelagh", "gsheets", "access+pyodbc", "chdb", "csv",
    "libsql", "turso", "motherduck",
)  # fmt: skip
# Where a driver makes one text of all fields, each of these would be an option or a path.
_DRIVEN: Final = {
    "database": (
        "/data/x.fdb", "C:\\x.fdb", "../x", "a/b", "a;PROTOCOL=file", "a b", "a:b", "a'b", 'a"b',
        "{a}", "a,b", "a&b", "é", "x" * 129,
    ),
    "username": ("u;Trusted=yes", "u:p", "u/p", "u v", "{u}", "u'v", 'u"v', "u?x", "é"),
    "password": ("p;x=y", "p q", "p{", "p}", "p'", 'p"', "p\\", "p\n", "p\x00"),
    "port": (None,),
    "tls": ("require", "verify-full"),
}  # fmt: skip
_TLS: Final = ("off", "allow", "VERIFY-FULL", "verify-ca", "no", "prefer;x")
# Settings of drivers that no door knows.
FOREIGN_FIELDS: Final = (
    "url", "dsn", "query", "options", "extra", "connect_args", "hostaddr", "service", "passfile",
    "read_default_file", "unix_socket", "init_command", "local_infile", "sslrootcert", "attach",
    "named_pipe", "plugin_dir", "creator", "plugin", "drivername", "module",
)  # fmt: skip


# What a resolver says of one name, question by question: the first answer is good.
REBINDINGS: Final = (
    (("127.0.0.1",), ("169.254.169.254",)),
    (("127.0.0.1",), ("fd00:ec2::254",)),
    (("127.0.0.1",), ("127.0.0.1", "169.254.169.254")),
    (("127.0.0.1",), ("::ffff:169.254.169.254",)),
    (("127.0.0.1",), ("0.0.0.0",)),
)


def make_traps() -> Iterator[Trap]:
    """About 900, each refused for its own field."""
    for engine in SERVER_ENGINES:
        for field, values in (
            ("host", _HOSTS),
            ("database", _DATABASES),
            ("secret_ref", _SECRETS),
            ("port", (0, -1, 65_536, 2**31)),
            ("username", ("", " ", "u\x00", "u\nv", "x" * 201)),
            ("tls", _TLS),
        ):
            yield from (Trap(engine, field, value) for value in values)
    yield from (Trap("sqlalchemy", "dialect", value) for value in _DIALECTS)
    for field, values in _DRIVEN.items():
        yield from (Trap("sqlalchemy", field, value) for value in values)
    yield from (
        Trap(each, "dialect", "elephant") for each in (*FILE_ENGINES, "postgresql", "mysql")
    )
    yield from (Trap("sqlite", "database", value) for value in _FILES)
    for engine in FILE_ENGINES:
        if engine != "sqlite":
            yield from (Trap(engine, "database", value) for value in _PLACES)
        for field, value in (
            ("host", "db"), ("port", 5432), ("username", "u"), ("secret_ref", "env:A"),
            ("password", "p"),
        ):  # fmt: skip
            yield Trap(engine, field, value)
    yield from (Trap("postgresql", "engine", value) for value in _ENGINES)


def make_valid(engine: str) -> dict[str, Any]:
    """A connection that each door takes."""
    server = {"host": "db.example.test", "port": None, "username": "reader", "tls": "prefer"}
    if engine in FILE_ENGINES:
        server = {"host": "", "port": None, "username": "", "tls": "prefer"}
    database = "/data/crm" if engine in FILE_ENGINES else "crm"
    dialect = {"dialect": "elephant", "port": 4711} if engine == "sqlalchemy" else {"dialect": ""}
    return {"engine": engine, "database": database, "secret_ref": "", **server, **dialect}
