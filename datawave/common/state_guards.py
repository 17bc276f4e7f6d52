"""Has the database itself refuse illegal changes of state and keep a history of the legal ones.

Triggers are made from the tables of transitions after each `migrate`, never by a migration: SQLite
drops them whenever a table is remade, and a change of the tables must reach old databases too.
Before migrations SQLite's are taken away: one that names a table being remade stops its migration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

NOW = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "clock_timestamp()",
}


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What the database does at a moment when a condition on OLD and NEW holds."""

    name: str
    table: str
    # Such as "BEFORE UPDATE OF state".
    moment: str
    condition: str
    # Either words of refusal, or a statement in which {now} is the time.
    refusal: str = ""
    statement: str = ""


def guard_states(
    *, table: str, fence: str, transitions: Mapping[str, Iterable[str]], claimed: str
) -> Trigger:
    """Refuse changes off the legal paths, a fence that falls, and a claim with an old fence."""
    legal = " OR ".join(
        f"(OLD.state = '{origin}' AND NEW.state IN ({_quote(targets)}))"
        for origin, targets in transitions.items()
        if targets
    )
    stale = f"NEW.state = '{claimed}' AND NEW.{fence} <= OLD.{fence}" if claimed else "1 = 0"
    changed = "NEW.state <> OLD.state"
    return Trigger(
        name=f"guard_{table}",
        table=table,
        moment=f"BEFORE UPDATE OF state, {fence}",
        condition=f"NEW.{fence} < OLD.{fence} OR ({changed} AND (({stale}) OR NOT ({legal})))",
        refusal=f"illegal change of state in {table}",
    )


def _quote(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def refuse(*, name: str, table: str, moment: str, condition: str = "1 = 1") -> Trigger:
    """Refuse such a change of the table."""
    return Trigger(
        name=name, table=table, moment=moment, condition=condition, refusal=f"{table} only grows"
    )


def withdraw(*, using: str, plan: Sequence[object] = (), **_: object) -> None:
    """Take all triggers off an SQLite database that is about to be migrated; `install` follows."""
    connection = connections[using]
    if connection.vendor != "sqlite" or not plan:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")


def install(triggers: Iterable[Trigger], *, using: str) -> None:
    """Make those triggers that are not there as they should be."""
    connection = connections[using]
    make = _make_sqlite if connection.vendor == "sqlite" else _make_postgres
    with transaction.atomic(using=using), connection.cursor() as cursor:
        known = set(connection.introspection.table_names(cursor))
        for trigger in triggers:
            if trigger.table in known:
                make(cursor, trigger, connection)


def _make_sqlite(cursor: CursorWrapper, trigger: Trigger, connection: BaseDatabaseWrapper) -> None:
    body = (
        f"SELECT RAISE(ABORT, '{trigger.refusal}')"
        if trigger.refusal
        else trigger.statement.format(now=NOW[connection.vendor])
    )
    sql = (
        f"CREATE TRIGGER {trigger.name} {trigger.moment} ON {trigger.table}"
        f" WHEN {trigger.condition} BEGIN {body}; END"
    )
    cursor.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s", [trigger.name]
    )
    if cursor.fetchone() == (sql,):
        return
    cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")
    cursor.execute(sql)


def _make_postgres(
    cursor: CursorWrapper, trigger: Trigger, connection: BaseDatabaseWrapper
) -> None:
    action = (
        f"RAISE EXCEPTION '{trigger.refusal}' USING ERRCODE = 'check_violation'"
        if trigger.refusal
        else trigger.statement.format(now=NOW[connection.vendor])
    )
    # The moment is part of what is compared.
    body = (
        f"/* {trigger.moment} */ BEGIN IF {trigger.condition} THEN {action}; END IF;"
        " RETURN COALESCE(NEW, OLD); END"
    )
    if _has_postgres(cursor, trigger, body):
        return
    # Several processes may start at once.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('datawave.state_guards'))")
    if _has_postgres(cursor, trigger, body):
        return
    cursor.execute(
        f"CREATE OR REPLACE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $guard${body}$guard$"
    )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {trigger.name} {trigger.moment} ON {trigger.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {trigger.name}()"
    )


def _has_postgres(cursor: CursorWrapper, trigger: Trigger, body: str) -> bool:
    cursor.execute(
        "SELECT p.prosrc FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid"
        " WHERE t.tgname = %s AND t.tgrelid = %s::regclass",
        [trigger.name, trigger.table],
    )
    return bool(cursor.fetchone() == (body,))
