"""Samples by blocks of a key are spread over the whole table, whatever kind of key it has."""

from __future__ import annotations

import string
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors import TableShape, make_connector
from datawave_edge.connectors.blocks import BLOCKS, text_ranges
from datawave_edge.protocol import ConnectionSpec, RunSettings
from tests.edge_agent.conftest import run_mysql

ROWS = 30_000
KEYS = st.text(string.digits + string.ascii_lowercase, min_size=1, max_size=12)


@given(KEYS, KEYS)
def test_blocks_never_overlap_when_keys_are_texts(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low == high:
        return
    ranges = text_ranges(low, high, BLOCKS)
    assert ranges[0][0] == low
    assert all(start <= end for start, end in ranges)
    assert [end for _, end in ranges[:-1]] == [start for start, _ in ranges[1:]]
    assert len(ranges) <= BLOCKS
    assert ranges[-1][1] > high


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_blocks_are_made_of_any_text_when_keys_are_hostile(one: str, other: str) -> None:
    assert 1 <= len(text_ranges(min(one, other), max(one, other), BLOCKS)) <= BLOCKS


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("k varchar(20) PRIMARY KEY, n int", "concat('K', lpad(seq, 8, '0')), seq"),
        ("k int, p int, n int, PRIMARY KEY (k, p)", "seq, 1, seq"),
        ("k bigint PRIMARY KEY, n int", "seq * 1000, seq"),
        ("k char(36) PRIMARY KEY, n int", "md5(seq), seq"),
    ],
    ids=["code", "pair", "number", "hash"],
)
def test_sample_is_spread_when_key_is_of_any_kind(
    mysql: ConnectionSpec, columns: str, values: str
) -> None:
    run_mysql(
        mysql,
        f"CREATE TABLE t ({columns})",
        f"INSERT INTO t SELECT {values} FROM seq_1_to_{ROWS}",
        "ANALYZE TABLE t",
    )
    connector = make_connector(mysql, mysql.password, RunSettings())
    connector.connect()
    (ref,) = connector.list_tables().tables
    shape = connector.describe([ref])[ref]
    assert isinstance(shape, TableShape)
    drawn = sorted(row[-1] for row in connector.sample(shape, 1_000).rows)
    again = sorted(row[-1] for row in connector.sample(shape, 1_000).rows)
    connector.close()
    assert drawn == again
    assert len(drawn) == len(set(drawn))
    assert 800 <= len(drawn) <= 1_000
    assert_near(drawn, (0.25, 0.5, 0.75))


def assert_near(drawn: Sequence[int], quarters: Sequence[float]) -> None:
    """Quartiles of the sample are those of the table within a tenth of it."""
    for quarter in quarters:
        assert abs(drawn[int(quarter * len(drawn))] / ROWS - quarter) < 0.1
