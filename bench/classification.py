"""How well columns are judged: `python -m bench.classification LABELLED.jsonl [--invented N]`.

Folds by family: no column is judged by a model that saw its family. The rules stand beside it;
their word lists were written with these names in view, so their figures are upper estimates.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")
django.setup()

from apps.classification.column_files import ColumnRow, judge_rows, read_rows  # noqa: E402
from apps.classification.judge import Judge  # noqa: E402
from apps.classification.model.judging import ModelJudge  # noqa: E402
from apps.classification.model.store import load_model, save_model  # noqa: E402
from apps.classification.rules.judging import RuleJudge  # noqa: E402
from apps.classification.training.examples import (  # noqa: E402
    read_labelled,
    teach_invented,
    teach_labelled,
)
from apps.classification.training.fitting import fit_model  # noqa: E402
from apps.classification.training.synthetic import invent_tables  # noqa: E402

Row = dict[str, Any]
Verdicts = dict[str, Row]
_FOLDS = 5
_PERSONAL = ("personal", "sensitive")


def main() -> None:
    """Cross-validate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", type=Path, nargs="?")
    parser.add_argument("--invented", type=int, default=1500)
    given = parser.parse_args()
    if given.labelled is None:
        print("Nothing is measured without a labelled file; docs/model-card.md has its format.")
        return
    lines = given.labelled.read_bytes().splitlines()
    gold = [json.loads(line) for line in lines]
    rows = read_rows(lines)
    full, opaque = _cross_validate(given.labelled, rows, gold, given.invented)
    print("judge   tables   " + " ".join(f"{name:>12}" for name in _measure(gold, full)))
    real = [row for row in gold if not row["synthetic"]]
    rules = _judge(RuleJudge(), rows)
    for name, verdicts in (("rules", rules), ("model", full)):
        for kind, part in (("all", gold), ("real", real)):
            told = " ".join(f"{value:12.4f}" for value in _measure(part, verdicts).values())
            print(f"{name:7} {kind:8} {told}")
            _print_interval(part, verdicts)
    blind = {"rules": _judge_hidden(RuleJudge(), rows), "model": opaque}
    for name, verdicts in blind.items():
        print(f"{name:7} opaque   accuracy {_measure(gold, verdicts)['accuracy']:.4f}")


def _cross_validate(
    path: Path, rows: Sequence[ColumnRow], gold: Sequence[Row], invented: int
) -> tuple[Verdicts, Verdicts]:
    folds = _deal_families(gold)
    tables = read_labelled(path)
    made = list(teach_invented(invent_tables(invented, 7)))
    full: Verdicts = {}
    opaque: Verdicts = {}
    for number in range(_FOLDS):
        known = [table for table in tables if folds[table[0].family] != number]
        fitted = fit_model([*made, *teach_labelled(known)], version="bench")
        place = Path(os.environ.get("TMPDIR", "/tmp")) / f"bench-model-{os.getpid()}"
        save_model(fitted, place)
        judge = ModelJudge(load_model(place))
        held = [row for row, one in zip(rows, gold, strict=True) if folds[one["family"]] == number]
        full.update(_judge(judge, held))
        opaque.update(_judge_hidden(judge, held))
        print(f"fold {number}: {len(held)} columns, T {fitted.settings['temperature']:.2f}", end="")
        print(f", {place.with_suffix('.npz').stat().st_size / 2**20:.2f} MiB", _time(judge, held))
    return full, opaque


def _deal_families(gold: Sequence[Row]) -> dict[str, int]:
    """Families to folds of about the same number of columns."""
    sizes = Counter(row["family"] for row in gold)
    loads = [0] * _FOLDS
    dealt = {}
    for family, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        dealt[family] = loads.index(min(loads))
        loads[dealt[family]] += size
    return dealt


def _judge(judge: Judge, rows: Sequence[ColumnRow]) -> Verdicts:
    return {verdict["id"]: verdict for verdict in judge_rows(judge, rows)}


