"""The judge that learnt: the rules' view of a table, then what the model makes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from apps.classification.judge import Evidence, Judge, TableFacts, Verdict
from apps.classification.rules.judging import RuleJudge, conclude
from apps.classification.rules.subject import Subject
from apps.classification.rules.wording import tell, tell_title
from apps.classification.taxonomy import find_type

from .features import ReadColumn, ReadTable, read_table
from .forest import Array
from .names import is_opaque
from .predicting import list_examples, predict
from .store import Model, ModelRefused, load_model

logger = logging.getLogger(__name__)

ABSTAIN_BELOW: Final = 0.25
_MOST_WITHOUT_VALUES: Final = 0.7
_MOST: Final = 0.99
# Points by which content rules a type out, as the rules weigh them.
_RULED_OUT: Final = 5.0
_RARELY: Final = 0.02
# Values whose check digits hold are what they seem, whatever the column is called.
_PROVEN: Final[Mapping[str, str]] = {
    "iban": "finance.iban",
    "vin": "vehicle.vin",
    "card_number": "finance.credit_card_number",
    "it_codice_fiscale": "gov.national_id",
    "email": "contact.email",
}
_NEARLY_ALL: Final = 0.9
_ENOUGH: Final = 10
_SURE: Final = 0.97
_SURE_RULES: Final = 0.8
_HALF: Final = 0.5
_LESS: Final = 0.8
_CERTAIN: Final = 0.95


class ModelJudge:
    """Judges by a trained model that has the rules among its features."""

    def __init__(self, model: Model) -> None:
        self.version = model.version
        self._model = model

    def judge(self, table: TableFacts) -> list[Verdict]:
        """One verdict for each column, in their order."""
        (verdicts,) = self.judge_all([table])
        return verdicts

    def judge_all(self, tables: Sequence[TableFacts]) -> list[list[Verdict]]:
        """The verdicts on many tables: the model looks at their columns together."""
        read = [read_table(table) for table in tables if table.columns]
        examples = [list_examples(each) for each in read]
        if not read:
            return [[] for _ in tables]
        shares = predict(self._model, [example for each in examples for example in each])
        ends = np.cumsum([len(each) for each in examples])
        told = iter(map(self._judge, read, np.split(shares, ends[:-1])))
        return [next(told) if table.columns else [] for table in tables]

    def _judge(self, read: ReadTable, shares: Array) -> list[Verdict]:
        _apply_proofs(self._model.types, read, shares)
        chosen = [
            self._choose(column, row) for column, row in zip(read.columns, shares, strict=True)
        ]
        types = {c.column.name: kind for c, (kind, _) in zip(read.columns, chosen, strict=True)}
        return [
            self._conclude(column, *choice, read.subject, types)
            for column, choice in zip(read.columns, chosen, strict=True)
        ]

    def _choose(self, column: ReadColumn, shares: Array) -> tuple[str, float]:
        """The likeliest type, unless the rules see personal data or the model but guesses it."""
        ruled = max(column.shares, key=lambda kind: (column.shares[kind], kind))
        sure = column.shares[ruled]
        place = int(np.argmax(shares))
        best, share = self._model.types[place], float(shares[place])
        if self._defers(column.column.name, ruled, sure, best, share):
            return ruled, sure
        if is_opaque(column.column.name):
            return best, share
        if share < _HALF and _may_be_personal(best) and not _may_be_personal(ruled):
            return ruled, max(ABSTAIN_BELOW, share * _LESS)
        return best, share

    def _defers(self, name: str, ruled: str, sure: float, best: str, share: float) -> bool:
        """To overlook personal data costs more than to look once more."""
        if ruled not in self._model.counts:
            return True
        if is_opaque(name) and ruled in self._model.labelled:
            return False
        if ruled == best or not _is_personal(ruled):
            return False
        if ruled not in self._model.labelled:
            return sure >= _SURE_RULES
        return sure >= _HALF and share < _CERTAIN and not _is_personal(best)

    def _conclude(
        self,
        column: ReadColumn,
        kind: str,
        confidence: float,
        subject: Subject,
        types: Mapping[str, str],
    ) -> Verdict:
        most = _MOST if column.column.filled else _MOST_WITHOUT_VALUES
        confidence = min(most, confidence)
        told = kind if confidence >= ABSTAIN_BELOW else ""
        verdict = conclude(column.column, told, confidence, column.scores, subject, types)
        if not told:
            return verdict
        return replace(verdict, evidence=(*verdict.evidence, self._tell(kind, confidence)))

    def _tell(self, kind: str, confidence: float) -> Evidence:
        seen = self._model.counts.get(kind, 0)
        if not seen:
            return tell(confidence, f"{tell_title(kind)} is a type that only the rules know")
        return tell(
            confidence,
            f"Name, values and neighbours look like those of {seen:,} examples of this type"
            f" that the model learnt from ({tell_title(kind)})",
        )


def _may_be_personal(kind: str) -> bool:
    found = find_type(kind)
    return found is not None and (found.personal or found.contextual)


def _is_personal(kind: str) -> bool:
    found = find_type(kind)
    return found is not None and found.personal


def _apply_proofs(types: tuple[str, ...], table: ReadTable, shares: Array) -> None:
    """Check digits prove a type; content of another kind rules one out."""
    places = {name: place for place, name in enumerate(types)}
    for number, column in enumerate(table.columns):
        for kind in _list_ruled_out(column):
            if kind in places:
                shares[number, places[kind]] *= _RARELY
        shares[number] /= shares[number].sum()
        proven = places.get(_find_proven(column))
        if proven is not None and shares[number, proven] < _SURE:
            shares[number] *= (1.0 - _SURE) / (1.0 - shares[number, proven])
            shares[number, proven] = _SURE


def _list_ruled_out(column: ReadColumn) -> list[str]:
    return [
        kind
        for kind, score in column.scores.items()
        if any(not each.supports and each.weight >= _RULED_OUT for each in score.reasons)
    ]


def _find_proven(column: ReadColumn) -> str:
    if column.column.profile.distinct < _ENOUGH:
        return ""
    hits = column.column.hits
    return next((kind for name, kind in _PROVEN.items() if hits.get(name, 0.0) >= _NEARLY_ALL), "")


def open_judge() -> Judge:
    """The trained judge; the rules alone where the model file is refused."""
    try:
        return ModelJudge(load_model())
    except ModelRefused as refused:
        logger.warning("Columns are judged by rules alone. %s", refused)
        return RuleJudge()
