"""A session by a driver's own connection: text goes to it as it is.

SQLAlchemy spells expressions alone, and is loaded when the first one comes: catalogue queries need
nothing of it, and to load it takes longer than to read the catalogue of a small database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from .session import Row, Session, told_as_fault

if TYPE_CHECKING:
    import sqlalchemy as sa

# A name after one colon: two of them cast, and one after a figure stands in a time.
_NAMED: Final = re.compile(r"(?<![:\w]):([a-z]\w*)")


class DriverSession(Session):
    """The one connection that `dial` gives, of a driver that takes %(name)s."""

    def __init__(self, dial: Callable[[], Any], dialect: str) -> None:
        super().__init__()
        self._dial = dial
        self._dialect = dialect
        self._connection: Any = None

    @cached_property
    def dialect(self) -> sa.Dialect:
        import sqlalchemy as sa

        make: Callable[..., sa.Dialect] = sa.make_url(f"{self._dialect}://").get_dialect()
        return make(paramstyle="pyformat")

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    @property
    def driver_connection(self) -> Any:
        return self._connection

    def open(self) -> None:
        self.close()
        with told_as_fault():
            self._connection = self._dial()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _fetch(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> Sequence[Row]:
        text, values = self._spell(statement, parameters)
        with self._connection.cursor() as cursor:
            cursor.execute(text, values)
            return self._take(cursor)

    def _take(self, cursor: Any) -> list[Row]:
        """The rows of a statement that was sent."""
        return list(cursor.fetchall()) if cursor.description else []

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _spell(
        self, statement: sa.Executable | str, parameters: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any] | None]:
        """The statement as the driver takes it; without values it leaves percent signs alone."""
        if isinstance(statement, str):
            return (_spell_names(statement), parameters) if parameters else (statement, None)
        spelt = statement.compile(  # type: ignore[attr-defined]  # every statement is a clause
            dialect=self.dialect, compile_kwargs={"render_postcompile": True}
        )
        return str(spelt), {**spelt.params, **parameters}


@lru_cache(maxsize=128)
def _spell_names(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement.replace("%", "%%"))
