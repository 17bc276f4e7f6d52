"""Figures of verdicts on labelled columns, as docs/model-card.md explains them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
Verdicts = Mapping[str, Row]
PERSONAL = ("personal", "sensitive")
COVERAGES = (0.5, 0.7, 0.8, 0.9)
# 21 coarse classes of personal data that tools for it have in common.
_COMMON = {
    "PERSON": "person.full_name person.first_name person.last_name person.middle_name",
    "EMAIL": "contact.email",
    "PHONE": "contact.phone",
    "LOCATION": "address.street address.city address.region address.country",
    "POSTCODE": "address.postal_code",
    "DOB": "person.date_of_birth",
    "AGE": "person.age",
    "GENDER": "person.gender",
    "CARD": "finance.credit_card_number",
    "NATIONAL_ID": "gov.national_id",
    "DRIVER_LICENSE": "gov.driver_license",
    "PASSPORT": "gov.passport",
    "IP": "net.ipv4 net.ipv6",
    "USERNAME": "user.username",
    "SECRET": "secret.password secret.password_hash secret.api_token",
    "MAC": "net.mac_address",
    "VIN_PLATE": "vehicle.vin vehicle.license_plate",
    "INCOME": "finance.income",
    "JOB": "person.job_title",
    "HEALTH": "health.medical_code health.condition_or_procedure health.medication"
    " health.measurement",
    "ETHNICITY": "person.ethnicity",
}
COMMON = {kind: name for name, kinds in _COMMON.items() for kind in kinds.split()}


def measure(gold: Sequence[Row], verdicts: Verdicts) -> dict[str, float]:
    """Every figure, by name."""
    truth = {row["id"]: row["label_semantic"] for row in gold}
    told = {name: verdicts.get(name, {}).get("semantic") for name in truth}
    common = {name: COMMON.get(kind, "") for name, kind in truth.items()}
    common_told = {name: COMMON.get(kind or "", "") for name, kind in told.items()}
    macro, _ = _score(truth, told, least=3)
    common_macro, common_micro = _score(common, common_told, least=1)
    precision, recall, f1 = measure_personal(gold, verdicts)
    return {
        "accuracy": accuracy(gold, verdicts),
        "macro_f1": macro,
        "common_macro": common_macro,
        "common_micro": common_micro,
        "pii_p": precision,
        "pii_r": recall,
        "pii_f1": f1,
        **_at_coverages(gold, verdicts),
        "ece": _calibration_error(gold, verdicts),
    }


def accuracy(gold: Sequence[Row], verdicts: Verdicts) -> float:
    """Share of columns whose type is right."""
    return sum(_is_right(row, verdicts) for row in gold) / max(1, len(gold))


def _is_right(row: Row, verdicts: Verdicts) -> bool:
    return bool(verdicts.get(row["id"], {}).get("semantic") == row["label_semantic"])


def _f1(hit: int, false: int, missed: int) -> tuple[float, float, float]:
    precision = hit / (hit + false) if hit + false else 0.0
    recall = hit / (hit + missed) if hit + missed else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def _score(
    truth: Mapping[str, str], told: Mapping[str, str | None], *, least: int
) -> tuple[float, float]:
    """Macro and micro F1 over the classes with at least so many columns."""
    wanted = Counter(kind for kind in truth.values() if kind)
    claimed = Counter(told.values())
    right = Counter(kind for name, kind in truth.items() if told[name] == kind)
    kinds = [kind for kind, count in wanted.items() if count >= least]
    each = [_f1(right[k], claimed[k] - right[k], wanted[k] - right[k])[2] for k in kinds]
    hits, claims = sum(right[k] for k in kinds), sum(claimed[k] for k in kinds)
    micro = _f1(hits, claims - hits, sum(wanted[k] for k in kinds) - hits)[2]
    return sum(each) / max(1, len(each)), micro


def measure_personal(gold: Sequence[Row], verdicts: Verdicts) -> tuple[float, float, float]:
    """Precision, recall and F1 of saying that a column is about a person."""
    counts: Counter[tuple[bool, bool]] = Counter(
        (
            row["label_sensitivity"] in PERSONAL,
            (verdicts.get(row["id"], {}).get("sensitive") or 0.0) >= 0.5,
        )
        for row in gold
        if row["label_sensitivity"] != "pseudonymous_id"
    )
    return _f1(counts[True, True], counts[False, True], counts[True, False])


def _sure(row: Row, verdicts: Verdicts) -> float:
    return float(verdicts.get(row["id"], {}).get("confidence") or 0.0)


def _at_coverages(gold: Sequence[Row], verdicts: Verdicts) -> dict[str, float]:
    ordered = sorted(gold, key=lambda row: -_sure(row, verdicts))
    return {
        f"acc_at_{share * 100:.0f}": accuracy(ordered[: int(share * len(ordered))], verdicts)
        for share in COVERAGES
    }


def _calibration_error(gold: Sequence[Row], verdicts: Verdicts) -> float:
    bins: defaultdict[int, list[tuple[bool, float]]] = defaultdict(list)
    for row in gold:
        sure = _sure(row, verdicts)
        bins[min(9, int(sure * 10))].append((_is_right(row, verdicts), sure))
    gaps = (abs(sum(right - sure for right, sure in each)) for each in bins.values())
    return sum(gaps) / max(1, len(gold))


def list_intervals(
    gold: Sequence[Row], verdicts: Verdicts, draws: int = 400
) -> Iterator[tuple[str, float, float]]:
    """95 % intervals, when whole families are drawn anew."""
    families: defaultdict[str, list[Row]] = defaultdict(list)
    for row in gold:
        families[row["family"]].append(row)
    measures: dict[str, Callable[[Sequence[Row]], float]] = {
        "accuracy": lambda rows: accuracy(rows, verdicts),
        "pii_f1": lambda rows: measure_personal(rows, verdicts)[2],
    }
    luck = random.Random(7)
    names = sorted(families)
    drawn = [
        [row for name in luck.choices(names, k=len(names)) for row in families[name]]
        for _ in range(draws)
    ]
    for name, each in measures.items():
        values = sorted(each(rows) for rows in drawn)
        yield name, values[int(0.025 * draws)], values[int(0.975 * draws)]
