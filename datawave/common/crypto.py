"""Encrypts secrets at rest with keys that are never derived from SECRET_KEY."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from .errors import DataWaveError


class SecretUnreadable(DataWaveError):
    """A stored secret can't be decrypted: its key is missing from DATAWAVE_SECRET_KEYS."""

    status = 500


def encrypt(text: str) -> bytes:
    """Encrypt with the newest key."""
    return _fernet().encrypt(text.encode())


def decrypt(token: bytes) -> str:
    """Decrypt with whichever key fits. Raises SecretUnreadable."""
    try:
        return _fernet().decrypt(bytes(token)).decode()
    except InvalidToken:
        raise SecretUnreadable from None


def rotate(token: bytes) -> bytes:
    """Encrypt anew with the newest key."""
    return _fernet().rotate(bytes(token))


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.DATAWAVE_SECRET_KEYS])
