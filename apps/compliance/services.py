"""Checks assets by the rules of the packs in use, and takes what people decide on findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from apps.catalog.selectors import load_declared
from apps.catalog.types import DeclaredFacts
from apps.classification.selectors import list_rejected_fields, load_labels
from apps.classification.types import LabelFacts
from apps.datasources.selectors import load_source
from apps.discovery.selectors import get_source_id, load_dataset_table, load_dataset_tables
from apps.discovery.types import BatchTable
from apps.notifications import services as notifications
from apps.rbac import services as rbac
from apps.rbac.selectors import has_role
from apps.rbac.types import Role
from datawave.common.announcing import announce
from datawave.common.errors import DataWaveError, InputInvalid, NotThere, PermissionMissing

from .checks import Outcomes, check_source, check_tables, merge_outcomes, needs_labels
from .collect import REJECTED, Known, Section, build_source_facts
from .evaluator import RuleBook
from .findings import Scope, iter_chunks, save_tallies, sync_findings, withdraw_findings
from .models import Finding, FindingChange, PackSetting
from .policy import Pack
from .selectors import (
    list_checked_sources,
    list_packs,
    load_rule_book,
    load_structure_book,
    was_checked_since,
)
from .signals import finding_decided, pack_switched
from .types import DECISIONS, FindingState

if TYPE_CHECKING:
    from apps.rbac.models import User

LONGEST_NOTE: Final = 2_000


class FindingFixed(DataWaveError):
    """This finding is fixed: the last check no longer saw it, so there is nothing to decide."""

    status = 409


def check_structure(*, source_id: int, tables: Sequence[BatchTable]) -> Outcomes:
    """Ask of a batch the rules that need its structure alone."""
    ids = [table.dataset_id for table in tables]
    known = Known(
        source=build_source_facts(load_source(source_id), None, 0), declared=load_declared(ids)
    )
    return check_tables(load_structure_book(), tables, known, source_id)


@transaction.atomic
def store_structure(*, source_id: int, outcomes: Outcomes) -> int:
    """Write what a batch's structure broke; how many findings of it are active."""
    scope = Scope(source_id=source_id, dataset_ids=frozenset(outcomes.dataset_ids))
    return len(sync_findings(outcomes, scope, _map_packs()))


def check_whole_source(*, source_id: int) -> int:
    """Ask every rule of every active dataset and of the source.

    Says how many active findings rest on labels or on the whole source, beyond structure.
    """
    began = timezone.now()
    book = load_rule_book()
    outcomes = _ask_everything(book, source_id)
    with transaction.atomic():
        active = sync_findings(outcomes, Scope(source_id=source_id), _map_packs())
        withdraw_findings(source_id, {rule.id for pack in list_packs() for rule in pack.rules})
        packs = {rule.id: rule.pack_id for rule in book.rules}
        save_tallies(outcomes, source_id, packs, began)
    beyond = {rule.id for rule in book.rules if needs_labels(rule) or rule.level == "source"}
    return sum(key.partition(":")[0] in beyond for key in active)


def _ask_everything(book: RuleBook, source_id: int) -> Outcomes:
    tables = list(load_dataset_tables(source_id))
    labels = _load_labels([table.dataset_id for table in tables])
    facts = _load_source_facts(source_id, tables, labels)
    known = Known(source=facts, labels=labels, declared=_load_declared(tables))
    return merge_outcomes(
        check_tables(book, tables, known, source_id), check_source(book, facts, source_id)
    )


def _load_source_facts(
    source_id: int, tables: Sequence[BatchTable], labels: dict[int, LabelFacts]
) -> Section:
    fields = [field for table in tables for field in table.field_ids.values()]
    current = [labels[field] for field in fields if field in labels]
    return build_source_facts(load_source(source_id), current, len(fields))


