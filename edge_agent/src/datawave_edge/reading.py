"""Reading the rows of one table: a sample, its profile, and the counts of rare patterns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .connectors import Cell, Connector, Sample, TableRef, TableShape, TellsReadable
from .connectors.meter import SAMPLE
from .faults import SourceFault
from .governor import Governor
from .protocol import ColumnSnapshot, RunSettings, Sketching, TableSnapshot
from .slices import Slice, slice_shape
from .snapshots import Profiled, profile_sample, sketch_columns, snapshot_of

if TYPE_CHECKING:
    from .counting import CountingPass


class OwnHits(Protocol):
    """What the recognisers of the installation's own types make of cells."""

    def add_hits(
        self, columns: Sequence[ColumnSnapshot], sample: Sample
    ) -> Sequence[ColumnSnapshot]: ...

    def rate(self, cells: Sequence[Cell]) -> dict[str, float]: ...


class Tell(Protocol):
    """Adds a line to the run's live log."""

    def __call__(self, message: str, level: Any = "info") -> None: ...


class TableReader:
    """Profiles tables under the run's governor. `steadily` calls again after a lost connection."""

    def __init__(
        self,
        settings: RunSettings,
        governor: Governor,
        steadily: Callable[[Callable[[], Any]], Any],
        tell: Tell,
        *,
        own: OwnHits | None = None,
        sketching: Sketching | None = None,
    ) -> None:
        self._limit = settings.sample_rows
        self._governor = governor
        self._steadily = steadily
        self._tell = tell
        self._settings = settings
        self._own = own
        self._sketching = sketching

    @cached_property
    def _counting(self) -> CountingPass:
        # It brings SQLAlchemy, which a run of structure alone may do without.
        from .counting import CountingPass

        return CountingPass(self._settings)

    def read(self, connector: Connector, shape: TableShape) -> TableSnapshot:
        """Profile a table; when its rows can't be read, its structure goes alone."""
        if not self._limit:
            return snapshot_of(shape, None, "")
        if not self._governor.may_read():
            return snapshot_of(shape, None, "budget_spent")
        try:
            table, sample = self._sample(connector, shape)
        except SourceFault as fault:
            if fault.code in ("connection_lost", "table_missing"):
                raise
            fresh = self._describe_anew(connector, shape) if fault.code == "view_broken" else None
            if fresh is not None:
                return self.read(connector, fresh)
            part = self._narrow(connector, shape) if fault.code == "permission_denied" else None
            if part is not None:
                self._tell_narrowed(connector, shape, part)
                return _widen(shape, self.read(connector, part))
            self._tell_unread(connector, shape.ref, fault)
            return snapshot_of(shape, None, fault.code)
        self._tell_profiled(shape, sample, table)
        return self._with_counts(connector, shape, sample, table)

    def _sample(self, connector: Connector, shape: TableShape) -> tuple[TableSnapshot, Sample]:
        """The profiled table and its sample: without its rows when they came in slices."""
        first, *others = slice_shape(shape)
        sample = self._sample_slice(connector, first)
        if not others:
            return snapshot_of(shape, sample, "", self._profile(shape, sample)), sample
        profiled = self._profile(first.shape, sample)
        # Cells of another slice are not at hand any more, so patterns are counted in SQL.
        rowless = dataclasses.replace(sample, rows=[], cut=True)
        del sample
        for part in others:
            found = self._profile(part.shape, self._sample_slice(connector, part))
            profiled.columns += found.columns[part.skipped :]
            keys = {each.name for each in found.columns[: part.skipped]}
            profiled.paths += [each for each in found.paths if each.column not in keys]
        return snapshot_of(shape, rowless, "", profiled), rowless

    def _profile(self, shape: TableShape, sample: Sample) -> Profiled:
        profiled = profile_sample(shape, sample, self._own.rate if self._own else None)
        if self._own:
            profiled.columns = list(self._own.add_hits(profiled.columns, sample))
        if self._sketching:
            profiled.columns = sketch_columns(shape, profiled.columns, sample, self._sketching)
        return profiled

    def _sample_slice(self, connector: Connector, part: Slice) -> Sample:
        with self._governor.meter.doing(SAMPLE):
            sample: Sample = self._steadily(lambda: connector.sample(part.shape, self._limit))
        return sample

    def _describe_anew(self, connector: Connector, shape: TableShape) -> TableShape | None:
        """The shape as it is by now, if the table was changed since it was described."""
        fresh = self._steadily(lambda: connector.describe([shape.ref])).get(shape.ref)
        if not isinstance(fresh, TableShape):
            raise fresh or SourceFault("table_missing")
        return fresh if fresh.columns != shape.columns else None

    def _narrow(self, connector: Connector, shape: TableShape) -> TableShape | None:
        """The columns that the role may read, where they are some and not all."""
        source: object = connector
        if not isinstance(source, TellsReadable):
            return None
        names = self._steadily(lambda: source.list_readable(shape.ref))
        columns = [column for column in shape.columns if column.name in names]
        is_part = 0 < len(columns) < len(shape.columns)
        return dataclasses.replace(shape, columns=columns) if is_part else None

    def _with_counts(
        self, connector: Connector, shape: TableShape, sample: Sample, table: TableSnapshot
    ) -> TableSnapshot:
        """The table with the counts of rare patterns in its columns."""
        with self._governor.meter.doing("patterns"):
            columns, counting = self._steadily(
                lambda: self._counting.add_counts(connector, shape, sample, table.columns)
            )
        return msgspec.structs.replace(table, columns=list(columns), counting=counting)

    def _tell_narrowed(self, connector: Connector, shape: TableShape, part: TableShape) -> None:
        unread, total = len(shape.columns) - len(part.columns), len(shape.columns)
        told = f"{unread:,} of {total:,} columns may not be read and have no profile."
        self._tell(f"{shape.ref.path}: {told} {connector.grant_hint(shape.ref)}", "warning")

    def _tell_unread(self, connector: Connector, ref: TableRef, fault: SourceFault) -> None:
        denied = fault.code == "permission_denied"
        hint = connector.grant_hint(ref) if denied else fault.hint
        self._tell(f"{ref.path}: {fault.message} {hint}".rstrip(), "warning")

    def _tell_profiled(self, shape: TableShape, sample: Sample, table: TableSnapshot) -> None:
        total = sample.row_count if sample.row_count is not None else shape.row_count
        of_all = f" of {'' if sample.exact else 'about '}{total:,}" if total is not None else ""
        read = max((each.profile.rows for each in table.columns if each.profile), default=0)
        self._tell(f"Profiled {shape.ref.path} ({read:,}{of_all} rows, values stay here)")


def _widen(shape: TableShape, table: TableSnapshot) -> TableSnapshot:
    """The table with all of its columns, of which some were read."""
    read = {column.ordinal: column for column in table.columns}
    columns = [read.get(column.ordinal, column) for column in shape.columns]
    return msgspec.structs.replace(table, columns=columns)
