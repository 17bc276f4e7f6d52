"""Folders of files: which are one dataset, what is told of them, and that nothing else is read."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.connectors import TableRef, make_connector
from datawave_edge.connectors.folder_header import is_header
from datawave_edge.connectors.folder_names import is_telling, mask
from datawave_edge.faults import SourceFault
from datawave_edge.protocol import (
    ConnectionSpec,
    FailedRecord,
    RunSettings,
    TableRecord,
    TableSnapshot,
)
from tests.edge_agent.conftest import Discover
from tests.edge_agent.fake_server import FakeServer

HEAD = ("id", "customer_name", "joined")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def write_csv(path: Path, head: Sequence[str] = HEAD, rows: int = 3, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding=more.pop("encoding", "utf-8")) as opened:
        written = csv.writer(opened, **more)
        written.writerow(head)
        written.writerows(
            [n, f"Müller {n}", f"2024-01-{n % 28 + 1:02}"][: len(head)] for n in range(rows)
        )
    return path


def write_parquet(path: Path, rows: int, select: str = "i AS id, 'x' || i AS label") -> None:
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY (SELECT {select} FROM range({rows}) t(i)) TO '{path}'")


def spec_of(folder: Path, **more: Any) -> ConnectionSpec:
    return ConnectionSpec(engine="files", database=str(folder), **more)


def read(discover: Discover, folder: Path) -> dict[str, TableSnapshot]:
    records = discover(spec_of(folder), "j")
    return {
        f"{each.table.container}/{each.table.name}".lstrip("/"): each.table
        for each in records
        if isinstance(each, TableRecord)
    }


# Which files are one dataset


def test_files_are_one_dataset_when_their_names_differ_in_numbers_and_columns_agree(
    discover: Discover, folder: Path
) -> None:
    for month in ("2024-01", "2024-02", "2024-03"):
        write_csv(folder / f"orders_{month}.csv", rows=10)
    write_csv(folder / "part-1.csv", rows=1)
    write_csv(folder / "part-2.csv", rows=2)
    tables = read(discover, folder)
    assert set(tables) == {"orders_*.csv", "part-*.csv"}
    orders = tables["orders_*.csv"]
    assert (orders.kind, orders.row_count, orders.row_count_exact) == ("file", 30, True)
    assert orders.partitioning
    assert (orders.partitioning.strategy, orders.partitioning.partitions) == ("files", 3)
    assert tables["part-*.csv"].row_count == 3


def test_files_stay_apart_when_their_columns_differ(discover: Discover, folder: Path) -> None:
    write_csv(folder / "table1.csv")
    write_csv(folder / "table2.csv", ("id", "customer_name"))
    write_csv(folder / "dump_2024.csv")
    write_csv(folder / "dump_2025.csv", ("id", "customer_name"))
    names = sorted(read(discover, folder))
    assert {"table1.csv", "table2.csv", "dump_*.csv"} <= set(names)
    # The second kind of dump is told apart by what its columns are called, not by its date.
    (other,) = set(names) - {"table1.csv", "table2.csv", "dump_*.csv"}
    assert other.startswith("dump_*.csv (")


def test_one_file_has_the_name_of_its_set_when_its_name_tells_a_date(
    discover: Discover, folder: Path
) -> None:
    write_csv(folder / "orders_2024-01.csv")
    assert set(read(discover, folder)) == {"orders_*.csv"}
    write_csv(folder / "orders_2024-02.csv")
    (record,) = discover(spec_of(folder), "k")
    assert isinstance(record, TableRecord)
    assert (record.table.name, record.table.row_count) == ("orders_*.csv", 6)


def test_partitions_in_folders_are_one_dataset_and_their_values_stay(
    discover: Discover, folder: Path
) -> None:
    for place in ("country=Zqxland/year=2023", "country=Zqxstadt/year=2024"):
        (folder / "sales" / place).mkdir(parents=True)
        write_parquet(folder / "sales" / place / "data.parquet", 50)
    tables = read(discover, folder)
    assert set(tables) == {"sales/country=*/year=*/data.parquet"}
    (table,) = tables.values()
    assert table.partitioning
    assert (table.container, table.row_count) == ("sales", 100)
    assert (table.partitioning.strategy, table.partitioning.columns) == (
        "folders",
        ["country", "year"],
    )


def test_set_is_read_when_its_files_are_written_in_different_ways(
    discover: Discover, folder: Path
) -> None:
    write_csv(folder / "a_1.csv", rows=5)
    write_csv(folder / "a_2.csv", rows=5, delimiter=";")
    packed = write_csv(folder / "a_3.csv", rows=5)
    with gzip.open(folder / "b.csv.gz", "wb") as opened:
        opened.write(packed.read_bytes())
    write_csv(folder / "latin.csv", rows=5, encoding="latin-1")
    tables = read(discover, folder)
    assert tables["a_*.csv"].row_count == 15
    for name in ("a_*.csv", "b.csv.gz", "latin.csv"):
        columns = {each.name: each for each in tables[name].columns}
        assert list(columns) == list(HEAD)
        assert (columns["id"].type, columns["joined"].type) == ("integer", "date")
        profile = columns["customer_name"].profile
        assert profile
        assert profile.max_length == 8


def test_other_columns_keep_their_names_when_a_header_has_years_in_it(
    discover: Discover, folder: Path
) -> None:
    rows = [f"C{n % 7}x,{n},{n * 2}.5" for n in range(20)]
    text = ["customer_name,sales_2023,sales_2024", *rows]
    (folder / "sales.csv").write_text("\n".join(text))
    # Above texts it could be one of them.
    (folder / "codes.csv").write_text("\n".join(["kunde_4711,anna_1970", *["abc,def"] * 20]))
    tables = read(discover, folder)
    told = {name: [each.name for each in table.columns] for name, table in tables.items()}
    assert told == {
        "sales.csv": ["customer_name", "column 2", "column 3"],
        "codes.csv": ["column 1", "column 2"],
    }
    assert (tables["sales.csv"].row_count, tables["codes.csv"].row_count) == (20, 21)
    assert [each.type for each in tables["sales.csv"].columns[1:]] == ["integer", "float"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_file_is_read_when_a_spreadsheet_saved_it_in_utf_16(
    discover: Discover, folder: Path, name: str, encoding: str
) -> None:
    rows = [f'{n},Müller 🙂,"4111 1111 1111 1111\nnext"' for n in range(40)]
    text = "\n".join(["id,customer_name,note", *rows, ""])
    keep = gzip.compress if name.endswith(".gz") else bytes
    (folder / name).write_bytes(keep(text.encode(encoding)))
    (table,) = read(discover, folder).values()
    assert [each.name for each in table.columns] == ["id", "customer_name", "note"]
    assert (table.row_count, table.profile_error) == (40, "")
    counted = [each.profile.rare for each in table.columns if each.profile]
    assert counted == [{}, {}, {"card_number": 40}]


def test_file_is_told_as_broken_when_its_utf_16_begins_with_the_big_end(
    discover: Discover, folder: Path
) -> None:
    for name, mark in {"marked.csv": b"\xfe\xff", "plain.csv": b""}.items():
        (folder / name).write_bytes(mark + "id,customer_name\n1,Anna\n2,Bert\n".encode("utf-16-be"))
    records = discover(spec_of(folder), "j")
    assert [each.code for each in records if isinstance(each, FailedRecord)] == ["file_broken"] * 2
    assert not any(isinstance(each, TableRecord) for each in records)


def test_only_files_of_known_kinds_are_told_when_others_lie_beside(
    discover: Discover, folder: Path, tmp_path: Path
) -> None:
    outside = write_csv(tmp_path / "outside.csv")
    (folder / "link.csv").symlink_to(outside)
    (folder / "links").symlink_to(tmp_path)
    (folder / "up.csv").symlink_to("../outside.csv")
    write_csv(folder / ".hidden.csv")
    write_csv(folder / "_delta_log" / "x.csv")
    (folder / "README.md").write_text("zq")
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    write_csv(folder / "real.csv")
    assert set(read(discover, folder)) == {"real.csv"}


def test_every_file_is_read_as_itself_when_its_name_is_a_pattern(
    discover: Discover, folder: Path
) -> None:
    names = [
        "a*.csv", "ab.csv", "[x].csv", "x.csv", "?y.csv", "zy.csv", "q'uo\"te.csv", "{a,b}.csv",
        "semi;colon -- x.csv", "new\nline.csv", "smörgås 😀.csv", "b\\s.csv", "$x %s :y.csv",
    ]  # fmt: skip
    for rows, name in enumerate(names, start=1):
        write_csv(folder / name, rows=rows)
    tables = read(discover, folder)
    assert {name: table.row_count for name, table in tables.items()} == {
        name: rows for rows, name in enumerate(names, start=1)
    }


# Absence


def test_broken_file_spoils_its_set_alone_and_nothing_is_taken_for_gone(
    discover: Discover, folder: Path, fake: FakeServer
) -> None:
    write_csv(folder / "good.csv")
    write_parquet(folder / "part-1.parquet", 10)
    (folder / "part-2.parquet").write_bytes(b"PAR1 cut off")
    (folder / "cut.json").write_text('{"id": 1}\n{"id":')
    records = {
        each.table.name if isinstance(each, TableRecord) else each.name: each
        for each in discover(spec_of(folder), "j")
    }
    assert set(records) == {"good.csv", "part-*.parquet", "cut.json"}
    spoilt = records["part-*.parquet"]
    assert isinstance(spoilt, TableRecord)
    assert spoilt.table.profile_error == "file_broken"
    # What its good file tells is told.
    assert [each.name for each in spoilt.table.columns] == ["id", "label"]
    cut = records["cut.json"]
    assert isinstance(cut, FailedRecord)
    assert cut.code == "file_broken"
    close = fake.closes["j"]
    # Which datasets there are could depend on the broken part, so absence proves nothing.
    assert [each.authoritative for each in close.containers] == [False]
    assert (close.complete, close.seen) == (False, 3)


def test_listing_is_not_whole_when_a_folder_can_not_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(folder / "open.csv")
    write_csv(folder / "shut" / "secret.csv")
    real = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "shut":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    connector = make_connector(spec_of(folder), "", RunSettings())
    listing = connector.list_tables()
    connector.close()
    assert {each.name: each.authoritative for each in listing.containers} == {
        "": True,
        "shut": False,
    }
    assert not listing.complete


def test_file_is_missing_when_it_went_after_the_listing(folder: Path) -> None:
    gone = write_csv(folder / "gone.csv")
    connector = make_connector(spec_of(folder), "", RunSettings())
    (ref,) = connector.list_tables().tables
    shape = connector.describe([ref])[ref]
    assert not isinstance(shape, SourceFault)
    gone.unlink()
    assert connector.describe([ref]) == {}
    with pytest.raises(SourceFault) as caught:
        connector.sample(shape, 10)
    assert caught.value.code in ("file_missing", "table_missing")
    with pytest.raises(SourceFault):
        connector.read_one(TableRef("", "none.csv"))
    connector.close()


# Headers


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("id,name\n1,Ann\n2,Bob\n", ["id", "name"]),
        ("first_name,home town\nAnna,Berlin\nBob,Paris\n", ["first_name", "home town"]),
        ("Anna,Berlin\nBob,Paris\n", ["column 1", "column 2"]),
        ("Ada Lovelace,17 Zqxlane Street\nBob Smith,2 Elm Street\n", ["column 1", "column 2"]),
        ("a@b.example,x\nc@d.example,y\n", ["column 1", "column 2"]),
        ("1,2\n3,4\n", ["column 1", "column 2"]),
        ("4539148803436467,Ann\nx,Bob\n", ["column 1", "column 2"]),
        ("Anna,Berlin,n/a\nBob,Paris,7\nEve,Rome,8\n", ["column 1", "column 2", "column 3"]),
    ],
)
def test_columns_are_named_by_the_first_line_when_it_surely_is_no_row(
    discover: Discover, folder: Path, lines: str, names: list[str]
) -> None:
    (folder / "x.csv").write_text(lines)
    (table,) = read(discover, folder).values()
    assert [each.name for each in table.columns] == names
    assert table.row_count == lines.count("\n") - (names[0] != "column 1")


def test_keys_are_places_when_they_are_values(discover: Discover, folder: Path) -> None:
    (folder / "by_mail.json").write_text(json.dumps({"anna@zq.example": 1, "name": "x"}))
    many = {f"user{n:05}": {"age": n} for n in range(60)}
    (folder / "map.json").write_text(json.dumps(many))
    tables = read(discover, folder)
    assert [each.name for each in tables["by_mail.json"].columns] == ["column 1", "name"]
    assert [(each.name, each.type) for each in tables["map.json"].columns] == [("json", "json")]


def test_keys_stay_data_when_each_document_has_its_own(discover: Discover, folder: Path) -> None:
    documents = [{"id": n, "by": {f"zqperson{n}": {"age": n}}} for n in range(20)]
    (folder / "by.ndjson").write_text("\n".join(map(json.dumps, documents)))
    (folder / "alone.json").write_text(json.dumps({f"zqkey{n}x": {"a": n} for n in range(40)}))
    tables = read(discover, folder)
    assert [(each.name, each.type) for each in tables["by.ndjson"].columns][:2] == [
        ("id", "integer"),
        ("by", "json"),
    ]
    assert b"zq" not in b"".join(map(msgspec.json.encode, tables.values()))
    assert (tables["by.ndjson"].row_count, tables["alone.json"].row_count) == (20, 1)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_line_is_judged_without_failing_when_cells_are_odd(cells: list[str]) -> None:
    assert is_header(cells, ["VARCHAR"] * len(cells)) in (True, False)


@given(st.text(max_size=60))
def test_mask_leaves_nothing_telling_when_it_is_put_on(text: str) -> None:
    assert not is_telling(mask(text))


# Values


def test_sample_is_spread_and_a_card_is_found_when_a_file_is_large(
    discover: Discover, folder: Path
) -> None:
    card = "CASE WHEN i = 149999 THEN 'paid 4111 1111 1111 1111' ELSE 'note ' || i END"
    write_parquet(folder / "many.parquet", 150_000, f"i AS id, {card} AS note")
    (table,) = read(discover, folder).values()
    assert (table.row_count, table.row_count_exact) == (150_000, True)
    number, note = (each.profile for each in table.columns)
    assert number
    assert note
    assert number.number
    assert number.number.high_magnitude == 5
    assert note.rare == {"card_number": 1}
    assert table.counting
    assert (table.counting.state, table.counting.share) == ("whole", 1.0)


def test_numbers_are_told_from_text_when_a_late_line_breaks_the_rule(
    discover: Discover, folder: Path
) -> None:
    lines = ["id,amount", *(f"{n},{n}" for n in range(30_000)), "x,unknown"]
    (folder / "late.csv").write_text("\n".join(lines))
    (table,) = read(discover, folder).values()
    assert (table.profile_error, table.row_count) == ("", 30_001)
