"""The queries of PostgreSQL's catalogue. Each reads hundreds of tables at once, by their oids."""

from __future__ import annotations

from typing import Final, NamedTuple

# Schemas without tables are listed too: an empty one proves that its tables are gone.
LIST_SQL: Final = (
    "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_namespace n"
    " LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
    " AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')"
    " WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
    " ORDER BY n.nspname, c.relname"
)


class Part(NamedTuple):
    """One kind of rows that say something of tables; the first column is the table's oid.

    `shown` is what is told of a row where that is not the row itself, `hashed` what its hash is of,
    and `met` what a hash alone would hide.
    """

    sql: str
    order: str
    shown: str = "q.*"
    hashed: str = "q"
    met: str = "NULL"

    def tell(self, make_hash: str) -> str:
        """The rows in order, each with a hash of itself at its end."""
        made = make_hash.format(self.hashed)
        return f"SELECT {self.shown}, {made} FROM ({self.sql}) AS q ORDER BY {self.order}"

    def hash(self, make_hash: str) -> str:
        """The same hashes with their table, and what was met."""
        made, met = make_hash.format(self.hashed), f"CAST({self.met} AS text)"
        return f"SELECT q.relid, {met} AS met, {made} AS hash FROM ({self.sql}) AS q"


_FOUND: Final = (
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.relrowsecurity,"
    " c.reltuples,"
    # Only a table without statistics needs the size of its rows.
    " CASE WHEN c.relkind = 'r' AND c.reltuples > 0 THEN NULL"
    "  WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid)"
    "  WHEN c.relkind = 'p' THEN (SELECT CAST(sum(pg_catalog.pg_relation_size(relid)) AS int8)"
    "  FROM pg_catalog.pg_partition_tree(c.oid)) END AS heap,"
    " CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,"
    " c.relpages, pg_catalog.current_setting('server_version_num')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN ROWS FROM (unnest(CAST(:schemas AS text[])), unnest(CAST(:names AS text[])))"
    " AS wanted(nspname, relname) ON wanted.nspname = n.nspname AND wanted.relname = c.relname"
    " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')"
)
# The size opens every index of a table, so it is as old as the statistics beside it and no part of
# the hash.
_FIND: Final = (
    "SELECT q.oid, q.nspname, q.relname, q.relkind, q.relispartition, q.relrowsecurity,"
    " q.reltuples, q.heap, q.definition,"
    " CASE WHEN q.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(q.oid)"
    "  WHEN q.relkind = 'p' THEN (SELECT"
    "  CAST(sum(pg_catalog.pg_total_relation_size(relid)) AS int8)"
    "  FROM pg_catalog.pg_partition_tree(q.oid)) END"
)
# Types of the database's own: what they mean may change without a trace in the columns.
FIRST_OWN_OID: Final = 16_384
COLUMNS: Final = Part(
    "SELECT attrelid AS relid, attnum, attname, atttypid, atttypmod, attnotnull,"
    " attidentity, attgenerated <> '', atthasdef, attacl IS NOT NULL"
    " FROM pg_catalog.pg_attribute"
    " WHERE attrelid = ANY(CAST(:oids AS oid[])) AND attnum > 0 AND NOT attisdropped",
    "relid, attnum",
    met=(
        f"CASE WHEN q.atttypid >= {FIRST_OWN_OID}"
        " THEN pg_catalog.concat(q.atttypid, ' ', q.atttypmod) END"
    ),
)
# Columns share few types, so each is spelt once and not once a column.
TYPES_SQL: Final = (
    "SELECT t.oid, wanted.mod, pg_catalog.format_type(t.oid, wanted.mod), t.typtype,"
    " t.typcategory, t.typnotnull, t.typbasetype, t.typtypmod,"
    " (SELECT count(*) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)"
    " FROM pg_catalog.pg_type t"
    " JOIN ROWS FROM (unnest(CAST(:oids AS oid[])), unnest(CAST(:mods AS int4[])))"
    " AS wanted(oid, mod) ON wanted.oid = t.oid"
)
COMMENTS: Final = Part(
    "SELECT objoid AS relid, objsubid, description FROM pg_catalog.pg_description"
    " WHERE classoid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND objoid = ANY(CAST(:oids AS oid[]))",
    "relid, objsubid",
)
CONSTRAINTS: Final = Part(
    "SELECT k.conrelid AS relid, k.contype, k.conname, k.conkey, n.nspname, c.relname,"
    # Most keys have one column, and to sort takes longer than to find it.
    " CASE WHEN k.contype = 'f' AND pg_catalog.cardinality(k.confkey) = 1 THEN"
    "  ARRAY(SELECT CAST(a.attname AS text) FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1])"
    " WHEN k.contype = 'f' THEN"
    "  (SELECT array_agg(CAST(a.attname AS text) ORDER BY array_position(k.confkey, a.attnum))"
    "  FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = k.confrelid AND a.attnum = ANY(k.confkey)) END AS targets,"
    # To spell a check takes long. As it is kept it says the same, unless it names more than the
    # columns of its table, say a function that may get another name.
    " k.conbin, CASE WHEN k.contype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_depend d"
    "  WHERE d.classid = CAST('pg_catalog.pg_constraint' AS pg_catalog.regclass)"
    "  AND d.objid = k.oid"
    "  AND d.refclassid <> CAST('pg_catalog.pg_class' AS pg_catalog.regclass))"
    "  THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid) END AS named"
    " FROM pg_catalog.pg_constraint k"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid AND c.relkind IN ('r', 'p')"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.conrelid = ANY(CAST(:oids AS oid[])) AND k.contype IN ('p', 'f', 'u', 'c', 'x')"
    # A key to a partitioned table stands there once more for each partition, under made-up names.
    " AND (k.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_catalog.pg_constraint up"
    "  WHERE up.oid = k.conparentid AND up.conrelid = k.conrelid))",
    "relid, conname",
    "q.relid, q.contype, q.conname, q.conkey, q.nspname, q.relname, q.targets,"
    " CASE WHEN q.contype = 'c' THEN pg_catalog.pg_get_expr(q.conbin, q.relid) END",
    "ROW(q.contype, q.conname, q.conkey, q.nspname, q.relname, q.targets, CAST(q.conbin AS text),"
    " q.named)",
)
INDEXES: Final = Part(
    # Without validity, as after a build that failed, it promises nothing of the rows.
    "SELECT i.indrelid AS relid, c.relname, i.indisunique AND i.indisvalid,"
    " i.indpred IS NOT NULL, m.amname,"
    " i.indkey::int2[], i.indnkeyatts"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_catalog.pg_am m ON m.oid = c.relam"
    " WHERE i.indrelid = ANY(CAST(:oids AS oid[]))",
    "relid, relname",
)
GRANTS_SQL: Final = (
    "SELECT c.oid, a.grantee, bool_or(a.privilege_type = 'SELECT'),"
    " bool_or(a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'))"
    " FROM pg_catalog.pg_class c, LATERAL pg_catalog.aclexplode("
    "  coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) AS a"
    " WHERE c.oid = ANY(CAST(:oids AS oid[])) GROUP BY c.oid, a.grantee"
)
PARENTS: Final = Part(
    "SELECT i.inhrelid AS relid, n.nspname, c.relname, i.inhseqno FROM pg_catalog.pg_inherits i"
    " JOIN pg_catalog.pg_class c ON c.oid = i.inhparent"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE i.inhrelid = ANY(CAST(:oids AS oid[]))",
    "relid, inhseqno",
)
PARTITIONED: Final = Part(
    "SELECT p.partrelid AS relid, p.partstrat, p.partattrs::int2[],"
    " (SELECT count(*) FROM pg_catalog.pg_inherits i WHERE i.inhparent = p.partrelid)"
    " FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = ANY(CAST(:oids AS oid[]))",
    "relid",
)
# Those that belong to a column, and those that a column's default takes its numbers from.
SEQUENCES: Final = Part(
    "SELECT d.refobjid AS relid, s.relname, a.attname FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
    " WHERE d.classid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.refclassid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.deptype IN ('a', 'i') AND d.refobjid = ANY(CAST(:oids AS oid[]))"
    " UNION SELECT f.adrelid, s.relname, a.attname FROM pg_catalog.pg_attrdef f"
    " JOIN pg_catalog.pg_depend d ON d.objid = f.oid"
    " AND d.classid = CAST('pg_catalog.pg_attrdef' AS pg_catalog.regclass)"
    " AND d.refclassid = CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum"
    " WHERE f.adrelid = ANY(CAST(:oids AS oid[]))",
    "relid, relname, attname",
)
# Who may sign in, and the roles that reach every table without being named in its grants.
READABLE_SQL: Final = (
    "SELECT a.attname FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = :name AND a.attnum > 0 AND NOT a.attisdropped"
    " AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')"
)
LOGINS_SQL: Final = (
    "SELECT oid, rolcanlogin, rolname = 'pg_read_all_data', rolname = 'pg_write_all_data'"
    " FROM pg_catalog.pg_roles"
    " WHERE rolcanlogin OR rolname IN ('pg_read_all_data', 'pg_write_all_data')"
)
MEMBERS_SQL: Final = "SELECT roleid, member FROM pg_catalog.pg_auth_members"
_PARTS: Final = (
    COLUMNS, COMMENTS, CONSTRAINTS, INDEXES, PARENTS, PARTITIONED, SEQUENCES,
)  # fmt: skip
# A record's hash is linear in its parts: in a sum of them, two columns that swap their types would
# look as they did. So it is hashed once more.
_BY_RECORD: Final = (
    "pg_catalog.hashint8extended(pg_catalog.hash_record_extended({{}}, {seed}), {seed})"
)
_BY_TEXT: Final = "pg_catalog.hashtextextended(CAST({{}} AS text), {seed})"
_HASHES_RECORDS: Final = 140_000


