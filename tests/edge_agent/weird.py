"""A PostgreSQL database of everything odd that a catalogue can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

WIDEST: Final = 1_600
# Relation -> kind. Whatever is here must arrive, under this very name.
RELATIONS: Final = {
    "types": "table", "wide": "table", "nothing": "table", "Ünïcode": "table", 'q"uo"te': "table",
    "do.ts.in": "table", "per%cent%s%(x)s": "table", "emoji 🙂": "table", "עברית": "table",
    "x" * 63: "table", "cyclic_a": "table", "cyclic_b": "table", "self": "table",
    "secured": "table",
    "by_range": "table", "by_range_1": "partition", "by_range_rest": "partition",
    "by_hash": "table", "by_hash_0": "partition", "sub": "partition", "sub_a": "partition",
    "ancestor": "table", "heir": "table", "unlogged": "table", "far": "foreign_table",
    "seen": "view", "deep_5": "view", "broken": "view", "slow": "view",
    "counted": "materialized_view",
    "empty_counted": "materialized_view", "denied": "table",
    **{f"deep_{n}": "view" for n in range(5)},
}  # fmt: skip

_TYPES: Final = (
    "smallint", "bigint", "numeric", "numeric(1000,500)", "real", "double precision", "money",
    "char", '"char"', "char(9)", "varchar", "varchar(9)", "text", "name", "bytea", "bit(3)",
    "bit varying(9)", "boolean", "date", "time", "timetz", "timestamp(3)", "timestamptz",
    "interval", "interval year to month", "uuid", "json", "jsonb", "jsonpath", "xml", "inet",
    "cidr", "macaddr",
    "macaddr8", "point", "line", "lseg", "box", "path", "polygon", "circle", "tsvector", "tsquery",
    "int4range", "nummultirange", "oid", "regclass", "pg_lsn", "pg_snapshot", "int[]", "text[][]",
    "odd.mail", "odd.deep_domain", "odd.mood", "odd.mood[]", "odd.pair", "odd.pair[]", "odd.span",
)  # fmt: skip


def make_statements() -> Iterator[str]:
    """Everything lies in the schema "odd", and each name of RELATIONS once."""
    yield "CREATE SCHEMA odd"
    yield "CREATE SCHEMA empty"
    yield "CREATE DOMAIN odd.mail AS varchar(80) NOT NULL CHECK (VALUE LIKE '%@%')"
    yield "CREATE DOMAIN odd.deep_domain AS odd.mail DEFAULT 'a@b.example'"
    yield "CREATE TYPE odd.mood AS ENUM ('sad', 'it''s ok', '')"
    yield "CREATE TYPE odd.pair AS (a int, b text)"
    yield "CREATE TYPE odd.span AS RANGE (subtype = float8)"
    yield (
        "CREATE TABLE odd.types ("
        + ", ".join(f'"c{n} {kind.replace(chr(34), "")}" {kind}' for n, kind in enumerate(_TYPES))
        + ")"
    )
    yield f"CREATE TABLE odd.wide ({', '.join(f'c{n} bool' for n in range(WIDEST))})"
    yield "CREATE TABLE odd.nothing ()"
    for name in RELATIONS:
        if not name.isascii() or not name.isidentifier() or len(name) == 63:
            quoted = '"' + name.replace('"', '""') + '"'
            yield f"CREATE TABLE odd.{quoted} ({quoted} int PRIMARY KEY, b text)"
            yield f"INSERT INTO odd.{quoted} VALUES (1, 'x'), (2, NULL)"
    yield "CREATE TABLE odd.cyclic_a (id int PRIMARY KEY, b int)"
    yield "CREATE TABLE odd.cyclic_b (id int PRIMARY KEY, a int REFERENCES odd.cyclic_a)"
    yield "ALTER TABLE odd.cyclic_a ADD FOREIGN KEY (b) REFERENCES odd.cyclic_b"
    yield "CREATE TABLE odd.self (id int PRIMARY KEY, up int REFERENCES odd.self)"
    yield "CREATE TABLE odd.secured (a int)"
    yield "ALTER TABLE odd.secured ENABLE ROW LEVEL SECURITY"
    yield "ALTER TABLE odd.secured DROP COLUMN a, ADD COLUMN late text"
    yield from _split_statements()
    yield "CREATE UNLOGGED TABLE odd.unlogged (a timestamptz DEFAULT 'infinity', b date, c float)"
    yield "INSERT INTO odd.unlogged VALUES ('-infinity', '4713-01-01 BC', 'NaN')"
    yield "CREATE FOREIGN DATA WRAPPER nowhere"
    yield "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere"
    yield "CREATE FOREIGN TABLE odd.far (a int, b odd.mail) SERVER nowhere"
    yield "CREATE VIEW odd.seen AS SELECT * FROM odd.self"
    yield "CREATE VIEW odd.deep_0 AS SELECT 1 AS n"
    for n in range(5):
        yield f"CREATE VIEW odd.deep_{n + 1} AS SELECT n FROM odd.deep_{n}"
    yield "CREATE VIEW odd.broken AS SELECT 1 / (n - 1) AS n FROM odd.deep_0"
    yield "CREATE VIEW odd.slow AS SELECT pg_sleep(20)::text AS s"
    yield "CREATE MATERIALIZED VIEW odd.counted AS SELECT count(*) FROM odd.self"
    yield "CREATE MATERIALIZED VIEW odd.empty_counted AS SELECT 1 AS n WITH NO DATA"
    yield "CREATE TABLE odd.denied (a int)"


def _split_statements() -> Iterator[str]:
    yield "CREATE TABLE odd.by_range (a int, b text) PARTITION BY RANGE (a)"
    yield "CREATE TABLE odd.by_range_1 PARTITION OF odd.by_range FOR VALUES FROM (1) TO (10)"
    yield "CREATE TABLE odd.by_range_rest PARTITION OF odd.by_range DEFAULT"
    yield "INSERT INTO odd.by_range SELECT n, 'x' FROM generate_series(1, 50) n"
    yield "CREATE TABLE odd.by_hash (a int, b text) PARTITION BY HASH (a)"
    yield "CREATE TABLE odd.by_hash_0 PARTITION OF odd.by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0)"  # noqa: E501  # one statement
    yield (
        "CREATE TABLE odd.sub PARTITION OF odd.by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
        " PARTITION BY LIST (b)"
    )
    yield "CREATE TABLE odd.sub_a PARTITION OF odd.sub FOR VALUES IN ('a')"
    yield "CREATE TABLE odd.ancestor (a int)"
    yield "CREATE TABLE odd.heir (b int) INHERITS (odd.ancestor)"
