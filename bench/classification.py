"""How well and how fast columns are judged: `python -m bench.classification LABELLED.jsonl`.

Folds by family: no column is judged by a model that saw its family. The rules stand beside it;
their word lists were written with these names in view, so their figures are upper estimates.
`PEERS=1` judges the same columns with tools from PyPI; `SPEED_ONLY=1` stops after the speed.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")
django.setup()

from apps.classification.column_files import ColumnRow, judge_rows, read_rows  # noqa: E402  # after Django is set up
from apps.classification.judge import Judge  # noqa: E402  # after Django is set up
from apps.classification.model.judging import ModelJudge  # noqa: E402  # after Django is set up
from apps.classification.model.predicting import predict  # noqa: E402  # after Django is set up
from apps.classification.model.store import Model, load_model, save_model  # noqa: E402  # after Django is set up
from apps.classification.rules.judging import RuleJudge  # noqa: E402  # after Django is set up
from apps.classification.training.examples import (  # noqa: E402  # after Django is set up
    UNREAD,
    Taught,
    read_labelled,
    teach_invented,
    teach_labelled,
    teach_public,
)
from apps.classification.training.fitting import find_settings, fit_model, score  # noqa: E402  # after Django is set up
from apps.classification.training.public import find_public, read_public  # noqa: E402  # after Django is set up
from apps.classification.training.synthetic import invent_tables  # noqa: E402  # after Django is set up
from bench._column_measures import Row, Verdicts, accuracy, list_intervals, measure  # noqa: E402  # after Django is set up
from bench._column_peers import judge_with_peers  # noqa: E402  # after Django is set up
from bench._column_speed import print_speed  # noqa: E402  # after Django is set up

_FOLDS = 5


@dataclass
class Judged:
    """Verdicts of models that saw no column of the same family."""

    full: dict[str, Row] = field(default_factory=dict)
    opaque: dict[str, Row] = field(default_factory=dict)
    # Whether the learnt part alone is right, where the rules could not read the names.
    unread: list[bool] = field(default_factory=list)


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
    print_speed(rows)
    if os.environ.get("SPEED_ONLY"):
        return
    rules = {row["id"]: row for row in judge_rows(RuleJudge(), rows)}
    if os.environ.get("PEERS"):
        _print_figures(gold, {"rules": rules})
        for name, verdicts, speed in judge_with_peers(gold):
            print(f"{name}: {speed:,.0f} columns/s, {len(verdicts)} answers")
            _print_figures(gold, {name: verdicts})
    judged = _cross_validate(given.labelled, rows, gold, given.invented)
    _print_figures(gold, {"rules": rules, "model": judged.full})
    print(f"opaque names: accuracy {accuracy(gold, judged.opaque):.4f}")
    print(f"names unread by the rules, learnt part alone: {_mean(judged.unread):.4f}")


def _print_figures(gold: Sequence[Row], judges: Mapping[str, Verdicts]) -> None:
    real = [row for row in gold if not row["synthetic"]]
    for name, verdicts in judges.items():
        for kind, part in (("all", gold), ("real", real)):
            print(f"{name} {kind}: ", end="")
            print(", ".join(f"{key} {value:.4f}" for key, value in measure(part, verdicts).items()))
            for key, low, high in list_intervals(part, verdicts):
                print(f"    {key} 95 % interval {low:.3f} to {high:.3f}")


def _mean(right: Sequence[bool]) -> float:
    return sum(right) / max(1, len(right))


def _cross_validate(
    path: Path, rows: Sequence[ColumnRow], gold: Sequence[Row], invented: int
) -> Judged:
    folds = _deal_families(gold)
    made = [*teach_invented(invent_tables(invented, 7)), *teach_public(read_public(find_public()))]
    known = list(teach_labelled(read_labelled(path)))
    models = []
    for number in range(_FOLDS):
        learn = [each for each in known if folds[each.family] != number]
        models.append(fit_model([*made, *learn], version="bench"))
        print(f"fold {number}: {len(made) + len(learn)} examples", flush=True)
    held = [[each for each in known if folds[each.family] == n] for n in range(_FOLDS)]
    scores = [score(model, each) for model, each in zip(models, held, strict=True)]
    judged = Judged()
    for number, model in enumerate(models):
        others = [each for place, each in enumerate(scores) if place != number]
        tempered = replace(model, settings=model.settings | find_settings(others))
        part = [row for row, one in zip(rows, gold, strict=True) if folds[one["family"]] == number]
        _judge_fold(tempered, part, held[number], judged)
    print(f"settings over all folds: {find_settings(scores)}")
    return judged


def _judge_fold(
    model: Model, rows: Sequence[ColumnRow], held: Sequence[Taught], judged: Judged
) -> None:
    place = Path(os.environ.get("TMPDIR", "/tmp")) / f"bench-model-{os.getpid()}"
    save_model(model, place)
    judge = ModelJudge(load_model(place))
    print(f"{len(rows)} columns, {place.with_suffix('.npz').stat().st_size / 2**20:.2f} MiB")
    judged.full.update(_judge(judge, rows))
    judged.opaque.update(_judge_hidden(judge, rows))
    unread = [each for each in held if each.weight == UNREAD]
    shares = predict(model, [each.example for each in unread])
    told = [model.types[place] for place in shares.argmax(axis=1)]
    judged.unread += [kind == each.label for kind, each in zip(told, unread, strict=True)]


def _deal_families(gold: Sequence[Row]) -> dict[str, int]:
    """Families to folds of about the same number of columns."""
    sizes = Counter(row["family"] for row in gold)
    loads = [0] * _FOLDS
    dealt = {}
    for family, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        dealt[family] = loads.index(min(loads))
        loads[dealt[family]] += size
    return dealt


def _judge(judge: Judge, rows: Sequence[ColumnRow]) -> dict[str, Row]:
    return {verdict["id"]: verdict for verdict in judge_rows(judge, rows)}


def _judge_hidden(judge: Judge, rows: Sequence[ColumnRow]) -> dict[str, Row]:
    """Each column alone under a name that tells nothing."""
    found: dict[str, Row] = {}
    for place, row in enumerate(rows):
        hidden = ColumnRow(
            id=row.id,
            column=f"c{place % 40 + 1}",
            declared_type=row.declared_type,
            values=row.values,
        )
        found.update(_judge(judge, [hidden]))
    return found


if __name__ == "__main__":
    main()
