"""Files of a folder as datasets: which belong together, and names that tell no value.

A file's name is written by whoever made the file, and can hold a date, a number or an address of a
person. What looks like one becomes `*`, and so do the digits of files that are parts of one set.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

from .contract import TableRef

Format = Literal["csv", "parquet", "json"]

FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json",
    ".ndjson": "json",
}  # fmt: skip
MAX_FILES: Final = 20_000
MAX_DEPTH: Final = 16
_PACKED: Final = ".gz"
_SUFFIX: Final = re.compile(
    rf"({'|'.join(map(re.escape, FORMATS))})({re.escape(_PACKED)})?$", re.IGNORECASE
)
_UUID: Final = r"[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"
_VALUES: Final = (
    re.compile(r"\S*@\S*"),
    re.compile(_UUID),
    re.compile(r"\$2[aby]?\$\S*"),
    # Long words with several digits in them: keys, accounts, codes.
    re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d(?:[A-Za-z]*\d){2})[A-Za-z0-9]{8,}"),
    # Four digits and more, also when spaces, dots or dashes part them: dates, phones, cards.
    re.compile(r"\+?\d(?:[\s.:()_-]{0,2}\d){3,}"),
)
_DIGITS: Final = re.compile(r"\d+")
_STARS: Final = re.compile(r"\*(?:[-_. ]*\*)+")
_HIVE: Final = re.compile(r"([^=]+)=.*", re.DOTALL)
_DIGEST: Final = 6

Columns = tuple[str, ...]


class FolderFile(NamedTuple):
    """A file that can be read, and where it stands in its folder."""

    path: str
    # Folders from the root down, without those that hold a partition's value.
    container: str
    # Keys of partitions that the folders above tell, such as year in year=2024.
    keys: tuple[str, ...]
    name: str
    format: Format
    size: int


@dataclass(frozen=True)
class FileSet:
    """One dataset: a file, or files of the same columns that are parts of one."""

    ref: TableRef
    format: Format
    files: list[FolderFile]
    keys: tuple[str, ...] = ()
    broken: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)


@dataclass
class Walk:
    """What was seen of a folder, and which parts of it could not be looked into."""

    files: list[FolderFile] = field(default_factory=list)
    containers: set[str] = field(default_factory=set)
    # Containers of which something may be hidden.
    unsure: set[str] = field(default_factory=set)


def mask(text: str) -> str:
    """The text with `*` for what looks like a value."""
    for pattern in _VALUES:
        text = pattern.sub("*", text)
    return _STARS.sub("*", text)


def is_telling(text: str) -> bool:
    """Whether a part of the text looks like a value."""
    return mask(text) != text


def walk_folder(root: Path) -> Walk:
    """All files of known formats below a folder; links are not followed, hidden ones left out."""
    walk = Walk(containers={""})
    _walk(root, (), (), walk)
    return walk


def _walk(folder: Path, parts: tuple[str, ...], keys: tuple[str, ...], walk: Walk) -> None:
    container = "/".join(map(mask, parts))
    walk.containers.add(container)
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda each: each.name)
    except OSError:
        walk.unsure.add(container)
        return
    for entry in found:
        if entry.name.startswith((".", "_")) or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            _enter(Path(entry.path), parts, keys, walk)
        elif (kind := find_format(entry.name)) and entry.is_file(follow_symlinks=False):
            _add(entry, FolderFile(entry.path, container, keys, entry.name, kind, 0), walk)


def _enter(folder: Path, parts: tuple[str, ...], keys: tuple[str, ...], walk: Walk) -> None:
    if len(parts) + len(keys) >= MAX_DEPTH:
        walk.unsure.add("/".join(map(mask, parts)))
        return
    hive = _HIVE.fullmatch(folder.name)
    if hive:
        _walk(folder, parts, (*keys, mask(hive[1])), walk)
    else:
        _walk(folder, (*parts, folder.name), keys, walk)


def _add(entry: os.DirEntry[str], file: FolderFile, walk: Walk) -> None:
    if len(walk.files) >= MAX_FILES:
        walk.unsure.add(file.container)
        return
    try:
        size = entry.stat(follow_symlinks=False).st_size
    except OSError:
        walk.unsure.add(file.container)
        return
    walk.files.append(file._replace(size=size))


def find_format(name: str) -> Format | None:
    """The format that a file's name tells."""
    found = _SUFFIX.search(name)
    kind = FORMATS[found[1].lower()] if found else None
    return None if found and found[2] and kind == "parquet" else kind


def group_files(
    walk: Walk, columns_of: Callable[[FolderFile], Columns | None]
) -> Iterator[FileSet]:
    """The datasets of a folder. `columns_of` gives None for a file that is broken.

    Where it depends on a broken file which datasets there are, the container becomes unsure: then
    one that is missing proves nothing.
    """
    groups: dict[tuple[str, tuple[str, ...], str], list[FolderFile]] = {}
    for file in walk.files:
        groups.setdefault((file.container, file.keys, _mask_all(file.name)), []).append(file)
    for (container, keys, name), files in groups.items():
        told = "/".join([*(f"{key}=*" for key in keys), name])
        is_set = bool(keys) or any(is_telling(_stem(each.name)) for each in files)
        if len(files) == 1 and not is_set:
            yield FileSet(TableRef(container, files[0].name), files[0].format, files)
            continue
        variants, broken = _split(files, columns_of)
        if broken and len(files) > 1:
            walk.unsure.add(container)
        if is_set or len(variants) < 2:  # noqa: PLR2004 - all files agree
            yield from _make_sets(TableRef(container, told), keys, variants, broken)
        else:
            yield from _make_singles(container, files, broken)


def _split(
    files: Sequence[FolderFile], columns_of: Callable[[FolderFile], Columns | None]
) -> tuple[dict[Columns, list[FolderFile]], list[FolderFile]]:
    """Files by their columns, the first file's first; and those that are broken."""
    variants: dict[Columns, list[FolderFile]] = {}
    broken = []
    for file in files:
        columns = columns_of(file) if len(files) > 1 else ()
        if columns is None:
            broken.append(file)
        else:
            variants.setdefault(columns, []).append(file)
    return variants, broken


def _make_sets(
    ref: TableRef,
    keys: tuple[str, ...],
    variants: dict[Columns, list[FolderFile]],
    broken: list[FolderFile],
) -> Iterator[FileSet]:
    """The first variant bears the name; another one is told apart by a digest of its columns."""
    if not variants:
        yield FileSet(ref, broken[0].format, broken, keys, broken=True)
    for place, (columns, files) in enumerate(variants.items()):
        all_files = files if place else [*files, *broken]
        named = ref if not place else ref._replace(name=f"{ref.name} ({_digest(columns)})")
        yield FileSet(named, files[0].format, all_files, keys, broken=bool(broken) and not place)


def _make_singles(
    container: str, files: Sequence[FolderFile], broken: list[FolderFile]
) -> Iterator[FileSet]:
    for file in files:
        ref = TableRef(container, file.name)
        yield FileSet(ref, file.format, [file], broken=file in broken)


def _digest(columns: Columns) -> str:
    return hashlib.sha256("\x00".join(columns).encode()).hexdigest()[:_DIGEST]


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name)


def _mask_all(name: str) -> str:
    """The name with `*` for every value and every number in it."""
    stem = _stem(name)
    return _STARS.sub("*", _DIGITS.sub("*", mask(stem))) + name[len(stem) :]
