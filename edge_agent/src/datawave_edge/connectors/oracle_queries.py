"""The queries of Oracle's ALL_ views, in the form that bulk_catalog reads."""

from __future__ import annotations

from typing import Final

from .bulk_catalog import Part

LIST_SQL: Final = (
    "SELECT u.username, o.object_name FROM all_users u"
    " LEFT JOIN all_objects o ON o.owner = u.username"
    " AND o.object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') AND o.secondary = 'N'"
    " AND o.generated = 'N' AND o.object_name NOT LIKE 'BIN$%'"
    " WHERE u.oracle_maintained = 'N'"
    " GROUP BY u.username, o.object_name ORDER BY 1, 2"
)
SEES_ALL_SQL: Final = (
    "SELECT COUNT(*) FROM session_privs WHERE privilege IN ('SELECT ANY TABLE', 'READ ANY TABLE')"
)
FACTS_SQL: Final = (
    "SELECT (SELECT MAX(version_full) FROM product_component_version),"
    " (SELECT COUNT(*) FROM session_privs WHERE privilege IN"
    " ('ALTER SYSTEM', 'GRANT ANY PRIVILEGE', 'DROP ANY TABLE')),"
    " SYS_CONTEXT('USERENV', 'NETWORK_PROTOCOL'), SYS_CONTEXT('USERENV', 'SESSION_USER') FROM dual"
)
# Oracle takes an empty text for NULL, so a name that is not given is NULL too.
_OF: Final = " = :schema AND (:name IS NULL OR {} = :name)"
_NATIVE: Final = (
    "CASE WHEN c.data_type IN ('VARCHAR2', 'CHAR', 'NVARCHAR2', 'NCHAR')"
    " THEN c.data_type || '(' || c.char_length || ')'"
    " WHEN c.data_type = 'RAW' THEN 'RAW(' || c.data_length || ')'"
    " WHEN c.data_type = 'NUMBER' AND c.data_precision IS NOT NULL"
    " THEN 'NUMBER(' || c.data_precision || ',' || NVL(c.data_scale, 0) || ')'"
    " WHEN c.data_type = 'NUMBER' AND c.data_scale = 0 THEN 'NUMBER(38,0)' ELSE c.data_type END"
)


def _where(owner: str, name: str) -> str:
    return f" WHERE {owner}{_OF.format(name)}"


QUERIES: Final[dict[Part, str]] = {
    "tables": (
        "SELECT o.object_name, CASE o.kind WHEN 3 THEN 'materialized_view' WHEN 2 THEN 'view'"
        " ELSE CASE WHEN e.table_name IS NULL THEN 'table' ELSE 'foreign_table' END END,"
        " m.comments, t.num_rows, t.blocks * 8192, v.text_vc"
        " FROM (SELECT owner, object_name, MAX(CASE object_type WHEN 'MATERIALIZED VIEW' THEN 3"
        " WHEN 'VIEW' THEN 2 ELSE 1 END) AS kind FROM all_objects"
        " WHERE object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW')"
        " GROUP BY owner, object_name) o"
        " LEFT JOIN all_tables t ON t.owner = o.owner AND t.table_name = o.object_name"
        " LEFT JOIN all_external_tables e ON e.owner = o.owner AND e.table_name = o.object_name"
        " LEFT JOIN all_views v ON v.owner = o.owner AND v.view_name = o.object_name"
        " LEFT JOIN all_tab_comments m ON m.owner = o.owner AND m.table_name = o.object_name"
        f"{_where('o.owner', 'o.object_name')} ORDER BY 1"
    ),
    "columns": (
        f"SELECT c.table_name, c.column_name, {_NATIVE},"
        " CASE c.nullable WHEN 'Y' THEN 1 ELSE 0 END,"
        " CASE i.generation_type WHEN 'ALWAYS' THEN 'always' WHEN 'BY DEFAULT' THEN 'default' END,"
        " CASE c.virtual_column WHEN 'YES' THEN 1 ELSE 0 END,"
        " CASE WHEN c.default_length IS NULL OR c.virtual_column = 'YES' THEN 0 ELSE 1 END,"
        " m.comments, CASE WHEN c.char_length > 0 THEN c.char_length END"
        " FROM all_tab_cols c LEFT JOIN all_tab_identity_cols i ON i.owner = c.owner"
        " AND i.table_name = c.table_name AND i.column_name = c.column_name"
        " LEFT JOIN all_col_comments m ON m.owner = c.owner AND m.table_name = c.table_name"
        " AND m.column_name = c.column_name"
        f"{_where('c.owner', 'c.table_name')} AND c.hidden_column = 'NO'"
        " ORDER BY c.table_name, c.column_id"
    ),
    "keys": (
        "SELECT c.table_name, c.constraint_name, c.constraint_type, k.column_name,"
        " c.search_condition_vc"
        " FROM all_constraints c LEFT JOIN all_cons_columns k ON k.owner = c.owner"
        " AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name"
        f"{_where('c.owner', 'c.table_name')} AND c.constraint_type IN ('P', 'U', 'C')"
        # What NOT NULL says is told of the column.
        " AND NOT (c.constraint_type = 'C' AND c.generated = 'GENERATED NAME'"
        " AND NVL(c.search_condition_vc, ' ') LIKE '% IS NOT NULL')"
        " ORDER BY c.table_name, c.constraint_name, k.position"
    ),
    "references": (
        "SELECT c.table_name, c.constraint_name, k.column_name, t.owner, t.table_name,"
        " t.column_name FROM all_constraints c"
        " JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name"
        " JOIN all_cons_columns t ON t.owner = c.r_owner"
        " AND t.constraint_name = c.r_constraint_name AND t.position = k.position"
        f"{_where('c.owner', 'c.table_name')} AND c.constraint_type = 'R'"
        " ORDER BY c.table_name, c.constraint_name, k.position"
    ),
    "indexes": (
        "SELECT i.table_name, i.index_name, CASE i.uniqueness WHEN 'UNIQUE' THEN 1 ELSE 0 END, 0,"
        " i.index_type, CASE WHEN c.column_name LIKE 'SYS_NC%' THEN NULL ELSE c.column_name END"
        " FROM all_indexes i JOIN all_ind_columns c ON c.index_owner = i.owner"
        " AND c.index_name = i.index_name"
        f"{_where('i.table_owner', 'i.table_name')}"
        " ORDER BY i.table_name, i.index_name, c.column_position"
    ),
    "partitions": (
        "SELECT p.table_name, p.partitioning_type, k.column_name, p.partition_count"
        " FROM all_part_tables p JOIN all_part_key_columns k ON k.owner = p.owner"
        " AND k.name = p.table_name AND k.object_type LIKE 'TABLE%'"
        f"{_where('p.owner', 'p.table_name')}"
        " ORDER BY p.table_name, k.column_position"
    ),
}
