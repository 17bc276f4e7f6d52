"""The whole protocol against a naive model: whatever the order, nothing is lost or invented.

`PROTOCOL_RUNS` sets how many walks are tried.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.datasources.models import Agent, DataSource
from apps.discovery import selectors, services
from apps.discovery.models import Batch, Dataset, DiscoveryJob
from apps.discovery.types import BatchState, JobState
from datawave_edge.protocol import (
    WINDOW,
    Ack,
    CloseAck,
    JobClose,
    JobFailure,
    Load,
    RunSettings,
    SourceFacts,
    TableRecord,
    TableSnapshot,
    batch_sha256,
    decode_records,
    encode_records,
    root_hash,
)
from tests.factories import make_agent, make_source

from .factories import as_record, make_table
from .protocol_model import Model

RUNS = int(os.environ.get("PROTOCOL_RUNS", "100"))
STEPS = 20
NAMES = [f"t{number}" for number in range(6)]


class ProtocolMachine(RuleBasedStateMachine):
    """Two agents with a source each; of one source one job at a time, of the other one for good."""

    source: ClassVar[DataSource]

    @initialize()
    def begin(self) -> None:
        self.agents = {name: make_agent(name) for name in ("one", "two")}
        self.current = make_source("machine", agent=self.agents["one"])
        self.job: DiscoveryJob = services.open_job(source=self.current, settings=RunSettings())
        self.model = Model()
        self.kept: dict[str, tuple[int, int]] = {}
        self.backup: Any = None
        self.sent: dict[int, bytes] = {}
        # A stream of another source that goes on beside it, and the source's stream before this.
        other = make_source("beside", agent=self.agents["two"])
        self.beside = services.open_job(source=other, settings=RunSettings())
        assert services.lease_job(agent=self.agents["two"]) == self.beside
        self.beside_model = Model()
        self.before: DiscoveryJob | None = None

    def call(self, work: Any) -> str:
        """Status of an ack, or the code of the refusal."""
        try:
            answer = work()
        except Exception as error:
            code = getattr(error, "code", "")
            if not code:
                raise
            return str(code)
        return answer.status if isinstance(answer, Ack | CloseAck) else "done"

    def who(self, name: str) -> Agent:
        return self.agents[name]

    def refusal(self, name: str) -> str:
        """Why an agent may not speak of the job now; empty when it may."""
        if self.model.owner != name:
            return "lease_lost" if self.model.state == "open" else "job_over"
        return "" if self.model.state == "open" else "job_over"

    def accept(self, job: DiscoveryJob, name: str, seq: int, body: bytes) -> str:
        """What the server says to a batch."""
        return self.call(
            lambda: services.accept_batch(
                job=job,
                agent=self.who(name),
                seq=seq,
                sha256=batch_sha256(body),
                records=len(body.splitlines()),
                body=body,
                packed_bytes=len(body),
            )
        )

    def put(self, name: str, seq: int, tables: list[TableSnapshot]) -> None:
        body = encode_records([as_record(table) for table in tables])
        given = self.accept(self.job, name, seq, body)
        refused = self.refusal(name)
        assert given == (refused or self.model.take(seq, batch_sha256(body), tables))
        if given in ("accepted", "quarantined"):
            self.sent[seq] = body

    @precondition(lambda self: self.model.state == "open")
    @rule(name=st.just("one"))
    def lease(self, name: str) -> None:
        """An agent takes the job (again) and opens its stream."""
        self.job.refresh_from_db()
        forgotten = self.job.agent is None
        leased = services.lease_job(agent=self.who(name))
        if self.job.attempts >= 5:
            self._note_given_up(leased)
            return
        assert leased == self.job
        if forgotten:
            self.model.fill_gaps()
        self.job.refresh_from_db()
        now = dt.datetime.now(dt.UTC)
        opened = services.open_stream(job=self.job, agent=self.who(name), agent_time=now)
        self.job.refresh_from_db()
        self.model.owner, self.model.epoch = name, self.job.epoch
        assert opened.resume_seq == self.model.acked + 1
        assert opened.hashes == [self.model.ledger[seq] for seq in range(opened.resume_seq)]

    def _note_given_up(self, leased: DiscoveryJob | None) -> None:
        assert leased is None
        self.job.refresh_from_db()
        assert (self.job.state, self.job.error_code) == (JobState.FAILED, "job_given_up")
        self.model.state = "failed"

    @precondition(lambda self: self.model.owner)
    @rule(
        ahead=st.integers(0, 4),
        names=st.lists(st.sampled_from(NAMES), unique=True, max_size=3),
        columns=st.integers(1, 3),
    )
    def put_next(self, ahead: int, names: list[str], columns: int) -> None:
        """In order, or with a gap."""
        tables = [make_table(name, [f"c{n}" for n in range(columns)]) for name in names]
        first = self.model.acked + 1
        free = [seq for seq in range(first, first + 20) if seq not in self.model.ledger]
        self.put(self.model.owner, free[ahead], tables)

    @precondition(lambda self: self.model.owner and self.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The answer was lost, so the same goes out again."""
        seq = data.draw(st.sampled_from(sorted(self.sent)))
        body = self.sent[seq]
        given = self.accept(self.job, self.model.owner, seq, body)
        refused = self.refusal(self.model.owner)
        if refused or seq in self.model.ledger:
            assert given == (refused or self.model.take(seq, batch_sha256(body), []))
            return
        # Lost with a restored database: it is new again.
        assert given in ("accepted", "quarantined")
        self._learn(seq, body, given)

    def _learn(self, seq: int, body: bytes, given: str) -> None:
        records = decode_records(body)
        tables = [record.table for record in records if isinstance(record, TableRecord)]
        assert self.model.take(seq, batch_sha256(body), tables) == given

    @precondition(lambda self: self.model.owner and self.model.ledger)
    @rule(data=st.data())
    def contradict(self, data: st.DataObject) -> None:
        """Another batch under a number that is taken; seldom, for it ends the stream."""
        if data.draw(st.integers(0, 9)):
            return
        seq = data.draw(st.sampled_from(sorted(self.model.ledger)))
        self.put(self.model.owner, seq, [make_table("other", [f"x{len(self.sent)}"])])

    @precondition(lambda self: self.model.owner)
    @rule(far=st.integers(WINDOW + 1, 2**70))
    def put_too_far(self, far: int) -> None:
        self.put(self.model.owner, self.model.acked + far, [make_table("far")])

    @rule(seq=st.integers(0, 3))
    def put_as_stranger(self, seq: int) -> None:
        """An agent that never had the job."""
        self.put("two", seq, [make_table("strange")])

    @rule(ahead=st.integers(0, 3), columns=st.integers(1, 3), name=st.sampled_from(NAMES))
    def put_beside(self, ahead: int, columns: int, name: str) -> None:
        """Tables of the same names in another source, in between and in any order."""
        tables = [make_table(name, [f"c{n}" for n in range(columns)])]
        body = encode_records([as_record(table) for table in tables])
        model = self.beside_model
        seq = model.acked + 1 + ahead
        if seq in model.ledger and model.ledger[seq] != batch_sha256(body):
            return
        given = self.accept(self.beside, "two", seq, body)
        assert given == model.take(seq, batch_sha256(body), tables)

    @precondition(lambda self: self.before is not None)
    @rule(seq=st.integers(0, 5), name=st.sampled_from(NAMES))
    def put_late(self, seq: int, name: str) -> None:
        """A batch of the stream before comes when the source's next stream goes on."""
        assert self.before is not None
        body = encode_records([as_record(make_table(name, ["late"]))])
        assert self.accept(self.before, "one", seq, body) == "job_over"

    @precondition(lambda self: self.model.owner and self.model.state == "open")
    @rule()
    def fall_silent(self) -> None:
        """The lease runs out; the job waits, and its own agent may go on with it."""
        past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        DiscoveryJob.objects.filter(pk=self.job.pk).update(lease_until=past)
        services.release_lost_jobs()
        self.job.refresh_from_db()
        if self.job.state == JobState.FAILED:
            self.model.state = "failed"

    @precondition(lambda self: self.model.owner)
    @rule(honest=st.booleans(), last=st.integers(0, 3))
    def close(self, *, honest: bool, last: int) -> None:
        """Closed only when every number is there and the hash is that of the batches held."""
        top = max(self.model.ledger, default=-1) if honest else last + 5
        hashes = [self.model.ledger.get(seq, "0" * 64) for seq in range(top + 1)]
        message = JobClose(
            last_seq=top,
            root_hash=root_hash(hashes),
            containers=[],
            seen=len(self.model.tables),
            load=Load(),
            facts=SourceFacts(),
        )
        missing = [seq for seq in range(top + 1) if seq not in self.model.ledger]
        right = self.refusal(self.model.owner) or ("missing" if missing else "closed")
        extra = max(self.model.ledger, default=-1) > top
        if right == "closed" and extra:
            right = "root_hash_mismatch"
        if right == "job_over" and self.model.state == "closed" and top == self.job.last_seq:
            right = "closed"
        owner = self.who(self.model.owner)
        given = self.call(lambda: services.close_job(job=self.job, agent=owner, close=message))
        assert given == right
        if given == "closed":
            self.model.state = "closed"
            self.job.refresh_from_db()

    @precondition(lambda self: self.model.owner and self.model.state == "open")
    @rule(sure=st.integers(0, 9))
    def cancel(self, sure: int) -> None:
        """A person stops it; the agent hears of it and gives up."""
        if sure:
            return
        services.request_cancel(job=self.job)
        self.job.refresh_from_db()
        if self.job.state != JobState.CANCELLED:
            failure = JobFailure(code="cancelled", message="")
            services.fail_job(job=self.job, agent=self.who(self.model.owner), failure=failure)
            self.job.refresh_from_db()
        assert self.job.state == JobState.CANCELLED
        self.model.state = "cancelled"

    @precondition(lambda self: self.model.state in ("failed", "cancelled"))
    @rule()
    def resume(self) -> None:
        """What was taken in stays."""
        self.job = services.resume_job(job=self.job, settings=RunSettings())
        services.release_job(job=self.job)
        self.model.state, self.model.owner = "open", ""

    @precondition(lambda self: self.model.state == "closed")
    @rule()
    def begin_another(self) -> None:
        """The next discovery of the source begins with an empty ledger, over what is known."""
        self.kept = {
            **self.kept,
            **{name: (-1, told[1]) for name, told in self.model.tables.items()},
        }
        self.before = self.job
        self.job = services.open_job(source=self.current, settings=RunSettings())
        self.model, self.sent = Model(), {}
        self.backup = None

    @precondition(lambda self: self.model.owner and self.backup is None)
    @precondition(lambda self: self.model.state == "open")
    @rule()
    def back_up(self) -> None:
        """Remember this moment of the database."""
        kept = copy.deepcopy((self.model, self.kept, self.beside_model))
        self.backup = (transaction.savepoint(), *kept)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Set the server back to that moment; what came since is lost here, not on the agent."""
        transaction.savepoint_rollback(self.backup[0])
        _, self.model, self.kept, self.beside_model = self.backup
        self.backup = None
        self.job.refresh_from_db()

    @invariant()
    def ledger_agrees(self) -> None:
        if not hasattr(self, "job"):
            return
        for job, model in ((self.job, self.model), (self.beside, self.beside_model)):
            rows = Batch.objects.filter(job=job).values_list("seq", "sha256", "state")
            assert {seq: sha for seq, sha, _ in rows} == model.ledger
            aside = {seq for seq, _, state in rows if state == BatchState.QUARANTINED}
            assert aside == model.aside
            assert selectors.find_acked_seq(job.pk) == model.acked

    @invariant()
    def catalogue_agrees(self) -> None:
        if not hasattr(self, "job"):
            return
        both = (
            (self.current, {**self.kept, **self.model.tables}),
            (self.beside.source, self.beside_model.tables),
        )
        for source, told in both:
            held = dict(Dataset.objects.filter(source=source).values_list("name", "column_count"))
            assert held == {name: columns for name, (_, columns) in told.items()}


@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_protocol_keeps_its_word_whatever_the_order() -> None:
    class Isolated(ProtocolMachine):
        """Each walk in a transaction of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.whole = transaction.atomic()
            self.whole.__enter__()

        def teardown(self) -> None:
            connection.set_rollback(True)
            self.whole.__exit__(None, None, None)

    run_state_machine_as_test(
        Isolated,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
