"""How a file is to be read: its columns, under names that tell no value, and the SQL for it."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datawave_edge.faults import SourceFault

from .duckdb_session import DuckSession, literal
from .folder_header import is_header
from .folder_names import FileSet, FolderFile, is_telling

_GLOB: Final = re.compile(r"[*?\[]")
_NONE: Final = "(empty)"
_PARQUET: Final = "hive_partitioning=false"
# Objects of more keys than this, alike in what they hold, are a map whose keys are data.
_MAP_KEYS: Final = 25
_JSON: Final = f"hive_partitioning=false, map_inference_threshold={_MAP_KEYS}"
# The one column of values that are no objects with keys to tell columns by.
_UNKEYED: Final = "json"
_ENCODINGS: Final = ("utf-8", "latin-1")
# Bytes that tell an encoding, and the part of them that is NUL where letters have two bytes.
_START: Final = 4_096
_NULS: Final = 5
_NUMBERS: Final = frozenset(("BIGINT", "DOUBLE"))
# Faults that tell of the file itself, not of time or the connection.
_BROKEN: Final = frozenset(
    ("view_broken", "internal", "unsupported", "not_a_database", "permission_denied")
)


@dataclass(frozen=True)
class Layout:
    """Columns of a file, and the function of DuckDB that reads it with its options."""

    columns: tuple[tuple[str, str], ...]
    # How the columns are called in SQL, whatever their names are.
    function: str
    options: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names alone: by these, files are parts of one set."""
        return tuple(name for name, _ in self.columns)


def told_of_file(fault: SourceFault) -> SourceFault:
    """The fault as one of the file, where it is."""
    return SourceFault("file_broken") if fault.code in _BROKEN else fault


def read_layout(session: DuckSession, file: FolderFile) -> Layout:
    """Look into a file. Raises SourceFault, `file_broken` when it is not what its name says."""
    try:
        if file.format == "csv":
            return _read_csv(session, file)
        if file.format == "parquet":
            return _read_parquet(session, file)
        return _read_json(session, file)
    except SourceFault as fault:
        raise told_of_file(fault) from None


def _read_parquet(session: DuckSession, file: FolderFile) -> Layout:
    rows = session.rows(f"DESCRIBE SELECT * FROM read_parquet({_list([file.path])}, {_PARQUET})")
    return Layout(_name_columns((row[0], row[1]) for row in rows), "read_parquet", _PARQUET)


def _read_json(session: DuckSession, file: FolderFile) -> Layout:
    """Nested values are read as they are written: as structs, each would show the keys of all."""
    told = session.rows(f"DESCRIBE SELECT * FROM read_json({_list([file.path])}, {_JSON})")
    columns = [(row[0], "JSON" if "STRUCT" in row[1] else row[1]) for row in told]
    if [row[1] for row in told] == [kind for _, kind in columns]:
        return Layout(_name_columns(columns), "read_json", _JSON)
    typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns)
    records = "auto" if [name for name, _ in columns] != [_UNKEYED] else "false"
    options = f"{_JSON}, columns={{{typed}}}, records='{records}'"
    return Layout(_name_columns(columns), "read_json", options)


def _read_csv(session: DuckSession, file: FolderFile) -> Layout:
    encoding, row = _sniff(session, file)
    delimiter, quote, escape, comment, skipped, has_header, columns = row
    if skipped and not has_header:
        # Rows of different lengths: what stands above the first even one would be lost.
        raise SourceFault("file_broken")
    told = [(each["name"], each["type"]) for each in columns]
    header = has_header and is_header(*map(list, zip(*told, strict=True)))
    if not header:
        told = [("", kind) for _, kind in told]
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(told)))
    options = (
        f"all_varchar=true, auto_detect=false, hive_partitioning=false, encoding='{encoding}',"
        f" delim={_sign(delimiter, ',')}, quote={_sign(quote, chr(34))},"
        f" escape={_sign(escape, chr(34))}, comment={_sign(comment, '')},"
        f" skip={int(skipped)}, header={str(header).lower()}, columns={{{names}}}"
    )
    return Layout(_name_columns(told), "read_csv", options)


def _sniff(session: DuckSession, file: FolderFile) -> tuple[str, Any]:
    statement = (
        "SELECT Delimiter, Quote, Escape, Comment, SkipRows, HasHeader, Columns"
        " FROM sniff_csv({}, encoding='{}')"
    )
    encodings = _guess_encodings(file.path)
    for encoding in encodings:
        try:
            path = literal(_escape(file.path))
            return encoding, session.rows(statement.format(path, encoding))[0]
        except SourceFault as fault:
            if encoding == encodings[-1] or fault.code == "query_timeout":
                raise
    raise SourceFault("file_broken")


def _guess_encodings(path: str) -> Sequence[str]:
    """What a file may be written in. Raises SourceFault for what DuckDB can't read.

    UTF-16, as spreadsheets save it, is Latin-1 too: a text with a NUL after each letter, in which
    nothing would be found.
    """
    start = _read_start(path)
    even, odd = start[::2].count(0), start[1::2].count(0)
    if start.startswith(codecs.BOM_UTF16_BE) or even > max(odd, len(start) // _NULS):
        raise SourceFault("file_broken", hint="It is in UTF-16, big end first: save it as UTF-8.")
    if start.startswith(codecs.BOM_UTF16_LE) or odd > len(start) // _NULS:
        return ("utf-16",)
    return _ENCODINGS


def _read_start(path: str) -> bytes:
    try:
        with gzip.open(path) if path.lower().endswith(".gz") else Path(path).open("rb") as opened:
            return opened.read(_START)
    except (OSError, EOFError, zlib.error):
        # The sniffer says better what is wrong with it.
        return b""


def _sign(found: str, default: str) -> str:
    return literal(default if found == _NONE else found)


def _name_columns(columns: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Columns under their names, or under their places where these are none or hold a value."""
    told: list[tuple[str, str]] = []
    taken: set[str] = set()
    for place, (name, kind) in enumerate(columns, start=1):
        is_name = bool(name) and not is_telling(name) and name not in taken
        taken.add(name if is_name else f"column {place}")
        told.append((name if is_name else f"column {place}", kind))
    return tuple(told)


def merge_types(layouts: Sequence[Layout]) -> list[tuple[str, str]]:
    """The columns of a set: where its files disagree on a type, one that holds both."""
    merged = []
    for same in zip(*(each.columns for each in layouts), strict=True):
        kinds = {kind for _, kind in same}
        kind = kinds.pop() if len(kinds) == 1 else "DOUBLE" if kinds <= _NUMBERS else "VARCHAR"
        merged.append((same[0][0], kind))
    return merged


def relation(found: FileSet, layouts: Mapping[str, Layout]) -> str:
    """SQL of all rows of a set; its columns are c0, c1 and so on."""
    by_way: dict[tuple[str, str], list[str]] = {}
    for file in found.files:
        layout = layouts[file.path]
        by_way.setdefault((layout.function, layout.options), []).append(file.path)
    width = len(layouts[found.files[0].path].columns)
    parts = [
        f"SELECT * FROM {function}({_list(paths)}, {options})"
        for (function, options), paths in by_way.items()
    ]
    names = ", ".join(f"c{place}" for place in range(width))
    return f"(SELECT * FROM ({' UNION ALL '.join(parts)}) AS t({names}))"


def _list(paths: Sequence[str]) -> str:
    return "[" + ", ".join(literal(_escape(path)) for path in paths) + "]"


def _escape(path: str) -> str:
    """The path as itself, where the engine would read it as a pattern."""
    return _GLOB.sub(lambda found: f"[{found[0]}]", path)
