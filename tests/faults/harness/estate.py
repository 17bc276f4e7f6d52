"""The small database that is discovered: ten tables, in a first and in a changed version."""

from __future__ import annotations

import sqlite3
from pathlib import Path

ROWS = 30
# Values that must never leave the agent, and one secret that must never leave the vault.
RAW_CANARIES = [f"canary-{number:04d}-zq@private.invalid" for number in range(5)]
PASSWORD_CANARY = "pw-Canary-7f3e91c2d5"

TABLES = {
    "customers": "id INTEGER PRIMARY KEY, email TEXT NOT NULL, phone TEXT, city TEXT",
    "orders": "id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), total REAL",
    "payments": "id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders(id), iban TEXT",
    "employees": "id INTEGER PRIMARY KEY, full_name TEXT, birth_date TEXT, salary REAL",
    "patients": "id INTEGER PRIMARY KEY, diagnosis TEXT, blood_type TEXT, email TEXT",
    "sessions": "id INTEGER PRIMARY KEY, ip_address TEXT, user_agent TEXT, created_at TEXT",
    "products": "id INTEGER PRIMARY KEY, sku TEXT, title TEXT, price REAL",
    "addresses": "id INTEGER PRIMARY KEY, street TEXT, postal_code TEXT, country TEXT",
    "audit_log": "id INTEGER PRIMARY KEY, actor TEXT, happened_at TEXT, note TEXT",
    "newsletter": "email TEXT PRIMARY KEY, opted_in INTEGER",
}
CHANGES = (
    "ALTER TABLE customers ADD COLUMN passport_number TEXT",
    "UPDATE customers SET passport_number = 'P' || (1000000 + id)",
    "ALTER TABLE products DROP COLUMN title",
    "DROP TABLE newsletter",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, order_id INTEGER, vat_number TEXT)",
    "DELETE FROM sessions WHERE id > 20",
)


def build(path: Path, *, changed: bool) -> None:
    """Write the database; the second version adds, drops and changes tables."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    with connection:
        for name, columns in TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
            count = columns.count(",") + 1
            marks = ", ".join("?" * count)
            rows = [_make_row(columns, number) for number in range(1, ROWS + 1)]
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        if changed:
            for statement in CHANGES:
                connection.execute(statement)
    connection.close()


def count_tables(*, changed: bool) -> int:
    """How many tables a discovery must see: one dropped and one added make no difference."""
    del changed
    return len(TABLES)


def _make_row(columns: str, number: int) -> list[object]:
    return [_make_value(column.split()[0], number) for column in columns.split(", ")]


def _make_value(name: str, number: int) -> object:
    canary = RAW_CANARIES[number % len(RAW_CANARIES)]
    made: dict[str, object] = {
        "email": f"{number}{canary}",
        "note": f"called {canary}",
        "phone": f"+41 44 668 {number:02d} {number + 10:02d}",
        "city": ("Zurich", "Bern", "Basel")[number % 3],
        "iban": "CH9300762011623852957",
        "full_name": ("Anna Meier", "Luca Rossi", "Marie Dubois")[number % 3],
        "birth_date": f"19{60 + number}-0{1 + number % 9}-11",
        "diagnosis": ("E11.9", "I10", "J45.0")[number % 3],
        "blood_type": ("A+", "0-", "B+")[number % 3],
        "ip_address": f"10.0.{number}.{number * 3}",
        "created_at": f"2025-03-{1 + number % 28:02d}T10:00:00",
        "happened_at": f"2025-04-{1 + number % 28:02d}T10:00:00",
        "country": ("CH", "IT", "FR")[number % 3],
        "postal_code": str(8000 + number),
        "street": f"Main street {number}",
    }
    return made.get(name, number)
