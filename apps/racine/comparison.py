"""Two runs of a source side by side: what drifted, which labels and findings differ."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.discovery.selectors import compare_structure
from apps.discovery.stages import compare_times
from apps.discovery.types import Difference, TimeSpan
from datawave.common.errors import InputInvalid, NotThere

from .models import Run
from .selectors import get_run

if TYPE_CHECKING:
    from apps.rbac.models import User

OFFERED = 50


@dataclass(frozen=True)
class Comparison:
    """What is different after the later run."""

    earlier: Run
    later: Run
    differences: list[Difference]

    @property
    def counts(self) -> dict[str, int]:
        """How many differences of each kind, the most frequent first."""
        return dict(Counter(each.kind for each in self.differences).most_common())

    def narrow(self, kind: str) -> list[Difference]:
        """Those of one kind; all for none."""
        return [each for each in self.differences if kind in ("", each.kind)]


def compare_runs(*, user: User, public_id: uuid.UUID | str, other: str) -> Comparison:
    """The run and another of its source, whichever is older first. Raises InputInvalid."""
    run, against = get_run(user=user, public_id=public_id), _find_other(user, other)
    if run.source_id != against.source_id:
        raise InputInvalid("Both discoveries must be of one source.", field="with")
    if run.pk == against.pk:
        raise InputInvalid("Choose another discovery to compare with.", field="with")
    earlier, later = sorted((run, against), key=lambda each: each.pk)
    now = timezone.now()
    span = TimeSpan(
        source_id=run.source_id,
        since=earlier.finished_at or now,
        until=later.finished_at or now,
    )
    found = compare_structure(
        source_id=run.source_id, after_job=earlier.job_id, to_job=later.job_id
    )
    return Comparison(earlier, later, found + compare_times(span))


def _find_other(user: User, other: str) -> Run:
    try:
        return get_run(user=user, public_id=uuid.UUID(other))
    except (ValueError, NotThere):
        raise InputInvalid("There is no such discovery to compare with.", field="with") from None


def list_comparable(run: Run) -> list[Run]:
    """Other runs of the source that have ended, newest first."""
    others = Run.objects.filter(source=run.source_id, finished_at__isnull=False)
    return list(others.exclude(pk=run.pk).order_by("-pk")[:OFFERED])
