"""Makes and reads the installation's key files; nobody but their owner may read them."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from .env import SettingInvalid


def make_secret_key() -> str:
    """Key for sessions and signatures."""
    return secrets.token_urlsafe(50)


def make_encryption_key() -> str:
    """Key for secrets at rest."""
    return Fernet.generate_key().decode()


def make_home(path: Path) -> None:
    """The folder of the installation. Raises SettingInvalid when nothing can be written there."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingInvalid(f"DATAWAVE_HOME={path} can't be made: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingInvalid(f"DATAWAVE_HOME={path} can't be written.")


def load_or_create(path: Path, make: Callable[[], str]) -> str:
    """Content of a key file, which is made with mode 0600 when it is not there.

    Raises SettingInvalid when others than the owner may read it.
    """
    if not path.exists():
        try:
            _create(path, make())
        except OSError as error:
            raise SettingInvalid(f"{path} can't be written: {error.strerror}.") from None
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingInvalid(f"{path} can be read by others; run: chmod 600 {path}")
    return path.read_text(encoding="utf-8").strip()


def _create(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    try:
        # A link fails when another process was first, whose key then stands.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
