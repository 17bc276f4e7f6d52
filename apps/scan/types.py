"""Structural flags that a scan raises."""

from __future__ import annotations

from django.db.models import TextChoices


class Flag(TextChoices):
    """Something about a dataset's or field's structure that a steward should know."""

    NO_PRIMARY_KEY = "no_primary_key", "No primary key"
    NO_ROWS = "no_rows", "Empty table"
    WIDE = "wide", "More than 100 columns"
    NOT_PROFILED = "not_profiled", "Could not be profiled"
    NO_COMMENT = "no_comment", "No comment in the database"
    ISOLATED = "isolated", "No relationship to other tables"
    ALL_NULL = "all_null", "Only nulls"
    MOSTLY_NULL = "mostly_null", "More than 95 % nulls"
    CONSTANT = "constant", "One single value"
    KEY_CANDIDATE = "key_candidate", "Unique and never null, but no key"
    TEXT_FOR_NUMBER = "text_for_number", "Numbers stored as text"
    TEXT_FOR_DATE = "text_for_date", "Dates stored as text"
    DUPLICATE_INDEX = "duplicate_index", "Two indexes on the same columns"
