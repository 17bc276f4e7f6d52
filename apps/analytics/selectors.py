"""Reads of measurements: settings for the next run, and the overview."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from apps.classification.selectors import list_visible_labels
from apps.classification.types import DECIDED_STATES, STANDING_STATES, LabelState, Sensitivity
from apps.compliance.selectors import list_visible_findings
from apps.compliance.types import ACTIVE_STATES, FindingState, Severity
from apps.datasources.selectors import list_visible_agents, list_visible_sources
from apps.discovery.selectors import list_visible_datasets
from apps.discovery.types import DatasetState
from apps.notifications.selectors import find_last_event_id

from .models import RunRecord, RunRecordQuerySet
from .trends import (
    DAYS,
    RunFigures,
    count_days,
    describe_change,
    find_median,
    follow_estate,
    list_durations,
)
from .types import Concern, CurrentTuning, FirstStep, Kpi, Overview, RecentRun, Share

if TYPE_CHECKING:
    from apps.datasources.models import DataSource
    from apps.rbac.models import User

CACHE_SECONDS = 5
# Runs that trends look back on, and rows that lists show.
LOOK_BACK_RUNS = 200
RECENT_RUNS = 8
CONCERNS = 6
SENSITIVITY_TONES = {"public": "green", "internal": "azure", "confidential": "orange",
                     "restricted": "red"}  # fmt: skip
SEVERITY_TONES = {"critical": "red", "high": "orange", "medium": "yellow", "low": "azure"}
OUTCOME_TONES = {"completed": "green", "with errors": "yellow", "failed": "red", "other": "gray"}


def current_tuning(source: DataSource) -> CurrentTuning:
    """Settings for the source's next run; the same for all so far."""
    return CurrentTuning()


def list_visible_records(user: User) -> RunRecordQuerySet:
    """Measured runs of sources that the person may view, newest first."""
    return RunRecord.objects.visible_to(user)


