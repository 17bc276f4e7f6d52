"""Control messages: work, progress, acknowledgements and connection tests."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

import msgspec

from .shape import Code, Count, Name, Sha256, Shape

Engine = Literal[
    "sqlite", "postgresql", "mysql", "duckdb", "files", "mssql", "oracle", "sqlalchemy"
]  # fmt: skip
Dialect = Annotated[
    str, msgspec.Meta(pattern=r"^(?:[a-z][a-z0-9_]*(?:\+[a-z][a-z0-9_]*)?)?\Z", max_length=64)
]
Tls = Literal["disable", "prefer", "require", "verify-full"]
Short = Annotated[str, msgspec.Meta(max_length=500)]
# Room for a statement a line.
MAX_HINT: Final = 8_000


class ConnectionSpec(Shape, frozen=True):
    """How to reach a source, as fields. A password is present only towards an embedded agent."""

    engine: Engine
    host: str = ""
    port: int | None = None
    # Database name, or the path of a file or folder on the agent's host.
    database: str = ""
    username: str = ""
    password: str = ""
    # Where the agent finds the password itself, such as "env:CRM_PASSWORD" or "file:crm".
    secret_ref: str = ""
    tls: Tls = "prefer"
    # For the engine "sqlalchemy": the dialect by name, such as "firebird" or "clickhouse+native".
    dialect: Dialect = ""
    # Glob patterns over "container.name"; empty include means all.
    include: list[str] = []
    exclude: list[str] = []

    def __repr__(self) -> str:
        """Leave the password out of every log and traceback."""
        return f"ConnectionSpec({self.engine}, {self.host}, {self.database})"


class Interval(Shape, frozen=True):
    """From a moment until before another."""

    begins: dt.datetime
    ends: dt.datetime


class RunSettings(Shape, frozen=True):
    """Knobs of a run that analytics may tune."""

    tables_per_batch: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 8
    sample_rows: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 2_000
    statement_timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 30
    table_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 120
    # Seconds of a run and of a table for counting rare patterns over whole tables; 0 is off.
    counting_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 300
    counting_table_seconds: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 20
    # Seconds of statements and rows that a run may cost before only structure is read; 0: no limit.
    run_seconds: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 0
    run_rows: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    # When the source must be left alone: a run that is under way pauses.
    blackouts: Annotated[list[Interval], msgspec.Meta(max_length=200)] = []


class WorkRequest(Shape, frozen=True):
    """An agent asks for work and may be kept waiting for `wait` seconds."""

    wait: Annotated[int, msgspec.Meta(ge=0, le=60)] = 20
    # An agent that is busy with a job still takes connection tests.
    tests_only: bool = False


class NoWork(Shape, frozen=True, tag="none", tag_field="work"):
    """Nothing to do now; ask again."""


# Bytes of one hashed word, and most words of one recogniser.
WORD_BYTES: Final = 8
MOST_WORDS: Final = 10_000


class Recogniser(Shape, frozen=True):
    """What values of an own type of the installation look like."""

    # Under this name the share of hits comes back; it tells nothing of the type.
    code: Code
    # RE2's syntax; each must match a whole value.
    patterns: Annotated[list[Short], msgspec.Meta(max_length=20)] = []
    # Hashes of words, one after the other, under `salt`: the list itself stays on the server.
    words: Annotated[bytes, msgspec.Meta(max_length=WORD_BYTES * MOST_WORDS)] = b""
    salt: Annotated[str, msgspec.Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        """Leave patterns and words out of every log and traceback: they may be secret."""
        return f"Recogniser({self.code})"


class WithheldColumn(Shape, frozen=True):
    """A column that must not be sketched."""

    container: str
    table: str
    column: str


class Sketching(Shape, frozen=True):
    """How values are sketched, so that columns of databases that can't see each other compare."""

    # Secret of the installation: who has it can test guesses.
    salt: Annotated[str, msgspec.Meta(min_length=32, max_length=64)]
    # Columns whose meaning the server has found to be sensitive.
    withheld: list[WithheldColumn] = []

    def __repr__(self) -> str:
        """Leave the salt out of every log and traceback."""
        return f"Sketching({len(self.withheld)} withheld)"


class DiscoveryWork(Shape, frozen=True, tag="discovery", tag_field="work"):
    """A discovery job, leased to this agent until `lease_seconds` pass without a sign of life."""

    job: str
    source: ConnectionSpec
    settings: RunSettings
    lease_seconds: int
    # Own types of the installation to look for, beside what the agent knows itself.
    recognisers: Annotated[list[Recogniser], msgspec.Meta(max_length=100)] = []
    # Absent where the installation makes no sketches.
    sketching: Sketching | None = None


class TestWork(Shape, frozen=True, tag="test", tag_field="work"):
    """A connection test that a person waits for."""

    __test__ = False  # not a pytest class

    test: str
    source: ConnectionSpec


Work = NoWork | DiscoveryWork | TestWork


class OpenStream(Shape, frozen=True):
    """Start or take up the stream of a job."""

    agent_time: dt.datetime
    # Capabilities without which this agent can't be served: see versions.CAPABILITIES.
    needs: Annotated[list[Code], msgspec.Meta(max_length=20)] = []
    # Hash of the egress manifest: what the agent can send at all.
    egress_schema: Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{64})?$")] = ""


