"""The base of connectors that leave their driver to an engine of SQLAlchemy."""

from __future__ import annotations

import sqlalchemy as sa

from .engine_session import EngineSession
from .server import ServerConnector


class EngineConnector(ServerConnector):
    """Each of its connections is dialled and taken like those of the others."""

    driver: str
    session_type: type[EngineSession]

    def _make_session(self) -> EngineSession:
        engine = sa.create_engine(
            self._url(),
            connect_args=self._connect_args(self._password),
            poolclass=sa.NullPool,
            query_cache_size=0,
        )
        sa.event.listen(engine, "do_connect", lambda *told: self._reach(told[-1]))
        sa.event.listen(engine, "connect", lambda connection, _: self._take(connection))
        return self.session_type(engine)

    def _url(self) -> sa.URL:
        return sa.URL.create(self.driver)
