"""Reads settings from the environment and fails loudly on a value that makes no sense."""

from __future__ import annotations

import os
from pathlib import Path

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingInvalid(Exception):
    """An environment variable has a value that can't be used."""


def read_text(name: str, default: str = "") -> str:
    """Value of NAME, or the content of the file that NAME_FILE points at."""
    file_name = os.environ.get(f"{name}_FILE")
    if file_name:
        return Path(file_name).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def read_bool(name: str, *, default: bool) -> bool:
    """True for 1/true/yes/on, False for 0/false/no/off or empty."""
    text = os.environ.get(name)
    if text is None:
        return default
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise SettingInvalid(f"{name} must be 1 or 0.")


def read_int(name: str, default: int) -> int:
    """Whole number."""
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise SettingInvalid(f"{name} must be a whole number.") from None


def read_list(name: str, default: str = "") -> list[str]:
    """Comma-separated values, without blanks."""
    return [part.strip() for part in read_text(name, default).split(",") if part.strip()]
