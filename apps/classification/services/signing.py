"""Signs off tables and sources, and says when something changed after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.classification.models import Attestation
from apps.classification.selectors import count_coverage
from apps.classification.verdicts import Saved
from apps.discovery.selectors import map_sources
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import DataWaveError, InputInvalid

if TYPE_CHECKING:
    from apps.rbac.models import User

MOST_NOTE = 500
MOST_REASON = 300


class NothingToSign(InputInvalid):
    """There are no labels here yet; run a discovery first."""


class AlreadyWithdrawn(DataWaveError):
    """This sign-off was withdrawn already."""

    status = 409


@transaction.atomic
def attest(*, user: User, source: Any, dataset: Any = None, note: str = "") -> Attestation:
    """Sign off a table, or a whole source, as its labels are now.

    Raises PermissionMissing, NotThere, NothingToSign, InputInvalid.
    """
    rbac.require(user, Action.DECIDE_LABELS, source)
    if len(note) > MOST_NOTE:
        raise InputInvalid(f"At most {MOST_NOTE} characters.", field="note")
    covered = count_coverage(source_id=source.pk, dataset_id=dataset.pk if dataset else None)
    if not covered["columns"]:
        raise NothingToSign
    made = Attestation.objects.create(
        source=source, dataset=dataset, user=user, user_name=user.username, note=note, **covered
    )
    _audit(made, user, "labels_signed_off", covered)
    return made


def _audit(row: Attestation, user: User, action: str, detail: dict[str, Any]) -> None:
    what = {"table": row.dataset.fqn} if row.dataset else {}
    rbac.record_audit(actor=user, action=action, scope=row.source, detail={**what, **detail})


@transaction.atomic
def withdraw_attestation(*, attestation: Attestation, user: User) -> Attestation:
    """Take a sign-off back. Raises PermissionMissing, NotThere, AlreadyWithdrawn."""
    rbac.require(user, Action.DECIDE_LABELS, attestation.source)
    now = timezone.now()
    open_ = Attestation.objects.filter(pk=attestation.pk, withdrawn_at=None)
    if open_.update(withdrawn_at=now, withdrawn_by=user) != 1:
        raise AlreadyWithdrawn
    attestation.refresh_from_db()
    _audit(attestation, user, "sign_off_withdrawn", {"signed_by": attestation.user_name})
    return attestation


def note_changes(*, numbers: Mapping[int, int], reason: str) -> None:
    """So many changes in each dataset: what was signed off there is no longer as it was."""
    if not numbers:
        return
    sources = map_sources(numbers)
    rows = Attestation.objects.select_for_update(of=("self",)).filter(
        Q(dataset__in=list(numbers)) | Q(dataset=None, source__in=set(sources.values())),
        withdrawn_at=None,
    )
    for row in rows:
        row.changes_since += sum(
            number
            for dataset_id, number in numbers.items()
            if row.dataset_id in (dataset_id, None) and sources[dataset_id] == row.source_id
        )
        row.stale_reason = row.stale_reason or reason[:MOST_REASON]
        row.stale_at = row.stale_at or timezone.now()
        row.save(update_fields=["changes_since", "stale_reason", "stale_at"])


def tell_saved(saved: Saved) -> None:
    """Sign-offs learn which labels moved or are contradicted since."""
    note_changes(numbers=Counter(saved.moved.values()), reason="The machine changed labels.")
    note_changes(
        numbers=Counter(saved.contradicted.values()),
        reason="The machine contradicts what people decided.",
    )
