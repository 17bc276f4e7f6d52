"""A session for servers that know none that is read-only: it sends SELECT and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from datawave_edge.faults import SourceFault

from .engine_session import EngineSession
from .session import Row

_SELECT: Final = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
# SELECT INTO makes a table, and a second statement could do anything.
_WRITES: Final = re.compile(r"\bINTO\b|;|\bFOR\s+UPDATE\b", re.IGNORECASE)


class SelectSession(EngineSession):
    """Refuses whatever is no SELECT before it reaches the driver."""

    def rows(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        if isinstance(statement, str):
            require_select(statement)
        elif not isinstance(statement, sa.Select | sa.CompoundSelect):
            raise SourceFault("permission_denied", hint="The session can only read.")
        try:
            return super().rows(statement, parameters)
        except SourceFault as fault:
            # A driver that waits in vain for an answer says the same as one that can't connect.
            if fault.code == "connect_timeout":
                raise SourceFault("query_timeout") from None
            raise

    def run(self, statement: str) -> None:
        self.rows(statement)

    def set_up(self, statement: str) -> None:
        """Run a constant of ours that bounds the session."""
        super().run(statement)


def require_select(statement: str) -> None:
    """Raise SourceFault unless the text is one SELECT that writes nothing."""
    if not _SELECT.match(statement) or _WRITES.search(statement):
        raise SourceFault("permission_denied", hint="The session can only read.")
