"""Files of stored versions: the database holds them, each host keeps a copy under its home.

A file is named by its hash, and one that does not have that hash is refused.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from .model.store import ModelRefused
from .models import ModelFile


def hash_parts(arrays: bytes, described: bytes) -> str:
    """SHA-256 over both parts and the length of the first."""
    digest = hashlib.sha256(len(arrays).to_bytes(8, "big"))
    digest.update(arrays)
    digest.update(described)
    return digest.hexdigest()


def read_parts(path: Path) -> tuple[bytes, bytes]:
    """Both parts of `path`.npz and `path`.json. Raises ModelRefused."""
    try:
        return path.with_suffix(".npz").read_bytes(), path.with_suffix(".json").read_bytes()
    except OSError:
        raise ModelRefused(f"There is no readable model {path.name}.npz with its .json.") from None


def keep_parts(arrays: bytes, described: bytes) -> ModelFile:
    """Store them once."""
    kept, _ = ModelFile.objects.get_or_create(
        sha256=hash_parts(arrays, described), defaults={"arrays": arrays, "described": described}
    )
    return kept


def place_file(sha256: str) -> Path:
    """The file on this host's disk, without its suffix. Raises ModelRefused.

    A copy that is missing or damaged is written anew from the database.
    """
    path = Path(settings.HOME) / "models" / sha256
    if not _is_sound(path, sha256):
        _write(path, sha256)
    return path


def _is_sound(path: Path, sha256: str) -> bool:
    try:
        return hash_parts(*read_parts(path)) == sha256
    except ModelRefused:
        return False


def _write(path: Path, sha256: str) -> None:
    kept = ModelFile.objects.filter(sha256=sha256).first()
    parts = (bytes(kept.arrays), bytes(kept.described)) if kept else (b"", b"")
    if hash_parts(*parts) != sha256:
        raise ModelRefused("The stored model file is damaged: its hash differs.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for suffix, part in zip((".npz", ".json"), parts, strict=True):
        _replace(path.with_suffix(suffix), part)


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all: another process may read it at this moment."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)
