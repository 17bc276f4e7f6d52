"""What every connector gives: a listing, descriptions and bounded samples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import (
    ColumnSnapshot,
    ConnectionSpec,
    Constraint,
    ContainerListing,
    DatasetKind,
    DatasetName,
    ForeignKey,
    Grants,
    Index,
    Partitioning,
    RunSettings,
    SourceFacts,
)
from datawave_edge.protocol import (
    Sequence as SequenceName,
)


class TableRef(NamedTuple):
    """A dataset by its names in the source."""

    container: str
    name: str

    @property
    def path(self) -> str:
        """Both names with a dot, as patterns and log lines show them."""
        return f"{self.container}.{self.name}" if self.container else self.name


@dataclass(frozen=True)
class Listing:
    """All datasets that the source shows, and where that is surely all there is."""

    containers: list[ContainerListing]
    tables: list[TableRef]
    # Whether no container can be hidden from this role.
    complete: bool = False


@dataclass
class TableShape:
    """The structure of a dataset, before its columns are profiled."""

    ref: TableRef
    kind: DatasetKind
    columns: list[ColumnSnapshot]
    comment: str = ""
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    sequences: list[SequenceName] = field(default_factory=list)
    parents: list[DatasetName] = field(default_factory=list)
    partitioning: Partitioning | None = None
    # Whether its partitions are tables of their own, which are listed and read beside it.
    has_parts_listed: bool = False
    # Already without literals.
    definition: str = ""
    row_security: bool = False
    # Whether the account may see some of its columns alone.
    columns_hidden: bool = False
    row_count: int | None = None
    row_count_exact: bool = False
    size_bytes: int | None = None
    grants: Grants | None = None
    # Ordinals of columns whose name repeats a value; the name is read by, and never told.
    unnamed: frozenset[int] = frozenset()
    # Equal for as long as all of the above stays what it is; empty where that can't be told.
    fingerprint: str = ""


# A read cell: text (cut), number, truth value, None, or Binary for bytes that were never read.
class Binary(int):
    """Length of a binary value; the bytes themselves stay in the database."""


Cell = str | int | float | bool | Binary | None


@dataclass(frozen=True)
class Sample:
    """Rows of a bounded sample, columns in the order of the table's."""

    rows: Sequence[Sequence[Cell]]
    row_count: int | None
    exact: bool
    # Whether a text was longer than what is read of one.
    cut: bool = False


Shapes = Mapping[TableRef, TableShape | SourceFault]


class Connector(Protocol):
    """One open connection to a source. Every method raises SourceFault."""

    queries: int
    rows_read: int

    def connect(self) -> None:
        """Open a read-only session, or open it again."""

    def close(self) -> None:
        """Close it; never raises."""

    def read_facts(self) -> SourceFacts:
        """What the server says of itself."""

    def list_tables(self) -> Listing:
        """All datasets, in a steady order."""

    def describe(self, refs: Sequence[TableRef]) -> Shapes:
        """Structure of some datasets; one that is gone is missing from the answer."""

    def sample(self, shape: TableShape, limit: int) -> Sample:
        """At most `limit` rows, the same ones while the data stay the same."""

    def read_one(self, ref: TableRef) -> None:
        """Prove that a row can be read."""

    def grant_hint(self, ref: TableRef) -> str:
        """The statement that would allow reading it."""


@runtime_checkable
class TellsApart(Protocol):
    """A connector that knows at little cost which tables are as they were."""

    def fingerprint(self, refs: Sequence[TableRef]) -> Mapping[TableRef, str]:
        """The fingerprints that `describe` would give; one that is gone is missing."""


@runtime_checkable
class TellsReadable(Protocol):
    """A connector whose server lists all columns, also those that a role may not read."""

    def list_readable(self, ref: TableRef) -> Collection[str]:
        """Names of the columns that the role may read."""


@runtime_checkable
class ReadsAhead(Protocol):
    """A connector that may be asked from any thread, by one at a time."""

    def describe_later(self, refs: Sequence[TableRef]) -> Callable[[], Shapes]:
        """Ask for what `describe` needs; what comes back makes it, and asks nothing more."""


@runtime_checkable
class Plans(Protocol):
    """A connector that asks for less when it knows which tables will be described."""

    def plan(self, refs: Sequence[TableRef]) -> None:
        """These of the listed tables, and no others."""


@runtime_checkable
class ChecksPeer(Protocol):
    """A connector whose driver lets its connection's other end be looked at."""

    is_peer_checked: bool


class ConnectorFactory(Protocol):
    """Makes a connector for a spec; importing the driver is left to `connect`."""

    def __call__(self, spec: ConnectionSpec, password: str, settings: RunSettings) -> Connector: ...