def _load_labels(dataset_ids: list[int]) -> dict[int, LabelFacts]:
    labels: dict[int, LabelFacts] = {}
    for chunk in iter_chunks(dataset_ids):
        labels.update(load_labels(chunk))
        labels.update(dict.fromkeys(list_rejected_fields(chunk), REJECTED))
    return labels


def _load_declared(tables: Sequence[BatchTable]) -> dict[int, DeclaredFacts]:
    return load_declared([table.dataset_id for table in tables])


@transaction.atomic
def recheck_dataset(*, dataset_id: int) -> None:
    """Ask again of one dataset, after a label or a declared fact of it changed."""
    try:
        table = load_dataset_table(dataset_id)
    except NotThere:
        # Dropped since; the next check of the source fixes its findings.
        return
    source_id = get_source_id(dataset_id)
    facts = build_source_facts(load_source(source_id), None, 0)
    known = Known(
        source=facts, labels=_load_labels([dataset_id]), declared=load_declared([dataset_id])
    )
    outcomes = check_tables(load_rule_book(), [table], known, source_id)
    scope = Scope(source_id=source_id, dataset_ids=frozenset({dataset_id}))
    sync_findings(outcomes, scope, _map_packs())
    notifications.publish_event(topic="overview", kind="findings_checked", data={})


def recheck_source(*, source_id: int, since: datetime) -> bool:
    """Bring counts and rules on the whole source in step with what changed at that moment.

    Many changes at once cost one check: whoever comes later finds that one began since.
    """
    if was_checked_since(source_id, since) or source_id not in list_checked_sources():
        return False
    check_whole_source(source_id=source_id)
    return True


def _map_packs() -> dict[str, Pack]:
    # All of them: one may be switched off between the question and the answer.
    return {pack.id: pack for pack in list_packs()}


@transaction.atomic
def decide_finding(*, finding: Finding, user: User, state: str, note: str = "") -> Finding:
    """Acknowledge a finding, call it a false positive, or reopen it."""
    rbac.require(user, "decide_findings", finding.source)
    if state not in DECISIONS:
        raise InputInvalid(
            f"A person sets a finding to {', '.join(DECISIONS)}; only a check fixes one.",
            field="state",
        )
    if len(note) > LONGEST_NOTE:
        raise InputInvalid(f"A note has at most {LONGEST_NOTE:,} characters.", field="note")
    before = finding.state
    changed = {"state": state, "note": note, "decided_by": user, "decided_at": timezone.now()}
    # A check may have fixed it since the page was drawn.
    undecided = Finding.objects.filter(pk=finding.pk).exclude(state=FindingState.FIXED)
    if undecided.update(**changed) != 1:
        raise FindingFixed
    FindingChange.objects.create(
        finding=finding, user=user, state_before=before, state_after=state, note=note
    )
    rbac.record_audit(
        actor=user,
        action="finding_decided",
        scope=finding,
        detail={"rule": finding.rule_id, "before": before, "after": state, "note": note},
    )
    finding.refresh_from_db()
    announce(finding_decided, Finding, finding=finding)
    return finding


@transaction.atomic
def set_pack_enabled(*, pack_id: str, enabled: bool, user: User) -> PackSetting:
    """Switch a pack on or off for the whole installation."""
    if not has_role(user, Role.ADMIN, Role.COMPLIANCE_OFFICER):
        raise PermissionMissing("Only a compliance officer or administrator switches packs.")
    if pack_id not in {pack.id for pack in list_packs()}:
        raise NotThere
    setting, _ = PackSetting.objects.update_or_create(
        pack_id=pack_id, defaults={"enabled": enabled, "changed_by": user}
    )
    rbac.record_audit(
        actor=user,
        action="pack_enabled" if enabled else "pack_disabled",
        scope=setting,
        detail={"pack": pack_id},
    )
    announce(pack_switched, PackSetting, setting=setting)
    return setting


def recheck_all_sources() -> int:
    """Check every source that was ever checked; says how many."""
    sources = list_checked_sources()
    for source_id in sources:
        check_whole_source(source_id=source_id)
    return len(sources)
