"""How fast the shipped rules judge a large estate: `python -m bench.policy [--columns N]`."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator

from apps.compliance.evaluator import RuleBook, evaluate
from apps.compliance.policy import load_shipped_packs

_PER_TABLE = 10
# Semantic type, its categories, and how many of a hundred columns hold it.
_MIX: tuple[tuple[str, list[str], int], ...] = (
    ("other", [], 40),
    ("quantity", [], 20),
    ("date", [], 14),
    ("text.free", [], 5),
    ("contact.email", ["user.contact.email"], 5),
    ("person.full_name", ["user.name"], 5),
    ("address.city", ["user.contact.address.city"], 4),
    ("health.medical_code", ["user.health_and_medical"], 2),
    ("gov.national_id", ["user.government_id.national_identification_number"], 2),
    ("finance.income", ["user.financial"], 2),
    ("finance.credit_card_number", ["user.financial.credit_card"], 1),
)


def make_tables(columns: int) -> Iterator[dict[str, object]]:
    """Facts of tables, ten columns each."""
    luck = random.Random(7)
    weights = [share for _, _, share in _MIX]
    for number in range(columns // _PER_TABLE):
        yield {
            "columns": [
                {
                    "name": f"c{i}",
                    "fqn": f"main.t{number}.c{i}",
                    "semantic_type": kind,
                    "categories": categories,
                    "confidence": 0.9,
                    "protection": "none",
                    "null_rate": 0.1,
                    "non_null_rows": 100,
                }
                for i, (kind, categories, _) in enumerate(luck.choices(_MIX, weights, k=_PER_TABLE))
            ],
            "table": {"fqn": f"main.t{number}", "has_pk": True, "row_estimate": 100, "tags": {}},
            "source": {"engine": "postgresql", "environment": "production", "tags": {}},
        }


def main() -> None:
    """Judge every table and column, and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=200_000)
    wanted = parser.parse_args().columns
    started = time.perf_counter()
    book = RuleBook(load_shipped_packs())
    print(f"loaded {len(book.rules)} rules in {time.perf_counter() - started:.2f} s")
    tables = list(make_tables(wanted))
    for name, indexed in (("indexed by type", True), ("every rule asked", False)):
        started = time.perf_counter()
        outcomes = _judge(book, tables, indexed=indexed)
        took = time.perf_counter() - started
        pairs = len(book.rules) * wanted
        print(f"{name}: {len(book.rules)} rules x {wanted:,} columns in {took:.1f} s,", end=" ")
        print(f"{pairs / took:,.0f} rules x columns per second; {dict(outcomes)}")


def _judge(book: RuleBook, tables: list[dict[str, object]], *, indexed: bool) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for facts in tables:
        outcomes.update(evaluate(rule, facts).outcome for rule in book.list_rules("table"))
        columns = facts["columns"]
        assert isinstance(columns, list)
        for column in columns:
            about = {**facts, "column": column}
            kind = column["semantic_type"]
            rules = book.list_column_rules(kind) if indexed else book.list_rules("column")
            outcomes.update(evaluate(rule, about).outcome for rule in rules)
    return outcomes


if __name__ == "__main__":
    main()
