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


@pytest.mark.mysql
def test_defaults_and_documents_are_told_as_declared_when_mariadb_words_them_otherwise(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE held (none int, five int DEFAULT 5, must int NOT NULL, word varchar(9)"
        " DEFAULT 'NULL', stamp timestamp NOT NULL DEFAULT current_timestamp,"
        " twice int AS (five * 2) STORED, doc json, `d``c` json, long_text longtext,"
        " checked longtext CHECK (json_valid(checked) OR checked = ''))",
    )
    (table,) = tables_of(discover(mysql, sample_rows=0)).values()
    has_default = {each.name for each in table.columns if each.has_default}
    assert has_default == {"five", "word", "stamp"}
    # MySQL itself calls the type json, MariaDB longtext.
    assert {each.name for each in table.columns if each.type == "json"} == {"doc", "d`c"}


@pytest.mark.mysql
def test_partitions_are_counted_once_when_each_is_split_again(
    discover: Discover, mysql: ConnectionSpec
) -> None:
    run_mysql(
        mysql,
        "CREATE TABLE held (a int) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 4"
        " (PARTITION low VALUES LESS THAN (9), PARTITION high VALUES LESS THAN MAXVALUE)",
    )
    (table,) = tables_of(discover(mysql, sample_rows=0)).values()
    assert table.partitioning is not None
    assert (table.partitioning.strategy, table.partitioning.partitions) == ("range", 2)
