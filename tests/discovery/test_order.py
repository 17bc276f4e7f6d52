"""Whatever order, repetition or gap batches arrive in, the same is stored in the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.discovery import selectors, services
from apps.discovery.models import Batch, BatchItem, Dataset, Field
from datawave_edge.protocol import WINDOW
from tests.factories import make_source

from .factories import (
    feed_job,
    make_close,
    make_column,
    make_failed,
    make_filtered,
    make_table,
    make_unchanged,
    open_stream,
    send_batch,
)

COUNT = 6
BEFORE = [make_table(f"old{n}", ["a", "b"]) for n in range(3)]
BATCHES: list[list[Any]] = [
    [make_table("old0", ["b", "c"]), make_table("new0")],
    [make_unchanged(BEFORE[1]), make_filtered("tmp")],
    [make_failed("old2"), make_table("new1", [make_column("x", "integer", key_position=1)])],
    [make_table("new2"), make_table("new3", container="other")],
    [make_table("имя", ["q'uote", "100 %"])],
    [make_table(f"many{n}") for n in range(4)],
]
# Each batch at least once, in any order, some of them again.
deliveries = st.lists(st.integers(0, COUNT - 1), max_size=12).flatmap(
    lambda extra: st.permutations([*range(COUNT), *extra])
)


def describe() -> Any:
    datasets = Dataset.objects.values_list(
        "source__name", "container", "name", "state", "content_hash", "error_code", "column_count"
    )
    fields = Field.objects.values_list("dataset__name", "name", "ordinal", "type", "state")
    items = BatchItem.objects.values_list("batch__seq", "name", "outcome")
    ledger = Batch.objects.values_list("seq", "state", "sha256")
    return [sorted(map(str, rows)) for rows in (datasets, fields, items, ledger)]


def deliver(order: list[int]) -> Any:
    source = make_source("crm")
    feed_job(source, BEFORE)
    job, agent = open_stream(source)
    seen: set[int] = set()
    for seq in order:
        ack = send_batch(job, agent, seq, BATCHES[seq])
        assert ack.status == ("duplicate" if seq in seen else "accepted")
        seen.add(seq)
        assert ack.acked_seq == next(n for n in range(COUNT + 1) if n not in seen) - 1
    names = [("main", f"n{n}") for n in range(12)]
    close = make_close(job, names)
    assert services.close_job(job=job, agent=agent, close=close).status == "closed"
    balance = selectors.load_balance(job.pk)
    told = (balance.stored, balance.unchanged, balance.filtered, balance.failed)
    state = describe()
    source.delete()
    return told, state


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=deliveries)
def test_state_is_the_same_when_batches_come_in_any_order(
    order: list[int], expected: list[Any]
) -> None:
    assert COUNT < WINDOW
    if not expected:
        expected.append(deliver(list(range(COUNT))))
    assert deliver(order) == expected[0]


@pytest.fixture
def expected() -> list[Any]:
    """The state after delivery in order; worked out once for all examples."""
    return []
