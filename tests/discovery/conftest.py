"""A source that nothing was read of yet."""

from __future__ import annotations

import pytest

from apps.datasources.models import DataSource
from tests.factories import make_source


@pytest.fixture
def source(db: None) -> DataSource:
    """Called crm."""
    return make_source("crm")
