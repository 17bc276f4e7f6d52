"""What a person should hear about the account that a source is read with."""

from __future__ import annotations

from collections.abc import Iterator

from .protocol import SourceFacts


def list_warnings(facts: SourceFacts) -> Iterator[str]:
    """Sentences for the run's log; what a database does not tell of is no reason for one."""
    if facts.privileged:
        yield "The account may do far more than read here; give the agent one that may only read"
    if facts.read_only is False:
        yield "The database does not keep this session from writing; the agent only reads"
