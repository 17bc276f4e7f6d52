"""The database's own part in keeping order: legal changes only, and a history of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datawave.common.state_guards import Trigger, guard_states, install, refuse

from .types import RUN_TRANSITIONS, STAGE_TRANSITIONS, ChangeOf, StageState

HISTORY, RUN = "racine_statechange", "racine_run"
STAGE_RUN, JOB = "racine_stagerun", "discovery_discoveryjob"
# Whose run a changed row belongs to.
RUN_OF = {
    ChangeOf.RUN: "NEW.id",
    ChangeOf.JOB: f"(SELECT id FROM {RUN} WHERE job_id = NEW.id)",
    ChangeOf.STAGE: "NEW.run_id",
}
FENCE_OF = {ChangeOf.RUN: "fence", ChangeOf.JOB: "epoch", ChangeOf.STAGE: "fence"}


def list_triggers() -> list[Trigger]:
    """What the database watches over."""
    return [
        _guard(RUN, RUN_TRANSITIONS, claimed=""),
        _guard(STAGE_RUN, STAGE_TRANSITIONS, claimed=StageState.LEASED.value),
        _watch(RUN, ChangeOf.RUN),
        _watch(STAGE_RUN, ChangeOf.STAGE),
        _watch(JOB, ChangeOf.JOB),
        refuse(name="keep_racine_history", table=HISTORY, moment="BEFORE UPDATE"),
        refuse(
            name="hold_racine_history",
            table=HISTORY,
            moment="BEFORE DELETE",
            condition=f"EXISTS (SELECT 1 FROM {RUN} WHERE id = OLD.run_id)",
        ),
        refuse(name="keep_racine_log", table="racine_runevent", moment="BEFORE UPDATE"),
        Trigger(
            name="drop_racine_history",
            table=RUN,
            moment="AFTER DELETE",
            condition="1 = 1",
            statement=f"DELETE FROM {HISTORY} WHERE run_id = OLD.id",
        ),
    ]


def _guard(table: str, transitions: Mapping[Any, Any], *, claimed: str) -> Trigger:
    return guard_states(
        table=table,
        fence="fence",
        transitions={a.value: [b.value for b in to] for a, to in transitions.items()},
        claimed=claimed,
    )


def _watch(table: str, kind: ChangeOf) -> Trigger:
    # A job is queued before its run is there; that is no change.
    known = f"{RUN_OF[kind]} IS NOT NULL"
    return Trigger(
        name=f"watch_{table}_state",
        table=table,
        moment="AFTER UPDATE OF state",
        condition=f"OLD.state <> NEW.state AND {known}",
        statement=(
            f"INSERT INTO {HISTORY} (at, run_id, kind, row_id, before, after, fence) VALUES"
            f" ({{now}}, {RUN_OF[kind]}, '{kind.value}', NEW.id, OLD.state, NEW.state,"
            f" NEW.{FENCE_OF[kind]})"
        ),
    )


def install_guards(*, using: str, **_: Any) -> None:
    """Called after each migrate."""
    install(list_triggers(), using=using)
