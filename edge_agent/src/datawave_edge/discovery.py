"""The walk of one discovery: connect, list, describe, profile, check, spool, close."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Final

from .account import list_warnings
from .ahead import ask_ahead, split
from .batches import Batching, Entry
from .connectors import (
    Connector,
    Listing,
    Plans,
    ReadsAhead,
    Shapes,
    TableRef,
    TableShape,
    TellsApart,
    make_connector,
)
from .connectors.meter import Metered
from .credentials import find_password
from .drafts import Drafts
from .egress import EgressRefused, check, clean_listing, clean_ref, refuse
from .ending import end_early
from .faults import ADVICE, SourceFault
from .governor import Governor
from .halts import JobHalted
from .outbox import Outbox
from .packing import Packed
from .patterns import TableFilter
from .protocol import (
    DiscoveryWork,
    FilteredRecord,
    JobClose,
    Opened,
    Record,
    SourceFacts,
    TableRecord,
    TableSnapshot,
    UnchangedRecord,
    root_hash,
)
from .reading import OwnHits, TableReader
from .snapshots import ref_of
from .steady import SteadyConnection
from .stream import JobStream
from .unchanged import Fingerprints

log = logging.getLogger(__name__)

CANCEL_SECONDS: Final = 0.5
DESCRIBE_CHUNK: Final = 200
FINGERPRINT_CHUNK: Final = 20_000
COLUMNS_HIDDEN: Final = (
    "The account may see some of its columns alone; the others stay as they were known. To have"
    " them read, grant SELECT on the whole table."
)


def run_discovery(work: DiscoveryWork, stream: JobStream, outbox: Outbox) -> None:
    """Carry a job to its end: closed, failed, or left for the next lease. Never raises."""
    walk: _Walk | None = None
    again = True
    try:
        walk = _Walk(work, stream, outbox)
        walk.run()
        again = False
    except Exception as error:
        again = end_early(stream, outbox, error)
    finally:
        if walk is not None:
            walk.end(again=again)
        stream.stop_threads()


class _Walk:
    """State of one walk."""

    def __init__(self, work: DiscoveryWork, stream: JobStream, outbox: Outbox) -> None:
        self._work = work
        self._stream = stream
        self._line = SteadyConnection(stream)
        self._outbox = outbox
        self._batch = Batching(work.settings.tables_per_batch)
        self._governor = Governor(
            work.settings,
            stream.pause,
            stream.tell,
            outbox.get_load(work.job),
            lambda: stream.blackouts,
        )
        self._reader = TableReader(
            work.settings,
            self._governor,
            self._line.call,
            stream.tell,
            own=self._open_recognisers(),
            sketching=work.sketching,
        )
        self._over = threading.Event()
        self._known: Mapping[str, Mapping[str, str]] = {}
        # By an agent that had the job before, or by this one before it lost its spool.
        self._told: set[tuple[str, str]] = set()
        self._fingerprints = Fingerprints(outbox.file, work.source)
        # Last, for it holds a file open that only `end` closes.
        self._drafts = Drafts(outbox.path.parent, work.job)

    def _open_recognisers(self) -> OwnHits | None:
        """Those of the installation's own types, if it has any."""
        if not self._work.recognisers:
            return None
        # RE2 takes time and memory that most agents never need.
        from .own_recognisers import OwnRecognisers

        own = OwnRecognisers(self._work.recognisers)
        if own.refused:
            self._stream.tell(f"{own.refused} own recognisers can't be read here", "warning")
        return own

    def run(self) -> None:
        opened: Opened = self._stream.open()
        self._known = opened.known
        self._told = {(part, name) for part, names in opened.told.items() for name in names}
        password = find_password(self._work.source)
        connector = make_connector(self._work.source, password, self._work.settings)
        self._line.connector = connector
        threading.Thread(target=self._cancel_when_halted, name="canceller", daemon=True).start()
        try:
            # A job may be taken up hours after the server let it start.
            self._governor.hold_off()
            self._line.call(connector.connect)
            self._line.call(lambda: self._governor.watch(connector))
            facts = self._read_facts(connector)
            listing = self._line.call(connector.list_tables)
            self._read_tables(connector, listing)
        finally:
            self._over.set()
            connector.close()
            self._note_load()
        self._close(listing, facts)

    def _cancel_when_halted(self) -> None:
        """A long statement must not outlive the wish to stop."""
        self._stream.wait_halted()
        connector: object = self._line.connector
        while not self._over.is_set():
            if isinstance(connector, Metered):
                connector.cancel()
            self._over.wait(CANCEL_SECONDS)

    def end(self, *, again: bool) -> None:
        """Keep what no batch holds if the job may be taken up again."""
        self._drafts.close(forget=not again)

    def _read_facts(self, connector: Connector) -> SourceFacts:
        try:
            facts = self._line.call(connector.read_facts)
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            facts = SourceFacts()
        self._stream.tell(f"Connected to {facts.server_version or 'the database'}")
        for warning in list_warnings(facts):
            self._stream.tell(warning, "warning")
        return facts

    def _read_tables(self, connector: Connector, listing: Listing) -> None:
        done = self._outbox.list_done(self._work.job) | self._told
        done |= self._take_up_drafts(done)
        rest = [ref for ref in listing.tables if clean_ref(ref) not in done]
        self._stream.count(listed=len(listing.tables), done=len(listing.tables) - len(rest))
        self._stream.tell(f"Found {len(listing.tables):,} tables and views")
        chosen = TableFilter(self._work.source.include, self._work.source.exclude)
        wanted = [ref for ref in rest if chosen.lets(ref)]
        for ref in sorted(set(rest) - set(wanted)):
            self._add(Entry.of(ref, FilteredRecord(**clean_ref(ref)._asdict())))
        unread = self._pass_unchanged(connector, wanted)
        if isinstance(connector, Plans):
            connector.plan(unread)
        self._read_all(connector, unread)
        self._flush()
        self._fingerprints.keep()

    def _pass_unchanged(self, connector: Connector, refs: Sequence[TableRef]) -> Sequence[TableRef]:
        """Send the hashes of tables that are as they were. Gives the others, to be read."""
        # Rows change without a trace in the catalogue, so a profile must be made anew.
        if self._work.settings.sample_rows or not isinstance(connector, TellsApart):
            return refs

        def ask(chunk: Sequence[TableRef]) -> Mapping[TableRef, str]:
            self._stream.require_live()
            self._line.call(lambda: self._governor.pace(connector))
            return self._ask(connector, chunk)

        found: set[TableRef] = set()
        chunks = split(refs, FINGERPRINT_CHUNK) if self._fingerprints else iter(())
        with closing(ask_ahead(chunks, ask)) as asked:
            for _, prints in asked:
                for ref, record in self._fingerprints.find(prints, self._known):
                    self._collect(Entry.of(ref, record))
                    found.add(ref)
        self._stream.count(done=len(found))
        return [ref for ref in refs if ref not in found]

    def _ask(self, connector: TellsApart, refs: Sequence[TableRef]) -> Mapping[TableRef, str]:
        """The tables' fingerprints; none when they can't be had, for the tables can be read."""
        try:
            return self._line.call(lambda: connector.fingerprint(refs))
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            return {}

    def _take_up_drafts(self, done: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Batch what was read before a restart and is still true."""
        found = {ref_of(record): record for record in self._drafts.list_records()}
        fresh = {ref: each for ref, each in found.items() if ref not in done and self._holds(each)}
        entries = [Entry.of(ref, record) for ref, record in fresh.items()]
        self._drafts.keep_only(entry.line for entry in entries)
        for entry in entries:
            self._collect(entry)
        return set(fresh)

    def _holds(self, record: Record) -> bool:
        """Whether a draft still says the truth: the server's version may have changed since."""
        if not isinstance(record, UnchangedRecord):
            return True
        return self._known.get(record.container, {}).get(record.name) == record.content_hash

    def _read_all(self, connector: Connector, refs: Sequence[TableRef]) -> None:
        def ask(chunk: Sequence[TableRef]) -> Callable[[], Shapes]:
            self._stream.require_live()
            self._line.call(lambda: self._governor.pace(connector))
            return self._describe(connector, chunk)

        chunks = split(refs, DESCRIBE_CHUNK)
        if self._work.settings.sample_rows or not isinstance(connector, ReadsAhead):
            for chunk in chunks:
                self._read_chunk(connector, chunk, ask(chunk)())
            return
        # Nothing else is asked of the connection meanwhile, and it waits for nobody.
        with closing(ask_ahead(chunks, ask)) as asked:
            for chunk, make in asked:
                self._read_chunk(connector, chunk, make())

    def _read_chunk(self, connector: Connector, chunk: Sequence[TableRef], shapes: Shapes) -> None:
        for ref in chunk:
            self._stream.require_live()
            self._stream.count(current=ref.path)
            if self._work.settings.sample_rows:
                self._line.call(lambda: self._governor.pace(connector))
            self._add(self._read_table(connector, ref, shapes.get(ref)))

    def _describe(self, connector: Connector, refs: Sequence[TableRef]) -> Callable[[], Shapes]:
        """What makes the structure of some tables; if one spoils the bulk, each is asked alone."""
        try:
            if isinstance(connector, ReadsAhead):
                return self._line.call(lambda: connector.describe_later(refs))
            shapes = self._line.call(lambda: connector.describe(refs))
        except SourceFault as fault:
            if fault.code == "connection_lost":
                raise
            shapes = {refs[0]: fault} if len(refs) == 1 else self._describe_each(connector, refs)
        return lambda: shapes

    def _describe_each(self, connector: Connector, refs: Sequence[TableRef]) -> Shapes:
        shapes: dict[TableRef, TableShape | SourceFault] = {}
        for ref in refs:
            self._stream.require_live()
            shapes.update(self._describe(connector, [ref])())
        return shapes

    def _read_table(
        self, connector: Connector, ref: TableRef, shape: TableShape | SourceFault | None
    ) -> Entry:
        if shape is None:
            shape = SourceFault("table_missing")
        if isinstance(shape, SourceFault):
            return self._refuse(ref, shape)
        try:
            return self._check(shape, self._reader.read(connector, shape))
        except EgressRefused:
            return self._refuse(ref, SourceFault("record_refused"))
        except SourceFault as fault:
            if fault.code == "connection_lost":
                self._line.pass_over(fault)
            return self._refuse(ref, fault)
        except JobHalted:
            raise
        except Exception as error:
            # One odd table must not cost the run; the error's text may hold a value.
            log.error("A table met %s.", type(error).__name__)  # noqa: TRY400  # a driver's traceback may hold values
            return self._refuse(ref, SourceFault("internal"))

    def _check(self, shape: TableShape, table: TableSnapshot) -> Entry:
        self._line.note_read()
        record, line = check(TableRecord(table=table))
        assert isinstance(record, TableRecord)  # noqa: S101 - the check keeps the kind
        sealed, ref = record.table, shape.ref
        if sealed.columns_hidden:
            self._stream.tell(f"{ref.path}: {COLUMNS_HIDDEN}", "warning")
        if not self._work.settings.sample_rows:
            self._fingerprints.note(ref, shape.fingerprint, sealed.content_hash)
        unchanged = UnchangedRecord(
            container=sealed.container, name=sealed.name, content_hash=sealed.content_hash
        )
        return Entry.of(ref, unchanged) if self._holds(unchanged) else Entry(ref, line, whole=True)

    def _refuse(self, ref: TableRef, fault: SourceFault) -> Entry:
        self._stream.tell(f"{ref.path}: {fault.message}", "warning")
        return Entry.of(ref, refuse(ref, fault.code, fault.message))

    def _add(self, entry: Entry) -> None:
        self._line.note_told()
        self._drafts.add(entry.line)
        self._collect(entry)
        self._stream.count(done=1)

    def _collect(self, entry: Entry) -> None:
        full = list(self._batch.add(entry))
        for entries in full:
            self._put(entries)
        if full:
            self._drafts.keep_only(self._batch.lines)

    def _flush(self) -> None:
        for entries in self._batch.flush():
            self._put(entries)
        self._drafts.keep_only([])

    def _put(self, entries: Sequence[Entry]) -> None:
        content = Packed.of_lines(
            (entry.line for entry in entries), len(entries), self._stream.encoding
        )
        if content.fits:
            self._stream.put(content, [entry.ref for entry in entries])
            self._note_load()
        elif len(entries) == 1:
            ref = entries[0].ref
            refusal = refuse(ref, "record_refused", ADVICE["record_refused"].message)
            self._put([Entry.of(ref, refusal)])
        else:
            half = len(entries) // 2
            self._put(entries[:half])
            self._put(entries[half:])

    def _note_load(self) -> None:
        self._outbox.add_load(self._work.job, self._governor.take_load())

    def _close(self, listing: Listing, facts: SourceFacts) -> None:
        self._note_load()
        self._stream.count(current="")
        self._stream.drain()
        self._stream.report_now()
        hashes = self._outbox.list_hashes(self._work.job)
        message = JobClose(
            last_seq=len(hashes) - 1,
            root_hash=root_hash(hashes),
            containers=[clean_listing(each) for each in listing.containers],
            seen=self._count_seen(listing),
            load=self._outbox.get_load(self._work.job),
            facts=facts,
            complete=listing.complete,
        )
        self._stream.close(message)

    def _count_seen(self, listing: Listing) -> int:
        """What was listed, with what was listed and sent before a restart."""
        return len(
            {clean_ref(ref) for ref in listing.tables} | self._outbox.list_done(self._work.job)
        )
