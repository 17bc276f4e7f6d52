"""How alone a row stands by what together points to a person, such as birth date and post code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from datawave_edge.connectors import Cell
from datawave_edge.protocol import Anonymity, ColumnSnapshot

# Rows that must share their quasi-identifiers before none of them stands out.
K: Final = 5
_FEWEST_ROWS: Final = 50
_MOST_COLUMNS: Final = 4
_QUASI: Final = re.compile(
    r"(?:^|_)(?:birth|born|dob|zip|postal|postcode|post_code|plz|city|town|gender|sex|nationality"
    r"|ethnicity|marital|occupation|profession|job_title)",
    re.IGNORECASE,
)
_QUASI_HITS: Final = ("city", "gender_code", "gender_word", "marital_status", "postal_code")
_MOST: Final = 0.9


def find_anonymity(
    columns: Sequence[ColumnSnapshot], rows: Sequence[Sequence[Cell]], *, whole: bool
) -> Anonymity | None:
    """The smallest group by class, and the share of rows in small groups; None when none apply."""
    chosen = [index for index, column in enumerate(columns) if _is_quasi(column)][:_MOST_COLUMNS]
    if len(chosen) < 2 or len(rows) < _FEWEST_ROWS:  # noqa: PLR2004 - one column is no set
        return None
    groups = Counter(tuple(row[index] for index in chosen) for row in rows)
    small = sum(count for count in groups.values() if count < K)
    return Anonymity(
        columns=[columns[index].name for index in chosen],
        k=K,
        smallest=_class_of(min(groups.values())),
        under_rate=round(small / len(rows), 2),
        whole=whole,
    )


def _is_quasi(column: ColumnSnapshot) -> bool:
    profile = column.profile
    if profile is None or profile.distinct < 2 or column.unique:  # noqa: PLR2004  # one value tells nobody apart
        return False
    if _QUASI.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name)):
        return True
    # Numbers of five digits are a post code's shape, and a salary's.
    return column.type == "text" and any(
        profile.hits.get(code, 0.0) >= _MOST for code in _QUASI_HITS
    )


def _class_of(size: int) -> Literal["1", "2-4", "5-9", "10+"]:
    if size == 1:
        return "1"
    if size < K:
        return "2-4"
    return "5-9" if size < K * 2 else "10+"