class Opened(Shape, frozen=True):
    """Where to go on, and what the server already holds."""

    resume_seq: int
    window: int
    max_packed_bytes: int
    server_time: dt.datetime
    # "container" -> "name" -> content hash of the version the server holds.
    known: dict[str, dict[str, str]]
    # Hashes of the batches before `resume_seq`, for an agent whose spool was lost.
    hashes: list[Sha256] = []
    capabilities: list[Code] = []
    # "container" -> names of the tables that those batches tell: they need not be read again.
    told: dict[str, list[str]] = {}


class Ack(Shape, frozen=True):
    """A batch is safe: committed here, or quarantined with the reasons in `rejected`."""

    status: Literal["accepted", "duplicate", "quarantined"]
    # Highest sequence number below which nothing is missing; -1 when there is none.
    acked_seq: int
    rejected: list[Short] = []


class LogLine(Shape, frozen=True):
    """A line for the run's live log."""

    level: Literal["info", "warning", "error"]
    message: Short
    at: dt.datetime


class JobProgress(Shape, frozen=True):
    """Sign of life during a job; renews its lease."""

    listed: Count = 0
    done: Count = 0
    current: Short = ""
    spool_bytes: Count = 0
    log: Annotated[list[LogLine], msgspec.Meta(max_length=100)] = []
    # The agent was told to stop and hands its lease back.
    leaving: bool = False


class Directive(Shape, frozen=True):
    """What the agent should do about the job now."""

    cancel: bool = False
    # When the source must be left alone, as it stands now; None when the server does not say.
    blackouts: Annotated[list[Interval], msgspec.Meta(max_length=200)] | None = None


class ContainerListing(Shape, frozen=True):
    """Whether the listing of one container was complete: only then can absence mean a drop."""

    name: Annotated[str, msgspec.Meta(max_length=1_000)]
    authoritative: bool
    tables: Count
    # All sequences in it, also those that number no column.
    sequences: Count = 0


class Load(Shape, frozen=True):
    """What the run cost the source."""

    queries: Count = 0
    rows_read: Count = 0
    # From the first statement to the last, with all waits.
    seconds: float = 0.0
    # Of these: in statements, slept because the source was slow, paused in blackout windows.
    busy_seconds: float = 0.0
    slept_seconds: float = 0.0
    paused_seconds: float = 0.0
    # Kind of statement, such as "sample" -> seconds in all of that kind.
    by_kind: dict[Code, float] = {}
    slowest_kind: Annotated[str, msgspec.Meta(max_length=64)] = ""
    slowest_seconds: float = 0.0


class SourceFacts(Shape, frozen=True):
    """What the agent saw of the server itself; None where it could not tell."""

    server_version: Annotated[str, msgspec.Meta(max_length=200)] = ""
    tls: bool | None = None
    read_only: bool | None = None
    privileged: bool | None = None
    audit_logging: bool | None = None


class JobClose(Shape, frozen=True):
    """End of the stream: what was sent, seen and proven."""

    last_seq: Annotated[int, msgspec.Meta(ge=-1)]
    root_hash: Sha256
    containers: list[ContainerListing]
    seen: Count
    load: Load
    facts: SourceFacts
    # Whether `containers` are all there are: only then is one that is not among them gone.
    complete: bool = False


class CloseAck(Shape, frozen=True):
    """Closed, or the sequence numbers that must be sent again."""

    status: Literal["closed", "missing"]
    missing: list[int] = []


class JobFailure(Shape, frozen=True):
    """The job as a whole can't go on: a reason code, a plain sentence and whether to try again."""

    code: Code
    message: Short
    hint: Short = ""
    retry: bool = False


class TestStep(Shape, frozen=True):
    """One step of a connection test."""

    __test__ = False  # not a pytest class

    name: Code
    title: Name
    ok: bool
    code: Annotated[str, msgspec.Meta(max_length=64)] = ""
    message: Short = ""
    hint: Annotated[str, msgspec.Meta(max_length=MAX_HINT)] = ""


class TestResult(Shape, frozen=True):
    """All steps that were tried, in order; the first that failed is the last."""

    __test__ = False  # not a pytest class

    steps: list[TestStep]


class Heartbeat(Shape, frozen=True):
    """An agent tells how it is."""

    version: Short
    protocol: Short
    agent_time: dt.datetime
    spool_bytes: Count = 0
    # Age of the oldest batch that waits, by the agent's own clock; None when none does.
    oldest_spooled_seconds: Annotated[float, msgspec.Meta(ge=0, le=1e10)] | None = None
    host: Short = ""


class HeartbeatReply(Shape, frozen=True):
    """The server's clock, the jobs this agent must stop, and what it is to do about itself."""

    server_time: dt.datetime
    cancel: list[str] = []
    # End the job and take no other.
    drain: bool = False
    # Take another token; make another key.
    refresh: bool = False
    rotate: bool = False
    # A newer version that the server would like; empty when this one will do.
    upgrade: Short = ""
