"""Taking batches in: acknowledged and stored once; refused or set aside when they are wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.datasources.models import DataSource
from apps.discovery import selectors, services
from apps.discovery.models import Batch, BatchItem, Dataset, DiscoveryJob, Field, SchemaChange
from apps.discovery.models import TableSnapshot as StoredTable
from apps.discovery.types import (
    BatchState,
    ChangeKind,
    DatasetState,
    FieldState,
    ItemOutcome,
    JobState,
)
from datawave_edge.protocol import (
    WINDOW,
    ForeignKey,
    encode_records,
)

from .factories import (
    as_record,
    feed_job,
    make_close,
    make_column,
    make_failed,
    make_filtered,
    make_profile,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
    send_body,
)

pytestmark = pytest.mark.django_db
HOSTILE = ["it's", 'q"uote', "100 %s", "{x}", "имя", "a.b", "<script>", "x" * 63, "--; DROP", "🂡"]


def reason_of(source: DataSource, *tables: Any) -> str:
    """Code of the first reason why the tables are set aside."""
    job, agent = open_stream(source)
    ack = send_batch(job, agent, 0, tables)
    assert ack.status == "quarantined"
    assert ack.acked_seq == 0
    assert Dataset.objects.count() == 0
    return ack.rejected[0].partition(":")[0]


def load_current(source: DataSource) -> dict[str, int]:
    """Name -> number of active columns of what the source holds now."""
    tables = selectors.load_dataset_tables(source.pk)
    return {table.snapshot.name: len(table.snapshot.columns) for table in tables}


def changes_of(job: DiscoveryJob) -> set[tuple[str, str]]:
    return set(SchemaChange.objects.filter(job=job).values_list("kind", "field_name"))


def test_run_balances_when_everything_was_sent(source: DataSource) -> None:
    job, batches = feed_job(source, [make_table(f"t{n}") for n in range(10)])
    assert job.state == "closed"
    assert [batch.state for batch in batches] == [BatchState.ACCEPTED] * 2
    balance = selectors.load_balance(job.pk)
    assert balance.holds
    assert balance.stored == 10
    source.refresh_from_db()
    assert source.facts["server_version"] == "3.45"


def test_balance_counts_every_outcome(source: DataSource) -> None:
    known = make_table("known")
    feed_job(source, [known])
    sent = [make_table("new"), make_unchanged(known), make_failed("closed"), make_filtered("tmp")]
    job, _ = feed_job(source, sent)
    balance = selectors.load_balance(job.pk)
    assert (balance.stored, balance.unchanged, balance.failed, balance.filtered) == (1, 1, 1, 1)
    assert balance.holds
    assert [item.code for item in selectors.list_failed_items(job)] == ["no_grant"]


def test_batch_is_loaded_as_it_was_sent(source: DataSource) -> None:
    table = make_table("customers", [make_column("mail", hits={"email": 0.9}), "name"])
    job, (batch,) = feed_job(source, [table])
    content = selectors.load_batch(batch.pk)
    assert (content.job_id, content.source_id) == (job.pk, source.pk)
    (loaded,) = content.tables
    assert loaded.snapshot == table
    assert loaded.changed
    assert loaded.fqn == "main.customers"
    assert set(loaded.field_ids) == {"mail", "name"}


def test_unchanged_table_is_loaded_with_the_snapshot_held(source: DataSource) -> None:
    table = make_table("customers")
    feed_job(source, [table])
    _, (batch,) = feed_job(source, [make_unchanged(table)])
    (loaded,) = selectors.load_batch(batch.pk).tables
    assert loaded.snapshot == table
    assert not loaded.changed
    assert StoredTable.objects.count() == 1


def test_whole_table_is_no_new_version_when_nothing_changed(source: DataSource) -> None:
    feed_job(source, [make_table("t")])
    job, _ = feed_job(source, [make_table("t")])
    assert StoredTable.objects.count() == 1
    assert selectors.load_balance(job.pk).unchanged == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_stored_as_they_are(source: DataSource, name: str) -> None:
    table = make_table(name, [name, "plain"], container=name)
    _, (batch,) = feed_job(source, [table])
    assert selectors.load_batch(batch.pk).tables[0].snapshot == table
    assert Dataset.objects.get().name == name
    assert set(Field.objects.values_list("name", flat=True)) == {name, "plain"}


def test_repeat_is_answered_and_changes_nothing(source: DataSource) -> None:
    job, agent = open_stream(source)
    assert send_batch(job, agent, 0, [make_table("t")]).status == "accepted"
    again = send_batch(job, agent, 0, [make_table("t")])
    assert (again.status, again.acked_seq) == ("duplicate", 0)
    assert (Batch.objects.count(), BatchItem.objects.count()) == (1, 1)


def test_conflict_is_refused_when_the_number_was_used(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("t")])
    with pytest.raises(services.BatchConflict):
        send_batch(job, agent, 0, [make_table("other")])
    assert Dataset.objects.count() == 1


def test_stream_ends_when_its_agent_contradicts_itself(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("t")])
    with pytest.raises(services.BatchConflict):
        send_batch(job, agent, 0, [make_table("other")])
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "stream_conflict")
    assert "number 0" in job.error_message
    with pytest.raises(services.JobOver):
        send_batch(job, agent, 1, [make_table("late")])
    # A new stream of the source begins with a clean ledger.
    feed_job(source, [make_table("t"), make_table("other")])
    assert Dataset.objects.count() == 2


def test_verdict_is_told_again_when_a_batch_in_quarantine_is_repeated(source: DataSource) -> None:
    job, agent = open_stream(source)
    twice = [make_table("t"), make_table("t")]
    first = send_batch(job, agent, 0, twice)
    again = send_batch(job, agent, 0, twice)
    assert first.status == again.status == "quarantined"
    assert first.rejected == again.rejected != []


@pytest.mark.parametrize("crash", [False, True])
def test_newest_description_stands_when_an_older_one_comes_late(
    source: DataSource, *, crash: bool
) -> None:
    job, agent = open_stream(source)
    new = make_table("t", ["id", "name", "mail"])
    assert send_batch(job, agent, 1, [new, make_table("u")]).acked_seq == -1
    if crash:
        DiscoveryJob.objects.filter(pk=job.pk).update(state=JobState.QUEUED, lease_until=None)
        open_stream(source, job=job, agent=agent)
    late = send_batch(job, agent, 0, [make_table("t", ["id"]), make_table("v")])
    assert (late.status, late.acked_seq) == ("accepted", 1)
    assert Dataset.objects.get(name="t").column_count == 3
    assert load_current(source) == {"t": 3, "u": 2, "v": 2}


def test_gap_is_held_until_it_is_filled(source: DataSource) -> None:
    job, agent = open_stream(source)
    assert send_batch(job, agent, 2, [make_table("c")]).acked_seq == -1
    assert send_batch(job, agent, 0, [make_table("a")]).acked_seq == 0
    assert send_batch(job, agent, 1, [make_table("b")]).acked_seq == 2


def test_batch_is_put_off_when_it_is_beyond_the_window(source: DataSource) -> None:
    job, agent = open_stream(source)
    with pytest.raises(services.WindowExceeded):
        send_batch(job, agent, WINDOW, [make_table("t")])
    assert send_batch(job, agent, WINDOW - 1, [make_table("t")]).status == "accepted"


@pytest.mark.parametrize("seq", [2**31, 2**70])
def test_batch_is_put_off_when_its_number_is_absurd(source: DataSource, seq: int) -> None:
    job, agent = open_stream(source)
    with pytest.raises(services.WindowExceeded):
        send_batch(job, agent, seq, [make_table("t")])


def test_batch_is_refused_when_its_hash_or_count_is_wrong(source: DataSource) -> None:
    job, agent = open_stream(source)
    body = encode_records([as_record(make_table("t"))])
    with pytest.raises(services.HashMismatch):
        services.accept_batch(
            job=job, agent=agent, seq=0, sha256="0" * 64, records=1, body=body, packed_bytes=1
        )
    with pytest.raises(services.HashMismatch):
        send_body(job, agent, 0, body, 2)
    assert Batch.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json\n", "schema_invalid"),
        (b'{"record":"table"}\n', "schema_invalid"),
        (b'{"record":"filtered","container":"","name":"x","extra":1}\n', "schema_invalid"),
        (b'{"record":"filtered","container":"","name":"a\\u0000b"}\n', "nul_character"),
        (b"[" * 100 + b"]" * 100 + b"\n", "too_deep"),
        (b'{"record":"filtered","container":"","name":"\\ud800"}\n', "schema_invalid"),
        (b'{"record":"filtered","container":"","name":1e400}\n', "schema_invalid"),
    ],
)
def test_batch_is_set_aside_when_it_breaks_the_protocol(
    source: DataSource, body: bytes, code: str
) -> None:
    job, agent = open_stream(source)
    ack = send_body(job, agent, 0, body, 1)
    assert ack.status == "quarantined"
    assert ack.rejected[0].startswith(f"{code}: ")
    assert send_batch(job, agent, 1, [make_table("t")]).acked_seq == 1
    assert [batch.seq for batch in selectors.list_quarantined_batches(job)] == [0]


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (make_table("t", ["a", "a"]), "duplicate_column"),
        (make_table("t", [make_column("a", ordinal=1), make_column("b", ordinal=1)]),
         "duplicate_ordinal"),
        (make_table("t", [make_column("a", key_position=2)]), "key_broken"),
        (make_table("t", [make_column("a", key_position=1), make_column("b", key_position=1)]),
         "key_broken"),
        (make_table("t", ["a"], foreign_keys=[ForeignKey(
            columns=["x"], target_container="main", target_name="u", target_columns=["id"])]),
         "foreign_key_unknown"),
        (make_table("t", ["a"], foreign_keys=[ForeignKey(
            columns=["a"], target_container="main", target_name="u", target_columns=["x", "y"])]),
         "foreign_key_uneven"),
        (make_table("t", [make_column("a", profile=make_profile(nulls=101, distinct=0))]),
         "profile_inconsistent"),
        (make_table("t", [make_column("a", profile=make_profile(distinct=101))]),
         "profile_inconsistent"),
        (make_table("t", [make_column("a", profile=make_profile(empty=101))]),
         "profile_inconsistent"),
        (make_table("t", [make_column("a", profile=make_profile(min_length=2, max_length=1))]),
         "profile_inconsistent"),
        (make_table("я" * 1_000, container="я" * 1_000), "name_too_long"),
    ],
)  # fmt: skip
def test_batch_is_set_aside_when_a_table_makes_no_sense(
    source: DataSource, table: Any, code: str
) -> None:
    assert reason_of(source, make_table("good"), table) == code


def test_batch_is_set_aside_when_a_table_is_in_it_twice(source: DataSource) -> None:
    assert reason_of(source, make_table("t"), make_table("t")) == "duplicate_table"


def test_batch_is_set_aside_when_its_unchanged_version_is_not_held(source: DataSource) -> None:
    assert reason_of(source, make_unchanged(make_table("t"))) == "unchanged_unknown"


def test_batch_is_set_aside_when_a_table_was_sent_before(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_table("t")])
    ack = send_batch(job, agent, 1, [make_table("t", ["other"])])
    assert ack.status == "quarantined"
    assert set(Field.objects.values_list("name", flat=True)) == {"id", "name"}


def test_newest_word_counts_when_a_table_is_sent_again_after_a_crash(source: DataSource) -> None:
    job, agent = open_stream(source)
    send_batch(job, agent, 0, [make_failed("t"), make_table("u")])
    job, agent = open_stream(source, job=job, agent=agent)
    assert send_batch(job, agent, 1, [make_table("t"), make_table("u")]).status == "accepted"
    close = make_close(job, [("main", "t"), ("main", "u")])
    services.close_job(job=job, agent=agent, close=close)
    balance = selectors.load_balance(job.pk)
    assert (balance.stored, balance.unchanged, balance.failed) == (1, 1, 0)
    assert balance.holds


def test_reasons_are_bounded_when_everything_is_wrong(source: DataSource) -> None:
    job, agent = open_stream(source)
    ack = send_batch(job, agent, 0, [make_table("x" * 1_000, ["a", "a"])] * 150)
    assert len(ack.rejected) == 100
    assert max(map(len, ack.rejected)) <= 500


def test_drift_is_noted_when_a_table_changes(source: DataSource) -> None:
    before = [
        make_column("id", "integer", key_position=1),
        make_column("a", "text", comment="old"),
        make_column("b", "text"),
    ]
    after = [
        make_column("id", "integer"),
        make_column("a", "integer", nullable=False, comment="new", key_position=1),
        make_column("c", "text"),
    ]
    first, _ = feed_job(source, [make_table("t", before)])
    job, _ = feed_job(source, [make_table("t", after), make_table("added")])
    assert changes_of(first) == set()
    assert changes_of(job) == {
        (ChangeKind.TYPE_CHANGED, "a"),
        (ChangeKind.NULLABILITY_CHANGED, "a"),
        (ChangeKind.COMMENT_CHANGED, "a"),
        (ChangeKind.COLUMN_REMOVED, "b"),
        (ChangeKind.COLUMN_ADDED, "c"),
        (ChangeKind.KEY_CHANGED, ""),
        (ChangeKind.TABLE_ADDED, ""),
    }


def test_field_keeps_its_identity_when_it_goes_and_comes_back(source: DataSource) -> None:
    feed_job(source, [make_table("t", ["a", "b"])])
    identity = Field.objects.get(name="b").public_id
    feed_job(source, [make_table("t", ["a"])])
    gone = Field.objects.get(name="b")
    assert (gone.state, gone.public_id) == (FieldState.REMOVED, identity)
    assert gone.removed_at is not None
    job, _ = feed_job(source, [make_table("t", ["a", "b"])])
    back = Field.objects.get(name="b")
    assert (back.state, back.removed_at, back.public_id) == (FieldState.ACTIVE, None, identity)
    assert (ChangeKind.COLUMN_ADDED, "b") in changes_of(job)


def test_old_version_ends_when_a_new_one_is_stored(source: DataSource) -> None:
    feed_job(source, [make_table("t", ["a"])])
    feed_job(source, [make_table("t", ["a", "b"])])
    newest, oldest = StoredTable.objects.all()
    assert newest.valid_to is None
    assert oldest.valid_to == newest.valid_from
    assert Dataset.objects.get().snapshot == newest


def test_error_is_noted_and_cleared_when_a_table_fails_and_recovers(source: DataSource) -> None:
    table = make_table("t")
    feed_job(source, [table])
    feed_job(source, [make_failed("t")])
    dataset = Dataset.objects.get()
    assert (dataset.error_code, dataset.state) == ("no_grant", DatasetState.ACTIVE)
    feed_job(source, [make_unchanged(table)])
    dataset.refresh_from_db()
    assert dataset.error_code == ""


def test_queries_do_not_grow_when_a_batch_is_larger(source: DataSource) -> None:
    feed_job(source, [make_table(f"t{n}") for n in range(9)])
    job, agent = open_stream(source)

    def count(seq: int, names: list[str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            send_batch(job, agent, seq, [make_table(name, ["id", "more"]) for name in names])
        return len(queries)

    few = count(0, ["t0"])
    assert count(1, [f"t{n}" for n in range(1, 9)]) == few
    assert few < 30


def test_all_tables_of_a_source_are_loaded_with_current_versions(source: DataSource) -> None:
    feed_job(source, [make_table("a"), make_table("b")])
    feed_job(source, [make_table("a", ["only"]), make_unchanged(make_table("b"))])
    loaded = {table.fqn: table for table in selectors.load_dataset_tables(source.pk)}
    assert set(loaded) == {"main.a", "main.b"}
    assert [column.name for column in loaded["main.a"].snapshot.columns] == ["only"]
    one = selectors.load_dataset_table(loaded["main.a"].dataset_id)
    assert one == loaded["main.a"]


def test_items_say_what_became_of_each_record(source: DataSource) -> None:
    _, (batch,) = feed_job(source, [make_table("t"), make_filtered("tmp")])
    outcomes = dict(batch.items.values_list("name", "outcome"))
    assert outcomes == {"t": ItemOutcome.STORED, "tmp": ItemOutcome.FILTERED}
