"""A reader who looks all the while: nothing half done may be seen (I6)."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import psycopg

from tests.faults.harness.checker import Seen
from tests.faults.harness.store import Store


class Reader:
    """Polls what is known of a source while a run goes on: each part is whole, old or new."""

    def __init__(self, store: Store, source: int, seen: Seen, pause: float = 0.03) -> None:
        self.statements = (make_torn_query(store, source), make_half_labelled_query(source))
        self.store, self.seen, self.pause = store, seen, pause
        self.seen.polls = 0
        self._polls = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Reader:
        """Begin to poll."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop polling."""
        self._stop.set()
        self._thread.join(10)
        self.seen.polls = self._polls

    def _run(self) -> None:
        while not self._stop.wait(self.pause):
            # The store may be away for longer than it asks again, which is what rows are about.
            with contextlib.suppress(sqlite3.Error, psycopg.Error):
                self._poll()

    def _poll(self) -> None:
        # In turns, for each costs the machine what the run needs.
        statement = self.statements[self._polls % len(self.statements)]
        rows = self.store.query(statement)
        self._polls += 1
        self.seen.torn += [f"{row} was seen torn" for row in rows[:3]]


def make_half_labelled_query(source: int) -> str:
    """Batches that are classified with fields left out, or judged by labels that are not there."""
    unlabelled = "NOT EXISTS (SELECT 1 FROM classification_label l WHERE l.field_id = f.id)"
    return (
        "SELECT d.name, f.name, 'no label' FROM racine_stagerun w"
        " JOIN discovery_batchitem i ON i.batch_id = w.batch_id"
        " JOIN discovery_dataset d ON d.id = i.dataset_id AND d.snapshot_id = i.snapshot_id"
        " JOIN discovery_field f ON f.dataset_id = d.id AND f.state = 'active'"
        f" WHERE d.source_id = {source} AND w.stage = 'classification' AND w.state = 'done'"
        f" AND i.outcome = 'stored' AND {unlabelled} UNION ALL"
        " SELECT d.name, f.name, x.rule_id FROM compliance_finding x"
        " JOIN discovery_field f ON f.id = x.field_id"
        " JOIN discovery_dataset d ON d.id = f.dataset_id"
        f" WHERE x.source_id = {source} AND {unlabelled}"
    )


def make_torn_query(store: Store, source: int) -> str:
    """Active datasets whose fields are not those of their snapshot, in one statement."""
    told = store.count_columns_json("s.payload")
    fields = (
        "(SELECT count(*) FROM discovery_field f WHERE f.dataset_id = d.id AND f.state = 'active')"
    )
    return (
        f"SELECT d.name, d.column_count, {fields}, {told}, s.id FROM discovery_dataset d"
        " LEFT JOIN discovery_tablesnapshot s ON s.id = d.snapshot_id"
        f" WHERE d.source_id = {source} AND (s.id IS NULL OR {fields} <> {told}"
        " OR d.column_count <> " + told + " OR s.content_hash <> d.content_hash)"
    )
