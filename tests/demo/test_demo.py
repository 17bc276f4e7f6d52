"""The demo company: rich, plausible, the same for the same seed, and truthfully described."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from datawave.demo import DEMO_TRUTH, DemoSummary, build_demo

ODD = 'odd "names" 100% {table}; naïve 表'


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return build_demo(tmp_path_factory.mktemp("demo") / "company.db")


@pytest.fixture
def db(built: DemoSummary) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(built.path)) as connection:
        yield connection


def names(db: sqlite3.Connection, kind: str) -> list[str]:
    rows = db.execute(
        "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
    )
    return [name for (name,) in rows]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_xinfo({quoted(table)})")]


def values(db: sqlite3.Connection, table: str, column: str) -> list[str]:
    sql = f"SELECT {quoted(column)} FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL"
    return [str(value) for (value,) in db.execute(sql)]


def passes_luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0


def passes_mod97(iban: str) -> bool:
    lengths = {"DE": 22, "FR": 27, "NL": 18, "ES": 24}
    remainder = int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97
    return remainder == 1 and len(iban) == lengths[iban[:2]]


def test_it_works(built: DemoSummary, db: sqlite3.Connection) -> None:
    tables, views = names(db, "table"), names(db, "view")

    assert (len(tables), len(views)) == (built.tables, built.views)
    assert built.tables >= 30
    assert built.views >= 3
    assert built.columns == sum(len(columns(db, t)) for t in (*tables, *views)) >= 280
    counts = [db.execute(f"SELECT count(*) FROM {quoted(t)}").fetchone()[0] for t in tables]
    assert sum(counts) == built.rows
    assert 30_000 < built.rows < 60_000
    assert max(counts) <= 10_000


def test_every_constraint_holds_when_checked(db: sqlite3.Connection) -> None:
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_two_builds_are_equal_when_the_seed_is(built: DemoSummary, tmp_path: Path) -> None:
    again = build_demo(tmp_path / "again.db")

    with closing(sqlite3.connect(built.path)) as a, closing(sqlite3.connect(again.path)) as b:
        assert list(a.iterdump()) == list(b.iterdump())


def test_people_differ_when_the_seed_does(db: sqlite3.Connection, tmp_path: Path) -> None:
    other = build_demo(tmp_path / "other.db", seed=8)

    with closing(sqlite3.connect(other.path)) as b:
        assert values(db, "crm_customers", "email") != values(b, "crm_customers", "email")


def test_file_is_private_and_replaced_when_it_exists(tmp_path: Path) -> None:
    path = tmp_path / "company.db"
    path.write_text("something older")

    build_demo(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["company.db"]
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_nothing_is_left_when_the_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        build_demo(tmp_path / "nowhere" / "company.db")
    assert list(tmp_path.iterdir()) == []


def test_truth_names_every_column_once(db: sqlite3.Connection) -> None:
    present = {(t, c) for t in (*names(db, "table"), *names(db, "view")) for c in columns(db, t)}
    assert present == {key for key in DEMO_TRUTH if key[0] != "web_clickstream"}
    assert all(re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)?", kind) for kind in DEMO_TRUTH.values())


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("finance.credit_card_number", passes_luhn),
        ("finance.iban", passes_mod97),
        ("contact.email", lambda v: re.fullmatch(r"[\x21-\x7e]+@[a-z.]+", v)),
        ("finance.card_security_code", lambda v: re.fullmatch(r"\d{3}", v)),
        ("gov.national_id", lambda v: re.fullmatch(r"\d{3}-\d\d-\d{4}", v)),
        ("secret.password_hash", lambda v: re.fullmatch(r"\$2b\$12\$[./\w]{53}", v)),
        ("health.medical_code", lambda v: re.fullmatch(r"[A-Z]\d[\dA-Z.]+", v)),
        ("finance.card_expiry", lambda v: re.fullmatch(r"(0[1-9]|1[0-2])/2[6-9]", v)),
    ],
)
def test_values_pass_their_own_check_when_the_type_has_one(
    db: sqlite3.Connection, kind: str, holds: object
) -> None:
    assert callable(holds)
    views = set(names(db, "view"))
    held = [
        value
        for (table, column), truth in DEMO_TRUTH.items()
        if truth == kind and table not in views and table != "web_clickstream"
        for value in values(db, table, column)
    ]
    assert held
    assert [v for v in held if not holds(v)] == []


def test_misleading_names_hold_something_else(db: sqlite3.Connection) -> None:
    assert "SCN-125" in values(db, "sales_scenarios", "scenario_code")
    assert set(values(db, "crm_customers", "email_verified")) == {"0", "1"}
    assert not any(c.isdigit() for c in values(db, "sales_devices", "phone")[0].split()[0])
    assert DEMO_TRUTH["sales_devices", "phone"] == "product.name"
    assert [DEMO_TRUTH["crm_import_2019", f"c{i}"] for i in (1, 3)] == [
        "person.first_name",
        "contact.email",
    ]


def test_structure_has_what_scanners_must_notice(db: sqlite3.Connection) -> None:
    def keys(table: str) -> int:
        return sum(1 for row in db.execute(f"PRAGMA table_info({quoted(table)})") if row[5])

    assert keys("web_raw_log") == 0
    assert keys("sales_order_items") == 2
    assert db.execute("SELECT count(*) FROM web_newsletter_queue").fetchone() == (0,)
    assert len(columns(db, "crm_profile_wide")) >= 40
    generated = [r[1] for r in db.execute("PRAGMA table_xinfo(billing_invoices)") if r[6]]
    assert generated == ["gross_amt"]
    assert len(names(db, "index")) >= 15
    assert {"first name", "{braces}", "per%cent", 'quo"ted', "電話"} <= set(columns(db, ODD))


def test_free_text_carries_addresses_in_a_part_of_the_rows(db: sqlite3.Connection) -> None:
    notes = values(db, "crm_interactions", "notes")
    share = sum("@" in note for note in notes) / len(notes)
    assert 0.05 < share < 0.3


def test_names_come_in_several_scripts(db: sqlite3.Connection) -> None:
    text = "".join(values(db, "crm_customers", "cust_nm"))
    for low, high in (("a", "z"), ("À", "ÿ"), ("Α", "ω"), ("一", "龥")):
        assert any(low <= c <= high for c in text)


def test_nulls_come_at_many_rates(db: sqlite3.Connection) -> None:
    rates = {
        len(values(db, t, c)) * 20 // 500 for t in ("clinic_patients",) for c in columns(db, t)
    }
    assert len(rates) >= 3


def test_command_says_what_it_wrote(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "datawave.demo", str(tmp_path / "x.db")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert re.search(r"x\.db: \d+ tables, \d+ views, \d+ columns, [\d,]+ rows", done.stdout)


def test_million_events_are_added_when_large(tmp_path: Path) -> None:
    made = build_demo(tmp_path / "large.db", large=True)

    with closing(sqlite3.connect(made.path)) as db:
        assert db.execute("SELECT count(*) FROM web_clickstream").fetchone() == (1_000_000,)
