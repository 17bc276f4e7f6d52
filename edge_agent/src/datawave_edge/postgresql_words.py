"""How PostgreSQL, libpq and poolers tell what went wrong, and the code for each."""

from __future__ import annotations

from typing import Final

# By the standard's states, which other databases tell too.
SQLSTATES: Final[tuple[tuple[str, str], ...]] = (
    ("28", "auth_failed"),
    ("25006", "permission_denied"),
    ("3D", "database_missing"),
    ("42501", "permission_denied"),
    ("42P01", "table_missing"),
    ("3F000", "table_missing"),
    ("57014", "query_timeout"),
    ("55P03", "source_busy"),
    ("55", "view_broken"),
    ("53", "source_busy"),
    ("57P03", "source_busy"),
    ("57P", "connection_lost"),
    ("08", "connection_lost"),
    ("0A", "unsupported"),
    ("40", "source_busy"),
    ("42", "view_broken"),
    ("22", "view_broken"),
    ("HV", "unsupported"),
)
# What PgBouncer gives for all that is its own; only its words tell more.
POOLER: Final = "08P01"
# By text, where there is no state: of libpq itself, and of who ends a connection as it opens.
LIBPQ: Final[tuple[tuple[str, str], ...]] = (
    # First, for within TLS it is called an SSL error.
    (r"eof detected|reset by peer|broken pipe|unexpected eof", "connection_lost"),
    (r"query_wait_timeout|no more connections", "source_busy"),
    (r"query timeout", "query_timeout"),
    # It allows no transaction, so none that only reads.
    (r"statement pooling mode", "not_read_only"),
    (r"requirement .*cleartext|requested a cleartext|client certificate", "auth_failed"),
    (r"translate host name|name or service|nodename|no address", "host_unresolved"),
    (r"connection refused", "connect_refused"),
    (r"timeout expired|timed out", "connect_timeout"),
    (r"no route|unreachable", "host_unreachable"),
    (r"no pg_hba\.conf|password|authentication|role .* does not exist", "auth_failed"),
    (r'database ".*" does not exist|no such database', "database_missing"),
    (r"permission denied for database", "permission_denied"),
    (r"ssl|certificate|tls", "tls_failed"),
    (r"too many|connection slots|starting up|shutting down", "source_busy"),
    (r"login has been failing|cannot connect to server", "connect_refused"),
    (r"closed|lost|terminat|consuming input|reset", "connection_lost"),
)
