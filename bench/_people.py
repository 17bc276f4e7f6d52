"""The people of the profiling benchmark in other engines: the same twelve columns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

COLUMNS: Final = (
    "id BIGINT, full_name VARCHAR(60), email VARCHAR(80), phone VARCHAR(20), ssn VARCHAR(11),"
    " birth_date DATE, salary DECIMAL(18,2), country CHAR(2), signed_up TIMESTAMP NULL,"
    " notes TEXT, score DOUBLE, active BOOLEAN"
)
TEXTS: Final = ("full_name", "email", "phone", "ssn", "country", "notes")
_FIRST: Final = ("Ada", "Ben", "Carla", "Emil", "Farah", "Gus", "Hana", "Ivo")
_LAST: Final = ("Adler", "Brandt", "Costa", "Duarte", "Egan")


def draw_people(rows: int) -> Iterator[tuple[Any, ...]]:
    """Made up, always the same."""
    drawn = random.Random(7)
    for number in range(1, rows + 1):
        yield (
            number,
            f"{drawn.choice(_FIRST)} {drawn.choice(_LAST)}",
            f"user{number}@{drawn.choice(('example.com', 'mail.example'))}",
            f"+1-555-{drawn.randrange(10**7):07}",
            f"{drawn.randint(1, 898):03}-{drawn.randint(1, 98):02}-{drawn.randint(1, 9998):04}",
            f"{drawn.randint(1940, 2004)}-{drawn.randint(1, 12):02}-{drawn.randint(1, 28):02}",
            round(20_000 + drawn.random() * 180_000, 2),
            drawn.choice(("DE", "US", "FR", "JP", "BR")),
            f"{drawn.randint(2015, 2024)}-0{drawn.randint(1, 9)}-11 10:00:00",
            _note(drawn),
            drawn.random(),
            drawn.random() < 0.8,
        )


def _note(drawn: random.Random) -> str | None:
    if drawn.random() < 0.4:
        return None
    return f"Called about order {drawn.randrange(10**6)} and asked for a refund."
