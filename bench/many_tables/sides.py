"""The two sides of `bench.structure`: plain catalogue queries, and the agent to its outbox."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from datawave_edge.protocol import ConnectionSpec
from datawave_edge.transport import Pace

_KNOWN: Final = "known.json"
_SCHEMAS: Final = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'"
_POSTGRES: Final = (
    (
        "SELECT n.nspname, c.relname, c.relkind, c.reltuples, c.relrowsecurity, c.relispartition,"
        " pg_total_relation_size(c.oid), obj_description(c.oid, 'pg_class') FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_SCHEMAS}"
        " AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    ),
    (
        "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
        " a.attnotnull,"
        " a.attidentity, a.attgenerated, a.atthasdef, col_description(a.attrelid, a.attnum)"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_SCHEMAS} AND a.attnum > 0"
        " AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    ),
    (
        "SELECT k.conrelid, k.contype, k.conname, k.conkey, k.confrelid, k.confkey,"
        " pg_get_constraintdef(k.oid) FROM pg_constraint k"
        f" JOIN pg_namespace n ON n.oid = k.connamespace WHERE {_SCHEMAS}"
    ),
    (
        "SELECT i.indrelid, c.relname, i.indisunique, i.indkey::text, pg_get_indexdef(i.indexrelid)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_SCHEMAS}"
    ),
    (
        "SELECT c.oid, a.grantee, a.privilege_type FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace,"
        f" LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE {_SCHEMAS}"
        " AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    ),
    (
        "SELECT c.oid, pg_get_viewdef(c.oid) FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_SCHEMAS}"
        " AND c.relkind IN ('v', 'm')"
    ),
    "SELECT i.inhrelid, i.inhparent FROM pg_inherits i",
    (
        "SELECT d.objid, d.refobjid, d.refobjsubid FROM pg_depend d"
        " JOIN pg_class s ON s.oid = d.objid"
        " AND s.relkind = 'S' WHERE d.deptype IN ('a', 'i')"
    ),
)
_MYSQL: Final = tuple(
    f"SELECT * FROM information_schema.{view} WHERE {schema} = %s"
    for view, schema in (
        ("tables", "table_schema"),
        ("columns", "table_schema"),
        ("statistics", "table_schema"),
        ("key_column_usage", "table_schema"),
        ("table_constraints", "table_schema"),
        ("check_constraints", "constraint_schema"),
        ("partitions", "table_schema"),
        ("views", "table_schema"),
    )
)


def run_floor(spec: ConnectionSpec) -> str:
    """Everything that the catalogue says, as rows in memory."""
    rows = _read_postgres(spec) if spec.engine == "postgresql" else _read_mysql(spec)
    return f"{sum(map(len, rows)):,} rows"


def _read_postgres(spec: ConnectionSpec) -> list[list[Any]]:
    import psycopg

    with psycopg.connect(
        host=spec.host, port=spec.port, user=spec.username, password=spec.password,
        dbname=spec.database,
    ) as connection:  # fmt: skip
        return [
            connection.execute(query.replace("%%", "%").encode()).fetchall() for query in _POSTGRES
        ]


def _read_mysql(spec: ConnectionSpec) -> list[list[Any]]:
    import pymysql

    connection = pymysql.connect(
        host=spec.host, port=spec.port or 3306, user=spec.username, password=spec.password,
        database=spec.database,
    )  # fmt: skip
    found: list[list[Any]] = []
    with connection, connection.cursor() as cursor:
        for query in _MYSQL:
            cursor.execute(query, [spec.database])
            found.append(list(cursor.fetchall()))
    return found


class Listener:
    """Stands for the transport: takes every batch at once, and remembers what a server would."""

    def __init__(self, known: dict[str, dict[str, str]]) -> None:
        self.known = known
        self.sent = 0
        self.backoff_base, self.pace = 1.0, Pace()

    def keep_trying(self, call: Any, *_: Any) -> Any:
        return call()

    def open_stream(self, *_: Any) -> Any:
        from datawave_edge.protocol import CAPABILITIES, Opened

        now = dt.datetime.now(dt.UTC)
        return Opened(
            resume_seq=0,
            window=32,
            max_packed_bytes=2**20,
            server_time=now,
            known=self.known,
            capabilities=list(CAPABILITIES),
        )

    def put_batch(self, job: str, seq: int, sha: str, packed: bytes, *_: Any) -> Any:
        from datawave_edge.protocol import Ack

        self.sent += len(packed)
        return Ack(status="accepted", acked_seq=seq)

    def post_progress(self, *_: Any) -> Any:
        from datawave_edge.protocol import Directive

        return Directive()

    def close_stream(self, job: str, message: Any) -> Any:
        from datawave_edge.protocol import CloseAck

        return CloseAck(status="closed")

    def fail_job(self, job: str, message: Any) -> None:
        raise SystemExit(f"failed: {message.code}")


def run_agent(spec: ConnectionSpec, folder: Path) -> str:
    """Structure alone, to the outbox."""
    from datawave_edge.discovery import run_discovery
    from datawave_edge.heap import settle_heap
    from datawave_edge.outbox import Outbox
    from datawave_edge.protocol import DiscoveryWork, RunSettings
    from datawave_edge.stream import JobStream

    # As the agent does when it starts.
    settle_heap()
    known = _read_known(folder)
    listener = Listener(known)
    outbox = Outbox(folder / "spool")
    settings = RunSettings(sample_rows=0, tables_per_batch=int(os.environ.get("PER_BATCH", "50")))
    job = f"job-{len(known)}"
    work = DiscoveryWork(job=job, source=spec, settings=settings, lease_seconds=60)
    run_discovery(work, JobStream(work, listener, outbox), outbox)  # type: ignore[arg-type]  # it takes what is sent
    outbox.close()
    return f"{listener.sent:,} bytes packed"


def learn(folder: Path) -> str:
    """What a server would know after the run, from the agent's ledger; no part of its time."""
    from datawave_edge.outbox import Outbox
    from datawave_edge.protocol import TableRecord, UnchangedRecord, decode_records

    known: dict[str, dict[str, str]] = {}
    hashes = 0
    outbox = Outbox(folder / "spool")
    for line in outbox.list_ledger():
        records = decode_records(line.body or b"") if line.method == "PUT" else []
        for table in (each.table for each in records if isinstance(each, TableRecord)):
            known.setdefault(table.container, {})[table.name] = table.content_hash
        hashes += sum(isinstance(each, UnchangedRecord) for each in records)
    outbox.close()
    (folder / _KNOWN).write_text(json.dumps(known))
    return f"{sum(map(len, known.values())):,} tables, {hashes:,} by hash"


def _read_known(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / _KNOWN
    known: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    return known


def main() -> None:
    """`floor`, `agent FOLDER` or `learn FOLDER`; prints its figures as JSON."""
    spec = ConnectionSpec(**json.loads(os.environ["SPEC"]))
    sides: dict[str, Callable[[], str]] = {
        "floor": lambda: run_floor(spec),
        "agent": lambda: run_agent(spec, Path(sys.argv[2])),
        "learn": lambda: learn(Path(sys.argv[2])),
    }
    said = sides[sys.argv[1]]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rss": peak, "said": said}))


if __name__ == "__main__":
    main()
