"""What a careful clerk with a notebook would hold of a stream of batches."""

from __future__ import annotations

from datawave_edge.protocol import WINDOW, TableSnapshot, batch_sha256


class Model:
    """The ledger and the catalogue of one stream."""

    def __init__(self) -> None:
        self.ledger: dict[int, str] = {}
        self.aside: set[int] = set()
        # Table -> number of the batch that spoke last, and how many columns it told of.
        self.tables: dict[str, tuple[int, int]] = {}
        # Table -> epoch in which it was told of.
        self.told: dict[str, set[int]] = {}
        self.state = "open"
        self.owner = ""
        self.epoch = 0

    @property
    def acked(self) -> int:
        """The last number below which nothing is missing."""
        seq = 0
        while seq in self.ledger:
            seq += 1
        return seq - 1

    def take(self, seq: int, sha: str, tables: list[TableSnapshot]) -> str:
        """The status of the answer to a batch."""
        if seq > self.acked + WINDOW:
            return "window_exceeded"
        if seq in self.ledger:
            return self._repeat(seq, sha)
        self.ledger[seq] = sha
        fresh = [each for each in tables if self.tables.get(each.name, (-1, 0))[0] < seq]
        if any(self.epoch in self.told.get(each.name, ()) for each in fresh):
            self.aside.add(seq)
            return "quarantined"
        for each in fresh:
            self.tables[each.name] = (seq, len(each.columns))
            self.told.setdefault(each.name, set()).add(self.epoch)
        return "accepted"

    def fill_gaps(self) -> None:
        """Who had the job before is forgotten: empty batches take the numbers that lack."""
        for seq in range(max(self.ledger, default=-1)):
            self.ledger.setdefault(seq, batch_sha256(b""))

    def _repeat(self, seq: int, sha: str) -> str:
        if self.ledger[seq] != sha:
            self.state = "failed"
            return "batch_conflict"
        return "quarantined" if seq in self.aside else "duplicate"