def load_overview(user: User) -> Overview:
    """The overview, kept a few seconds for each person; a run that ends renews it at once."""
    key = f"overview:{user.pk}:{find_last_event_id('overview')}"
    kept: str | None = cache.get(key)
    if kept is not None:
        return msgspec.json.decode(kept, type=Overview)
    overview = _load(user)
    cache.set(key, msgspec.json.encode(overview).decode(), CACHE_SECONDS)
    return overview


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the database says, before it is put in words."""

    sources: int
    agents: int
    tables: int
    columns: int
    # (sensitivity, state, whether it names a type) -> labels
    labels: Counter[tuple[str, str, bool]]
    # (severity, state) -> findings
    findings: Counter[tuple[str, str]]
    worst: list[Any]
    runs: list[RunRecord]
    days: list[tuple[dt.date, str, int]]

    @property
    def figures(self) -> list[RunFigures]:
        """The runs, oldest first."""
        return [
            RunFigures(
                source_id=run.source_id,
                state=run.state,
                seconds=run.duration_seconds,
                counts=run.counts,
            )
            for run in reversed(self.runs)
        ]

    def count_labels(self, states: Sequence[str], sensitivity: str = "") -> int:
        """Labels that name a type."""
        return sum(
            count
            for (level, state, named), count in self.labels.items()
            if named and state in states and sensitivity in ("", level)
        )

    def count_findings(self, severity: str = "") -> int:
        """Findings that ask for something."""
        return sum(
            count
            for (level, state), count in self.findings.items()
            if state in ACTIVE_STATES and severity in ("", level)
        )


def _load(user: User) -> Overview:
    facts = _load_facts(user)
    sensitivities = _share_sensitivities(facts)
    typed = facts.count_labels(STANDING_STATES)
    return Overview(
        kpis=_list_kpis(facts),
        sources=facts.sources,
        tables=facts.tables,
        columns=facts.columns,
        classified=min(1.0, typed / facts.columns) if facts.columns else None,
        suggestions=facts.count_labels([LabelState.SUGGESTED]),
        sensitivities=sensitivities,
        severities=_share_severities(facts),
        open_findings=facts.count_findings(),
        median_seconds=find_median(list_durations(facts.figures)),
        sensitivity_chart=_chart_shares(sensitivities),
        runs_chart=_chart_days(facts.days),
        recent_runs=tuple(_describe_run(run) for run in facts.runs[:RECENT_RUNS]),
        first_steps=_list_first_steps(facts),
        concerns=_list_concerns(facts),
    )


def _load_facts(user: User) -> _Facts:
    active = list_visible_datasets(user).filter(state=DatasetState.ACTIVE)
    size = active.aggregate(tables=Count("pk"), columns=Sum("column_count"))
    records = list_visible_records(user)
    since = timezone.now() - dt.timedelta(days=DAYS)
    days = records.filter(started_at__gte=since).order_by().annotate(day=TruncDate("started_at"))
    worst = list_visible_findings(user).filter(
        severity=Severity.CRITICAL, state__in=[FindingState.OPEN, FindingState.REVIEW]
    )
    return _Facts(
        sources=list_visible_sources(user).count(),
        agents=list_visible_agents(user).exclude(last_seen_at=None).count(),
        tables=size["tables"],
        columns=size["columns"] or 0,
        labels=_count_labels(user),
        findings=_count_findings(user),
        worst=list(worst.order_by("-first_seen_at")[:CONCERNS]),
        runs=list(records.select_related("source", "started_by")[:LOOK_BACK_RUNS]),
        days=list(days.values_list("day", "state").annotate(count=Count("pk"))),
    )


def _count_labels(user: User) -> Counter[tuple[str, str, bool]]:
    named = Count("pk", filter=~Q(semantic_type=""))
    rows = list_visible_labels(user).order_by().values_list("sensitivity", "state")
    counts: Counter[tuple[str, str, bool]] = Counter()
    for sensitivity, state, typed in rows.annotate(named=named):
        counts[sensitivity, state, True] += typed
    return counts


def _count_findings(user: User) -> Counter[tuple[str, str]]:
    findings = list_visible_findings(user).select_related(None).order_by()
    rows = findings.values_list("severity", "state").annotate(count=Count("pk"))
    return Counter({(severity, state): count for severity, state, count in rows})


def _list_kpis(facts: _Facts) -> tuple[Kpi, ...]:
    return (
        _tell_columns(facts),
        _tell_classified(facts),
        _tell_findings(facts),
        _tell_duration(facts),
    )


def _tell_columns(facts: _Facts) -> Kpi:
    series = follow_estate(facts.figures, "columns")
    delta, up = describe_change(series)
    return Kpi(
        key="columns",
        label="Columns governed",
        value=facts.columns,
        text=f"{facts.columns:,}",
        hint=f"in {_some(facts.tables, 'table')} of {_some(facts.sources, 'source')}",
        icon="columns",
        url=reverse("catalog:entry-list"),
        delta=delta,
        up=up,
        series=series,
    )


def _tell_classified(facts: _Facts) -> Kpi:
    typed = facts.count_labels(STANDING_STATES)
    share = min(1.0, typed / facts.columns) if facts.columns else None
    return Kpi(
        key="classified",
        label="Classified",
        value=share,
        text="—" if share is None else f"{int(share * 100)}%",
        hint=f"{_some(facts.count_labels([LabelState.SUGGESTED]), 'suggestion')} to review",
        icon="fingerprint",
        url=reverse("classification:label-list"),
        series=follow_estate(facts.figures, "labels"),
    )


def _tell_findings(facts: _Facts) -> Kpi:
    series = follow_estate(facts.figures, "findings")
    delta, up = describe_change(series)
    critical = facts.count_findings(Severity.CRITICAL)
    return Kpi(
        key="findings",
        label="Open findings",
        value=facts.count_findings(),
        text=f"{facts.count_findings():,}",
        hint=f"{critical:,} critical, {facts.count_findings(Severity.HIGH):,} high",
        icon="shield-check",
        url=reverse("compliance:finding-list"),
        tone="red" if up else "green",
        delta=delta,
        up=up,
        series=series,
    )


def _tell_duration(facts: _Facts) -> Kpi:
    series = list_durations(facts.figures)
    middle = find_median(series)
    delta, up = describe_change(series)
    return Kpi(
        key="duration",
        label="Median discovery",
        value=middle,
        text="—" if middle is None else _say_seconds(middle),
        hint=f"over the last {_some(len(series), 'run')}" if series else "no run has ended yet",
        icon="clock",
        url=reverse("racine:run-list"),
        tone="red" if up else "green",
        delta=delta,
        up=up,
        series=series,
    )


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _say_seconds(seconds: float) -> str:
    if seconds < 10:  # noqa: PLR2004  # there a decimal matters
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def _share_sensitivities(facts: _Facts) -> tuple[Share, ...]:
    return tuple(
        Share(
            key=level.value,
            title=str(level.label),
            tone=SENSITIVITY_TONES[level.value],
            count=facts.count_labels(STANDING_STATES, level.value),
        )
        for level in reversed(Sensitivity)
    )


def _share_severities(facts: _Facts) -> tuple[Share, ...]:
    return tuple(
        Share(
            key=level.value,
            title=str(level.label),
            tone=SEVERITY_TONES[level.value],
            count=facts.count_findings(level.value),
        )
        for level in Severity
    )


def _chart_shares(shares: tuple[Share, ...]) -> dict[str, Any]:
    data = [share.count for share in shares]
    tones = [share.tone for share in shares]
    return {
        "labels": [share.title for share in shares],
        "datasets": [{"label": "Columns", "data": data, "tones": tones}],
    }


def _chart_days(counts: list[tuple[dt.date, str, int]]) -> dict[str, Any]:
    days, outcomes = count_days(counts, timezone.localdate())
    return {
        "labels": [f"{day:%d %b}" for day in days],
        "datasets": [
            {"label": name.capitalize(), "data": data, "tone": OUTCOME_TONES[name]}
            for name, data in outcomes.items()
        ],
    }


def _describe_run(run: RunRecord) -> RecentRun:
    return RecentRun(
        run_id=run.run_id,
        number=run.number,
        source=run.source.name,
        source_id=run.source.public_id,
        state=run.state,
        state_label=run.state.replace("_", " ").capitalize(),
        trigger=run.trigger,
        started_by=str(run.started_by or ""),
        started_at=run.started_at,
        duration_seconds=run.duration_seconds,
        counts=run.counts,
    )


def _list_first_steps(facts: _Facts) -> tuple[FirstStep, ...]:
    decided = sum(count for (_, state, _), count in facts.labels.items() if state in DECIDED_STATES)
    looked = {FindingState.ACKNOWLEDGED, FindingState.FALSE_POSITIVE}
    seen = any(count for (_, state), count in facts.findings.items() if state in looked)
    through = any(run.state in ("completed", "completed_with_errors") for run in facts.runs)
    steps = (
        ("source", "Add a data source", "A database, or a folder of CSV and Parquet files.",
         "datasources:source-list", facts.sources > 0),
        ("agent", "Connect an agent", "It reads beside the database; values never leave it.",
         "datasources:agent-list", facts.agents > 0),
        ("run", "Run the first discovery", "Structure and profiles, in seconds.",
         "datasources:source-list", through),
        ("label", "Decide on a label", "Accept, change or reject what was suggested.",
         "classification:label-list", decided > 0),
        ("finding", "Look at a finding", "Say what is to be done about it.",
         "compliance:finding-list", seen),
    )  # fmt: skip
    return tuple(
        FirstStep(key=key, title=title, detail=detail, url=reverse(name), done=done)
        for key, title, detail, name, done in steps
    )


def _list_concerns(facts: _Facts) -> tuple[Concern, ...]:
    found = [_describe_finding(finding) for finding in facts.worst]
    found += [_describe_failure(run) for run in _list_failures(facts.runs)]
    return tuple(sorted(found, key=_newest_first)[:CONCERNS])


def _newest_first(concern: Concern) -> float:
    return -concern.at.timestamp()


def _list_failures(runs: list[RunRecord]) -> list[RunRecord]:
    """Sources whose newest run failed; one that ran well since needs no attention."""
    newest: dict[int, RunRecord] = {}
    for run in runs:
        newest.setdefault(run.source_id, run)
    return [run for run in newest.values() if run.state in ("failed", "completed_with_errors")]


def _describe_finding(finding: Any) -> Concern:
    return Concern(
        kind="finding",
        title=finding.message,
        detail=f"{finding.source.name} · {finding.citation}",
        url=reverse("compliance:finding-detail", args=[finding.public_id]),
        tone="red",
        at=finding.first_seen_at,
    )


def _describe_failure(run: RunRecord) -> Concern:
    failed = run.state == "failed"
    return Concern(
        kind="run",
        title=f"Discovery #{run.number} {'failed' if failed else 'completed with errors'}",
        detail=run.source.name,
        url=reverse("racine:run-detail", args=[run.run_id]),
        tone="red" if failed else "yellow",
        at=run.finished_at or run.started_at,
    )
