"""A table of customers that has been discovered and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from apps.classification import active, vocabulary
from apps.classification.models import Label, OwnType
from apps.classification.stage import ClassificationStage
from apps.classification.taxonomy import SHIPPED
from apps.datasources.models import DataSource
from apps.discovery.selectors import load_batch
from apps.discovery.types import StageOutcome
from datawave_edge.protocol import TableSnapshot
from tests.discovery.factories import feed_job, make_column, make_profile, make_table
from tests.people import People

Judge = Callable[..., StageOutcome]


def judge_tables(source: DataSource, *tables: TableSnapshot) -> StageOutcome:
    """Send tables as an agent would and run the stage on their batch."""
    _, (batch,) = feed_job(source, tables)
    content = load_batch(batch.pk)
    stage = ClassificationStage()
    return stage.store(content, stage.compute(content))


def make_customers(**fields: Any) -> TableSnapshot:
    """Customers with a key, an e-mail address and a city."""
    words = {"letter_rate": 1.0, "mean_length": 7.0, "max_length": 12, "mean_words": 1.1}
    return make_table(
        "customers",
        [
            make_column("id", "integer", key_position=1, hits={"integer": 1.0}),
            make_column("email", hits={"email": 0.98}),
            make_column("first_name", profile=make_profile(hits={"first_name": 0.7}, **words)),
            make_column("city", profile=make_profile(hits={"city": 0.6}, **words)),
        ],
        **fields,
    )


def label_of(column: str) -> Label:
    """The label of the column of that name."""
    return Label.objects.select_related("field__dataset__source").get(field__name=column)


@pytest.fixture
def email(people: People) -> Label:
    """The label of the customers' e-mail address."""
    judge_tables(people.source, make_customers())
    return label_of("email")


@pytest.fixture
def own_models(settings: Any, tmp_path: Path) -> None:
    """Files of models in a folder of the test's own, and no judge of another test."""
    settings.HOME = tmp_path / "home"
    active._held.clear()


@pytest.fixture
def shipped_types(own_models: None, db: None) -> Iterator[None]:
    """Types as shipped, before and afterwards."""
    yield
    cache.clear()
    OwnType.objects.all().delete()
    vocabulary._known.clear()
    vocabulary.put_in_force(SHIPPED)
