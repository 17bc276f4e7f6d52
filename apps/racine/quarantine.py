"""Reads of batches that are set aside, by a stage or by validation, each in plain words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from apps.discovery.selectors import list_quarantined_batches
from apps.discovery.stages import list_stages
from datawave.common.errors import NotThere

from .error_codes import find_kind
from .models import Run, StageRun
from .types import StageState

if TYPE_CHECKING:
    from apps.discovery.models import Batch

SHOWN = 100
# Tables of one batch that are named.
NAMED = 20
STAGE, VALIDATION = "stage", "validation"
# What may be wrong with a batch that fits the protocol; the reason itself says it in words.
_SENSIBLE = frozenset(
    {
        "duplicate_table", "unchanged_unknown", "name_too_long", "path_unknown",
        "duplicate_column", "duplicate_ordinal", "key_broken", "foreign_key_unknown",
        "foreign_key_uneven", "profile_inconsistent",
    }
)  # fmt: skip
_UNREADABLE = "It is not written as this server expects: a part is missing, unknown or too long."
_KEPT = (
    "Try it again when the server or what it holds has changed; "
    "else discover the source again, or discard the batch."
)
_GONE = (
    "What it says is not kept, so it can’t be tried again. Discover the source again; if it is "
    "refused once more, bring agent and server to one version."
)


def list_set_aside(run: Run) -> list[dict[str, Any]]:
    """What waits for a decision, with what pages and the API tell of each; validation's first."""
    return [*_list_refused(run), *_list_by_stages(run)]


def _list_refused(run: Run) -> list[dict[str, Any]]:
    titles = {"kind": VALIDATION, "stage": VALIDATION, "title": "Validation"}
    batches: Iterable[Any] = list_quarantined_batches(run.job)[:SHOWN]
    return [
        {
            **titles,
            "id": batch.seq,
            **_describe(batch),
            "code": batch.reasons[0].partition(":")[0] if batch.reasons else "batch_invalid",
            "message": "; ".join(batch.reasons[:3]),
            "reasons": explain_refusal(batch.reasons),
            "next_step": _KEPT if batch.kept else _GONE,
            "can_requeue": batch.kept,
            "failures": 1,
            "losses": 0,
            **_name([".".join(filter(None, key)) for key in batch.tables or ()]),
        }
        for batch in batches
    ]


def _list_by_stages(run: Run) -> list[dict[str, Any]]:
    aside = run.stage_runs.filter(state=StageState.QUARANTINED)
    works = list(aside.select_related("batch")[:SHOWN])
    titles = {stage.name: stage.title for stage in list_stages()}
    tables = _list_tables(run, works)
    return [
        {
            "kind": STAGE,
            "id": work.pk,
            "stage": work.stage,
            "title": titles.get(work.stage, work.stage),
            **_describe(work.batch),
            "code": work.error_code,
            "message": work.error_message,
            "reasons": [find_kind(work.error_code).sentence],
            "next_step": find_kind(work.error_code).next_step,
            "can_requeue": True,
            "failures": work.failures,
            "losses": work.losses,
            **_name(tables[work.batch_id]),
        }
        for work in works
    ]


def _describe(batch: Batch) -> dict[str, Any]:
    return {"batch": batch.seq, "records": batch.records, "sha256": batch.sha256}


def _name(tables: list[str]) -> dict[str, Any]:
    return {"tables": tables[:NAMED], "more_tables": max(0, len(tables) - NAMED)}


def _list_tables(run: Run, works: Iterable[StageRun]) -> dict[int, list[str]]:
    told = run.job.batches.filter(pk__in={work.batch_id for work in works}, items__isnull=False)
    names: dict[int, list[str]] = defaultdict(list)
    for pk, *parts in told.order_by("items").values_list("pk", "items__container", "items__name"):
        names[pk].append(".".join(filter(None, parts)))
    return names


def explain_refusal(reasons: list[str]) -> list[str]:
    """The reasons of validation without codes and places, each once."""
    return list(dict.fromkeys(map(_explain, reasons))) or [_UNREADABLE]


def _explain(reason: str) -> str:
    code, _, rest = reason.partition(": ")
    text = rest.partition(": ")[2]
    return text[:1].upper() + text[1:] if code in _SENSIBLE and text else _UNREADABLE


def get_set_aside(run: Run, work_id: int) -> StageRun:
    """A stage run of this run, whatever its state. Raises NotThere."""
    found = run.stage_runs.select_related("batch", "run__source").filter(pk=work_id).first()
    if found is None:
        raise NotThere
    return found


def get_refused(run: Run, seq: int) -> Batch:
    """The batch of that number, whatever its state. Raises NotThere."""
    found = run.job.batches.filter(seq=seq).first()
    if found is None:
        raise NotThere
    return found