def _judge_hidden(judge: Judge, rows: Sequence[ColumnRow]) -> Verdicts:
    """Each column alone under a name that tells nothing."""
    found: Verdicts = {}
    for place, row in enumerate(rows):
        hidden = ColumnRow(
            id=row.id,
            column=f"c{place % 40 + 1}",
            declared_type=row.declared_type,
            values=row.values,
        )
        found.update(_judge(judge, [hidden]))
    return found


def _time(judge: Judge, rows: Sequence[ColumnRow]) -> str:
    started = time.process_time()
    _judge(judge, rows)
    return f"{len(rows) / (time.process_time() - started):,.0f} columns/s with profiling"


# Figures


def _measure(gold: Sequence[Row], verdicts: Verdicts) -> dict[str, float]:
    precision, recall, f1 = _measure_personal(gold, verdicts)
    sure = sorted(gold, key=lambda row: -verdicts[row["id"]]["confidence"])[: int(0.8 * len(gold))]
    return {
        "accuracy": _share(gold, verdicts),
        "macro_f1": _macro(gold, verdicts),
        "pii_p": precision,
        "pii_r": recall,
        "pii_f1": f1,
        "acc_at_80": _share(sure, verdicts),
        "ece": _calibration_error(gold, verdicts),
    }


def _is_right(row: Row, verdicts: Verdicts) -> bool:
    return bool(verdicts[row["id"]]["semantic"] == row["label_semantic"])


def _share(gold: Sequence[Row], verdicts: Verdicts) -> float:
    return sum(_is_right(row, verdicts) for row in gold) / max(1, len(gold))


def _f1(hit: int, false: int, missed: int) -> tuple[float, float, float]:
    precision = hit / (hit + false) if hit + false else 0.0
    recall = hit / (hit + missed) if hit + missed else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def _macro(gold: Sequence[Row], verdicts: Verdicts, least: int = 3) -> float:
    truth = Counter(row["label_semantic"] for row in gold)
    told = Counter(verdicts[row["id"]]["semantic"] for row in gold)
    right = Counter(row["label_semantic"] for row in gold if _is_right(row, verdicts))
    kinds = [kind for kind, count in truth.items() if count >= least]
    each = [_f1(right[k], told[k] - right[k], truth[k] - right[k])[2] for k in kinds]
    return sum(each) / max(1, len(each))


def _measure_personal(gold: Sequence[Row], verdicts: Verdicts) -> tuple[float, float, float]:
    counts: Counter[tuple[bool, bool]] = Counter(
        (row["label_sensitivity"] in _PERSONAL, verdicts[row["id"]]["sensitive"] >= 0.5)
        for row in gold
        if row["label_sensitivity"] != "pseudonymous_id"
    )
    return _f1(counts[True, True], counts[False, True], counts[True, False])


def _calibration_error(gold: Sequence[Row], verdicts: Verdicts) -> float:
    bins: defaultdict[int, list[tuple[bool, float]]] = defaultdict(list)
    for row in gold:
        confidence = verdicts[row["id"]]["confidence"]
        bins[min(9, int(confidence * 10))].append((_is_right(row, verdicts), confidence))
    gaps = (abs(sum(right - sure for right, sure in each)) for each in bins.values())
    return sum(gaps) / len(gold)


def _print_interval(gold: Sequence[Row], verdicts: Verdicts, draws: int = 400) -> None:
    """95 % between, when whole families are drawn anew."""
    families: defaultdict[str, list[Row]] = defaultdict(list)
    for row in gold:
        families[row["family"]].append(row)
    measures: dict[str, Callable[[Sequence[Row]], float]] = {
        "accuracy": lambda rows: _share(rows, verdicts),
        "pii_f1": lambda rows: _measure_personal(rows, verdicts)[2],
    }
    luck = random.Random(7)
    names = sorted(families)
    drawn = [
        [row for name in luck.choices(names, k=len(names)) for row in families[name]]
        for _ in range(draws)
    ]
    for name, measure in measures.items():
        values = sorted(measure(rows) for rows in drawn)
        low, high = values[int(0.025 * draws)], values[int(0.975 * draws)]
        print(f"{'':16} {name} 95 % interval {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
