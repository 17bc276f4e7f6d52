"""Reads the target of `manage.py discover`: a file, a folder, or a URL typed by the operator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from datawave.common.errors import InputInvalid

ENGINES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
DUCKDB_SUFFIXES = (".duckdb", ".ddb")


@dataclass(frozen=True, kw_only=True)
class Target:
    """The structured fields of a source; a URL never travels further than this."""

    engine: str
    host: str = ""
    port: int | None = None
    database: str = ""
    username: str = ""
    password: str = ""

    @property
    def name(self) -> str:
        """A name for the source, without secrets."""
        place = self.database if self.host else Path(self.database).name
        return f"{place or self.engine}@{self.host}" if self.host else place


def parse_target(text: str) -> Target:
    """Fields of a path or URL. Raises InputInvalid, which repeats no password."""
    if "://" not in text:
        path = Path(text).expanduser().resolve()
        return Target(engine=_engine_of(path), database=str(path))
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise InputInvalid("The target's port is not a number.", field="target") from None
    engine = ENGINES.get(url.scheme.split("+")[0])
    if engine is None:
        raise InputInvalid(
            "The target must be a file or begin with postgresql://, mysql:// or sqlite:///.",
            field="target",
        )
    if url.query or url.fragment:
        raise InputInvalid(
            "Options after ? can't be given here; add the source in the dashboard.", field="target"
        )
    if engine == "sqlite":
        return parse_target(unquote(url.path))
    return Target(
        engine=engine,
        host=url.hostname or "localhost",
        port=port,
        database=unquote(url.path.lstrip("/")),
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


def _engine_of(path: Path) -> str:
    """A folder is one of files; what a file is, its ending tells."""
    if path.is_dir():
        return "files"
    return "duckdb" if path.suffix.lower() in DUCKDB_SUFFIXES else "sqlite"
