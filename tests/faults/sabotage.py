"""Ways to break a copy of a sound installation, each of which its invariant must notice."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.faults.harness.canonical import list_late_writes, load_outputs
from tests.faults.harness.checker import (
    CANCEL_SECONDS,
    Expectation,
    Mark,
    Seen,
    check,
    find_stray,
    set_mark,
)
from tests.faults.harness.estate import PASSWORD_CANARY, RAW_CANARIES
from tests.faults.harness.installation import Installation
from tests.faults.harness.leaks import check_canaries, read_redis
from tests.faults.harness.reader import Reader
from tests.faults.harness.store import Store

RUN = "(SELECT max(id) FROM racine_run)"
JOB = f"(SELECT job_id FROM racine_run WHERE id = {RUN})"
SOURCE = f"(SELECT source_id FROM racine_run WHERE id = {RUN})"
FIELD = (
    "(SELECT min(f.id) FROM discovery_field f JOIN discovery_dataset d ON d.id = f.dataset_id"
    f" WHERE d.source_id = {SOURCE})"
)
RELATION = (
    "(SELECT min(r.id) FROM catalog_relationship r JOIN discovery_dataset d"
    f" ON d.id = r.from_dataset_id WHERE d.source_id = {SOURCE})"
)
HISTORY = (
    "INSERT INTO fault_history (kind, row_id, state_before, state_after, fence_before,"
    " fence_after) VALUES "
)
TOPIC = "(SELECT topic FROM notifications_event WHERE kind = 'finished' ORDER BY id DESC LIMIT 1)"
OF_RUN = f"json_extract(detail, '$.run') = {RUN}"
LATE_WRITES = (
    f"UPDATE classification_label SET judged_at = '2999-01-01' WHERE field_id = {FIELD}",
    f"UPDATE compliance_finding SET last_seen_at = '2999-01-01' WHERE source_id = {SOURCE}",
    f"DELETE FROM compliance_finding WHERE source_id = {SOURCE}",
    "UPDATE catalog_catalogentry SET search_text = 'late'",
)
# Longer than a store tries by itself.
CUT_OFF_SECONDS = 2.0
# Invariant -> statements that break it.
BREAKAGES = {
    "I1": (
        f"UPDATE discovery_batch SET sha256 = 'other' WHERE job_id = {JOB} AND seq = 1",
        f"DELETE FROM discovery_batch WHERE job_id = {JOB} AND seq = 2",
        "DELETE FROM discovery_batchitem WHERE id = (SELECT max(id) FROM discovery_batchitem)",
        (
            "UPDATE discovery_batchitem SET snapshot_id = NULL"
            " WHERE id = (SELECT max(id) FROM discovery_batchitem)"
        ),
    ),
    "I2": (
        f"DELETE FROM classification_label WHERE field_id = {FIELD}",
        f"UPDATE discovery_field SET ordinal = 99 WHERE id = {FIELD}",
        (
            "INSERT INTO catalog_relationship (created_at, public_id, from_dataset_id,"
            " to_dataset_id, from_fields, to_fields, name) SELECT created_at, 'x',"
            " from_dataset_id, to_dataset_id, from_fields, to_fields, name"
            f" FROM catalog_relationship WHERE id = {RELATION}"
        ),
        f"UPDATE compliance_finding SET severity = 'odd' WHERE source_id = {SOURCE}",
        f"DELETE FROM compliance_ruletally WHERE source_id = {SOURCE}",
        f"UPDATE discovery_dataset SET row_count = 7 WHERE source_id = {SOURCE}",
    ),
    "I3": (
        f"UPDATE racine_run SET state = 'settling' WHERE id = {RUN}",
        f"UPDATE racine_run SET lease_until = '2020-01-01' WHERE id = {RUN}",
        f"UPDATE discovery_discoveryjob SET state = 'streaming' WHERE id = {JOB}",
        f"UPDATE racine_stagerun SET state = 'leased' WHERE run_id = {RUN}",
        f"UPDATE racine_stagerun SET lease_until = '2020-01-01' WHERE run_id = {RUN}",
    ),
    "I4": (
        (
            "INSERT INTO notifications_event (at, topic, kind, data)"
            f" VALUES ('2020-01-01', {TOPIC}, 'finished', '{{}}')"
        ),
        (
            "INSERT INTO notifications_notice (created_at, public_id, user_id, level, kind,"
            " title, body, url, dedupe_key) SELECT created_at, 'x', user_id, level, kind, title,"
            " body, url, 'again' FROM notifications_notice ORDER BY id DESC LIMIT 1"
        ),
        "DELETE FROM notifications_notice",
        f"DELETE FROM analytics_runrecord WHERE number = {RUN}",
        f"DELETE FROM racine_stagerun WHERE run_id = {RUN} AND stage = 'scan'",
    ),
    "I5": (
        f"{HISTORY} ('racine_run', 999999, 'completed', 'settling', 1, 1)",
        f"{HISTORY} ('racine_stagerun', 999999, 'leased', 'done', 2, 1)",
        f"{HISTORY} ('racine_stagerun', 999999, 'ready', 'leased', 2, 2)",
        f"{HISTORY} ('racine_stagerun', 999999, 'leased', 'done', 2, 3)",
        f"{HISTORY} ('discovery_discoveryjob', 999999, 'closed', 'queued', 1, 1)",
        (
            f"{HISTORY} ('racine_stagerun', 999999, 'ready', 'leased', 0, 1),"
            " ('racine_stagerun', 999999, 'retry_wait', 'ready', 1, 1)"
        ),
    ),
    "I6": (
        f"DELETE FROM discovery_field WHERE id = {FIELD}",
        f"UPDATE discovery_dataset SET snapshot_id = NULL WHERE source_id = {SOURCE}",
        f"UPDATE discovery_dataset SET content_hash = 'old' WHERE source_id = {SOURCE}",
        f"DELETE FROM classification_label WHERE field_id = {FIELD}",
        (
            "DELETE FROM classification_label WHERE field_id ="
            f" (SELECT max(field_id) FROM compliance_finding WHERE source_id = {SOURCE})"
        ),
    ),
    "I7": (
        f"DELETE FROM rbac_auditentry WHERE {OF_RUN} AND action = 'discovery_started'",
        f"UPDATE rbac_auditentry SET action = 'discovery_cancelled' WHERE {OF_RUN}",
        f"UPDATE rbac_auditentry SET action = 'discovery_resumed' WHERE {OF_RUN}",
        f"UPDATE racine_run SET cancel_requested_at = '2025-01-01' WHERE id = {RUN}",
    ),
    "I8": (
        f"UPDATE racine_runevent SET message = 'it is {PASSWORD_CANARY}' WHERE run_id = {RUN}",
        f"UPDATE discovery_field SET comment = '{RAW_CANARIES[0]}' WHERE id = {FIELD}",
    ),
    "I12": (
        f'UPDATE racine_run SET summary = \'{{"balance": {{"holds": false}}}}\' WHERE id = {RUN}',
        f"UPDATE racine_run SET summary = json_set(summary, '$.balance.seen', 3) WHERE id = {RUN}",
        f"UPDATE discovery_batch SET state = 'quarantined' WHERE job_id = {JOB} AND seq = 0",
        f"UPDATE racine_run SET state = 'failed' WHERE id = {RUN}",
    ),
}


def list_unnoticed(
    original: Path, folder: Path, expected: Expectation, seen: Seen, history: Path
) -> Iterator[str]:
    """Breakages that no invariant of that name speaks of."""
    for invariant, statements in BREAKAGES.items():
        for statement in statements:
            copy = folder / "broken.sqlite3"
            shutil.copy(original, copy)
            store = Store(copy)
            store.query("PRAGMA foreign_keys = OFF")
            store.query("PRAGMA ignore_check_constraints = ON")
            _drop_guards(store)
            store.query(statement)
            if not _is_noticed(invariant, store, expected, seen, history):
                yield f"{invariant}: {statement}"
            store.close()


def _drop_guards(store: Store) -> None:
    """What the database itself would refuse."""
    found = store.query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in found:
        store.query(f"DROP TRIGGER {name}")


def _is_noticed(
    invariant: str, store: Store, expected: Expectation, seen: Seen, history: Path
) -> bool:
    if invariant == "I6":
        statements = Reader(store, expected.source, Seen()).statements
        return any(store.query(each) for each in statements)
    found = check(store, expected, seen, history)
    if invariant == "I8":
        found = check_canaries(store, [])
    return any(line.startswith(invariant) for line in found)


def is_lie_noticed(store: Store, expected: Expectation, history: Path) -> bool:
    """I12: whether a page and an API that say another state are noticed."""
    answer = {"state": "running", "balance": None, "error_message": ""}
    chip = '<span data-run-state><span class="dw-chip">Running</span></span>'
    ahead = find_stray(store, expected.run, "cancelled", Mark(0, "waiting"))
    behind = find_stray(store, expected.run, "running", set_mark(store, expected.run))
    current = find_stray(store, expected.run, "completed", set_mark(store, expected.run))
    lies = (
        Seen(page="<p>Completed</p>"),
        Seen(page=f"{chip}<p>Completed</p>"),
        Seen(answers=[answer]),
        Seen(strays=[ahead]),
        Seen(strays=[behind]),
    )
    if not (ahead and behind) or current:
        return False
    return all(
        any(line.startswith("I12") for line in check(store, expected, lie, history)) for lie in lies
    )


def is_delay_noticed(store: Store, expected: Expectation, history: Path) -> bool:
    """I3: whether a person who waits for a cancelled run to end is noticed."""
    late = check(store, expected, Seen(cancel_seconds=CANCEL_SECONDS + 1), history)
    soon = check(store, expected, Seen(cancel_seconds=CANCEL_SECONDS - 1), history)
    return any(line.startswith("I3") for line in late) and not soon


def is_blindness_noticed(store: Store, expected: Expectation, history: Path) -> bool:
    """I6: whether a reader that never got an answer is noticed, and one that is cut off lives."""
    blind = check(store, expected, Seen(polls=0), history)
    away = Store(history.parent / "away" / "no.sqlite3")
    seen = Seen()
    reader = Reader(away, expected.source, seen, pause=0.01)
    reader.start()
    time.sleep(CUT_OFF_SECONDS)
    away.place = store.place
    time.sleep(CUT_OFF_SECONDS)
    reader.stop()
    return bool(seen.polls) and any(line.startswith("I6") for line in blind)


def list_unnoticed_late_writes(original: Path, folder: Path, source: int) -> Iterator[str]:
    """What stages could write after the end that a second look does not notice."""
    for statement in LATE_WRITES:
        copy = folder / "late.sqlite3"
        shutil.copy(original, copy)
        store = Store(copy)
        store.query("PRAGMA foreign_keys = OFF")
        _drop_guards(store)
        before = load_outputs(store, source)
        quiet = list_late_writes(before, load_outputs(store, source))
        store.query(statement)
        if quiet or not list_late_writes(before, load_outputs(store, source)):
            yield statement
        store.close()


def is_redis_searched(url: str) -> bool:
    """I8: whether a value is found in each kind of thing that Redis holds."""
    client = redis.Redis.from_url(url)
    ways = (
        lambda: client.set("fault-canary", PASSWORD_CANARY),
        lambda: client.rpush("fault-canary", PASSWORD_CANARY),
        lambda: client.sadd("fault-canary", PASSWORD_CANARY),
        lambda: client.hset("fault-canary", "key", PASSWORD_CANARY),
        lambda: client.zadd("fault-canary", {PASSWORD_CANARY: 1}),
        lambda: client.xadd("fault-canary", {"key": PASSWORD_CANARY}),
    )
    found = []
    for put in ways:
        put()
        found.append(PASSWORD_CANARY.encode() in read_redis(url))
        client.delete("fault-canary")
    found.append(PASSWORD_CANARY.encode() not in read_redis(url))
    client.close()
    return all(found)


def is_swelling_noticed(installation: Installation) -> bool:
    """I10: whether processes that hold more than they may are named."""
    silent = not installation.list_swollen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.faults.harness.installation.SERVER_MB", 1)
        patch.setattr("tests.faults.harness.installation.AGENT_MB", 1)
        return silent and len(installation.list_swollen()) == len(installation.children)


def is_reread_noticed(store: Store, expected: Expectation, seen: Seen, history: Path) -> bool:
    """I11: whether tables that were read over and over are noticed."""
    twice = history.with_name("twice.jsonl")
    read = json.dumps({"kind": "read", "table": "customers"}) + "\n"
    twice.write_text(history.read_text(encoding="utf-8") + read * 9, encoding="utf-8")
    return any(line.startswith("I11") for line in check(store, expected, seen, twice))