class Queries(NamedTuple):
    """What depends on how a server hashes a row; both ways to ask give a table the same hashes."""

    # Tables by name, and the rows of each part of them by oid: told whole, each with its hash.
    find: str
    told: tuple[str, ...]
    # The same as hashes: one a table for what `find` tells, one for the sum of the others, beside
    # it again those types of the database's own that its columns have.
    find_hashed: str
    hashed: str


def choose_queries(server_version: int) -> Queries:
    """Those for a server of this number; before 14 a row has no hash, but its text has."""
    way = _BY_RECORD if server_version >= _HASHES_RECORDS else _BY_TEXT
    own, *ways = (way.format(seed=seed) for seed in range(len(_PARTS) + 1))
    parts = list(zip(_PARTS, ways, strict=True))
    hashed = " UNION ALL ".join(part.hash(each) for part, each in parts)
    found = own.format("q")
    return Queries(
        find=f"{_FIND}, {found} FROM ({_FOUND}) AS q",
        told=tuple(part.tell(each) for part, each in parts),
        find_hashed=f"SELECT q.oid, q.nspname, q.relname, {found} FROM ({_FOUND}) AS q",
        hashed=(
            f"SELECT relid, met, CAST(sum(hash) AS text) FROM ({hashed}) AS hashed"
            " GROUP BY relid, met"
        ),
    )
