"""A view's column without an alias is named by its value in some engines; that name stays here."""

from __future__ import annotations

import pytest

from datawave_edge.connectors.mysql_catalog import find_literal_names
from datawave_edge.egress import clean_table
from datawave_edge.protocol import ColumnSnapshot, TableSnapshot


@pytest.mark.parametrize(
    ("definition", "names"),
    [
        ("select 'Anna' AS `Anna`,1 AS `n`", {"Anna"}),
        ("select 'web' AS `channel`", set()),
        ("select 'it\\'s Anna' AS `it's Anna`", {"it's Anna"}),
        ("select 'it''s Anna' AS `it's Anna`", {"it's Anna"}),
        ("select 'a`b' AS `a``b`", {"a`b"}),
        ("select _utf8mb4'Anna' AS `Anna` from `t` where `t`.`x` = 'Otto'", {"Anna"}),
        ("select `t`.`Anna` AS `Anna` from `t` where `t`.`x` = 'Anna'", set()),
        ("", set()),
    ],
)
def test_names_are_found_when_they_are_literals(definition: str, names: set[str]) -> None:
    assert find_literal_names(definition) == names


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("id + 872364519", False),
        ("872364519", False),
        ("0x5A7178", False),
        ('upper("Anna")', False),
        ("'Anna'", False),
        ("count(*)", True),
        ("address_2", True),
        ("sales 2024", True),
        ("smörgås", True),
    ],
)
def test_name_is_told_when_it_holds_no_literal(name: str, *, told: bool) -> None:
    column = ColumnSnapshot(name=name, ordinal=3, native_type="text", type="text")
    table = TableSnapshot(
        container="c", name="v", kind="view", columns=[column], content_hash="0" * 64
    )
    assert clean_table(table).columns[0].name == (name if told else "(expression 4)")
