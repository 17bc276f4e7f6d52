"""A table whose names carry what careless software trips over."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.spec import Table, col

ODD_NAME = 'odd "names" 100% {table}; naïve 表'

ODD = (
    Table(
        ODD_NAME, 120,
        (
            col("order", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
            col("first name", "TEXT", m.first_name, "person.first_name"),
            col('quo"ted', "TEXT", m.pick(("a", "b")), "other"),
            col("it's", "BOOLEAN", m.pick((0, 1)), "boolean"),
            col("per%cent", "REAL", m.decimals(0, 100, 1), "percentage"),
            col("%(fmt)s", "INTEGER", m.integers(1, 9), "quantity"),
            col("{braces}", "JSON", m.const("{}"), "data.json"),
            col("größe_größte", "REAL", m.decimals(150, 200, 1), "quantity"),
            col("電話", "TEXT", m.phone, "contact.phone"),
            col("x" * 70, "TEXT", m.const(None), "other"),
        ),
    ),
)  # fmt: skip
