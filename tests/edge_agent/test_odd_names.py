"""Files whose names are no text: they cost themselves alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datawave_edge.probe import run_test
from datawave_edge.protocol import FailedRecord, TableRecord, encode_message
from tests.edge_agent.conftest import Discover
from tests.edge_agent.fake_server import FakeServer
from tests.edge_agent.test_folder import spec_of, write_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def name_oddly(folder: Path) -> None:
    """Add a file whose name is Latin-1."""
    write_csv(folder / "odd.csv").rename(folder / os.fsdecode(b"caf\xe9.csv"))


def test_run_goes_on_when_a_file_name_is_not_utf8(
    discover: Discover, fake: FakeServer, folder: Path
) -> None:
    name_oddly(folder)
    write_csv(folder / "plain.csv")
    records = discover(spec_of(folder))
    assert fake.failures == {}
    named = {
        (each.name, each.code) if isinstance(each, FailedRecord) else each.table.name
        for each in records
        if isinstance(each, FailedRecord | TableRecord)
    }
    assert named == {("caf\ufffd.csv", "file_unreadable"), "plain.csv"}


def test_test_of_a_folder_ends_with_a_result_when_a_file_name_is_not_utf8(folder: Path) -> None:
    name_oddly(folder)
    result = run_test(spec_of(folder))
    assert encode_message(result)
    assert (result.steps[-1].name, result.steps[-1].code) == ("read_one", "file_unreadable")
