"""Columns of types that few use: what is told of them is right, and never a value."""

from __future__ import annotations

import pytest

from datawave_edge.protocol import ColumnProfile, ConnectionSpec
from tests.edge_agent.conftest import Discover, run_mysql
from tests.edge_agent.test_servers import tables_of


@pytest.mark.mysql
def test_bits_tell_their_length_alone_when_mysql_keeps_numbers_in_them(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE held (pin bit(64), flags bit(12), yes bit(1))",
        "INSERT INTO held SELECT 4111111111111000 + seq, 2748, seq % 2 FROM seq_1_to_50",
    )
    table = tables_of(discover(mysql))["held"]
    columns = {each.name: each for each in table.columns}
    assert [columns[name].type for name in ("pin", "flags", "yes")] == [
        "binary", "binary", "boolean",
    ]  # fmt: skip
    lengths = {name: _profile(columns[name].profile) for name in ("pin", "flags")}
    assert {name: (each.min_length, each.max_length) for name, each in lengths.items()} == {
        "pin": (8, 8),
        "flags": (2, 2),
    }
    assert _profile(columns["yes"].profile).distinct == 2


def _profile(found: ColumnProfile | None) -> ColumnProfile:
    assert found is not None
    return found
