"""Facts that people declare about a dataset."""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """Declared facts with a meaning to rules; see docs for the values of each."""

    RETENTION_DAYS = "retention_days"
    PURPOSE = "purpose"
    LEGAL_BASIS = "legal_basis"
