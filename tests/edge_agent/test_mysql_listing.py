"""What a listing of MySQL 8 proves, against a script: no such server is here."""

from __future__ import annotations

from typing import Any, cast

import pytest

from datawave_edge.connectors.contract import Listing
from datawave_edge.connectors.mysql import MysqlConnector
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec, RunSettings

GRANT = "GRANT SELECT ON *.* TO `edge`@`%`"


class Scripted:
    """A session of one who may select everywhere, but for what the grants take out again."""

    def __init__(self, partial: int | SourceFault, grants: list[str]) -> None:
        self._partial = partial
        self._grants = grants

    def value(self, statement: str, parameters: Any = None) -> Any:
        del parameters
        return "edge@%" if "current_user" in statement else 1

    def rows(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        del parameters
        if "partial_revokes" in statement:
            if isinstance(self._partial, SourceFault):
                raise self._partial
            return [(self._partial,)]
        if statement == "SHOW GRANTS":
            return [(line,) for line in self._grants]
        tables = [("crm", "t", "BASE TABLE"), ("shop`s", "u", "BASE TABLE")]
        return [("crm", None, None), ("shop`s", None, None), *tables]


def list_tables(partial: int | SourceFault, *revokes: str) -> Listing:
    spec = ConnectionSpec(engine="mysql", host="127.0.0.1", port=3306)
    connector = MysqlConnector(spec, "", RunSettings())
    connector._session = cast("Any", Scripted(partial, [GRANT, *revokes]))
    return connector.list_tables()


def test_listing_is_not_complete_when_a_database_is_taken_out_of_the_grant() -> None:
    hidden = list_tables(1, "REVOKE SELECT ON `hidden`.* FROM `edge`@`%`")
    assert not hidden.complete
    assert [each.authoritative for each in hidden.containers] == [True, True]


def test_listing_of_a_database_proves_nothing_when_the_grant_leaves_it_out() -> None:
    listing = list_tables(1, "REVOKE SELECT ON `shop``s`.* FROM `edge`@`%`")
    assert {each.name: each.authoritative for each in listing.containers} == {
        "crm": True,
        "shop`s": False,
    }


@pytest.mark.parametrize("partial", [0, 1, SourceFault("internal")])
def test_listing_is_complete_when_nothing_is_taken_out(partial: int | SourceFault) -> None:
    listing = list_tables(partial)
    assert listing.complete
    assert all(each.authoritative for each in listing.containers)
    assert [ref.name for ref in listing.tables] == ["t", "u"]


def test_fault_is_told_when_the_connection_is_lost_meanwhile() -> None:
    with pytest.raises(SourceFault, match="lost"):
        list_tables(SourceFault("connection_lost"))
