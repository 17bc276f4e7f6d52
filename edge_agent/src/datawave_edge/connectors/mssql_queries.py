"""The queries of SQL Server's catalogue views, in the form that bulk_catalog reads."""

from __future__ import annotations

from typing import Final

from .bulk_catalog import Part

# A schema without tables is listed too; the last column says whether all of it is shown.
LIST_SQL: Final = (
    "SELECT s.name, o.name, HAS_PERMS_BY_NAME(QUOTENAME(s.name), 'SCHEMA', 'SELECT')"
    " FROM sys.schemas s LEFT JOIN sys.objects o ON o.schema_id = s.schema_id"
    " AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0"
    " WHERE s.schema_id < 16384 AND s.name NOT IN ('sys', 'INFORMATION_SCHEMA', 'guest')"
    " ORDER BY s.name, o.name"
)
SEES_ALL_SQL: Final = (
    "SELECT CASE WHEN HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION') = 1"
    " OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'SELECT') = 1 THEN 1 ELSE 0 END"
)
FACTS_SQL: Final = (
    "SELECT CAST(SERVERPROPERTY('ProductVersion') AS varchar(60)),"
    " CASE WHEN IS_SRVROLEMEMBER('sysadmin') = 1 OR IS_MEMBER('db_owner') = 1 THEN 1 ELSE 0 END,"
    " HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'INSERT')"
)
# Only who may view the server's state is told.
TLS_SQL: Final = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
_OF: Final = (
    " JOIN sys.schemas s ON s.schema_id = o.schema_id"
    " WHERE s.name = :schema AND (:name IS NULL OR o.name = :name)"
    " AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0"
)
_TEXT_SIZED: Final = (
    "CASE WHEN y.name IN ('varchar', 'char', 'varbinary', 'binary') THEN"
    " y.name + '(' + CASE c.max_length WHEN -1 THEN 'max' ELSE CAST(c.max_length AS varchar(10))"
    " END + ')' WHEN y.name IN ('nvarchar', 'nchar') THEN y.name + '(' + CASE c.max_length"
    " WHEN -1 THEN 'max' ELSE CAST(c.max_length / 2 AS varchar(10)) END + ')'"
    " WHEN y.name IN ('decimal', 'numeric') THEN y.name + '(' + CAST(c.precision AS varchar(5))"
    " + ',' + CAST(c.scale AS varchar(5)) + ')' ELSE y.name END"
)
QUERIES: Final[dict[Part, str]] = {
    "tables": (
        "SELECT o.name, CASE WHEN o.type = 'V' AND EXISTS (SELECT 1 FROM sys.indexes x"
        " WHERE x.object_id = o.object_id) THEN 'materialized_view' WHEN o.type = 'V' THEN 'view'"
        " WHEN t.is_external = 1 THEN 'foreign_table' ELSE 'table' END,"
        " CAST(p.value AS nvarchar(2000)), CASE WHEN o.type = 'U' THEN n.row_count END,"
        " CASE WHEN o.type = 'U' THEN b.bytes END, m.definition"
        " FROM sys.objects o LEFT JOIN sys.tables t ON t.object_id = o.object_id"
        " LEFT JOIN sys.sql_modules m ON m.object_id = o.object_id"
        " LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = o.object_id"
        " AND p.minor_id = 0 AND p.name = 'MS_Description'"
        " LEFT JOIN (SELECT q.object_id, SUM(q.rows) AS row_count FROM sys.partitions q"
        " WHERE q.index_id IN (0, 1) GROUP BY q.object_id) n ON n.object_id = o.object_id"
        " LEFT JOIN (SELECT q.object_id, SUM(a.total_pages) * 8192 AS bytes FROM sys.partitions q"
        " JOIN sys.allocation_units a ON a.container_id = q.partition_id"
        " GROUP BY q.object_id) b ON b.object_id = o.object_id"
        f"{_OF} ORDER BY o.name"
    ),
    "columns": (
        f"SELECT o.name, c.name, {_TEXT_SIZED}, c.is_nullable,"
        " CASE WHEN c.is_identity = 1 THEN 'always' ELSE '' END,"
        " CASE WHEN c.is_computed = 1 THEN 1 ELSE 0 END,"
        " CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END, CAST(p.value AS nvarchar(2000)),"
        " CASE WHEN y.name IN ('nvarchar', 'nchar') THEN c.max_length / 2"
        " WHEN y.name IN ('varchar', 'char') THEN c.max_length END"
        " FROM sys.objects o JOIN sys.columns c ON c.object_id = o.object_id"
        " JOIN sys.types y ON y.user_type_id = c.user_type_id"
        " LEFT JOIN sys.extended_properties p ON p.class = 1 AND p.major_id = c.object_id"
        " AND p.minor_id = c.column_id AND p.name = 'MS_Description'"
        f"{_OF} ORDER BY o.name, c.column_id"
    ),
    "keys": (
        "SELECT o.name, k.name, CASE WHEN k.type = 'PK' THEN 'P' ELSE 'U' END, c.name, NULL,"
        " i.key_ordinal FROM sys.objects o"
        " JOIN sys.key_constraints k ON k.parent_object_id = o.object_id"
        " JOIN sys.index_columns i ON i.object_id = o.object_id AND i.index_id = k.unique_index_id"
        " JOIN sys.columns c ON c.object_id = i.object_id AND c.column_id = i.column_id"
        f"{_OF}"
        " UNION ALL SELECT o.name, k.name, 'C', c.name, k.definition, 0 FROM sys.objects o"
        " JOIN sys.check_constraints k ON k.parent_object_id = o.object_id"
        " LEFT JOIN sys.columns c ON c.object_id = o.object_id"
        " AND (c.column_id = k.parent_column_id OR (k.parent_column_id = 0"
        " AND CHARINDEX(QUOTENAME(c.name), k.definition) > 0))"
        f"{_OF} ORDER BY 1, 2, 6"
    ),
    "references": (
        "SELECT o.name, f.name, c.name, ts.name, t.name, tc.name FROM sys.objects o"
        " JOIN sys.foreign_keys f ON f.parent_object_id = o.object_id"
        " JOIN sys.foreign_key_columns k ON k.constraint_object_id = f.object_id"
        " JOIN sys.columns c ON c.object_id = k.parent_object_id"
        " AND c.column_id = k.parent_column_id"
        " JOIN sys.objects t ON t.object_id = f.referenced_object_id"
        " JOIN sys.schemas ts ON ts.schema_id = t.schema_id"
        " JOIN sys.columns tc ON tc.object_id = k.referenced_object_id"
        " AND tc.column_id = k.referenced_column_id"
        f"{_OF} ORDER BY o.name, f.name, k.constraint_column_id"
    ),
    "indexes": (
        "SELECT o.name, i.name, i.is_unique, i.has_filter, i.type_desc, c.name FROM sys.objects o"
        " JOIN sys.indexes i ON i.object_id = o.object_id AND i.name IS NOT NULL"
        " JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id"
        " AND k.is_included_column = 0"
        " JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id"
        f"{_OF} ORDER BY o.name, i.name, k.key_ordinal"
    ),
    "partitions": (
        "SELECT o.name, 'range', c.name, f.fanout FROM sys.objects o"
        " JOIN sys.indexes i ON i.object_id = o.object_id AND i.index_id IN (0, 1)"
        " JOIN sys.partition_schemes p ON p.data_space_id = i.data_space_id"
        " JOIN sys.partition_functions f ON f.function_id = p.function_id"
        " JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id"
        " AND k.partition_ordinal > 0"
        " JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id"
        f"{_OF} ORDER BY o.name, k.partition_ordinal"
    ),
}
