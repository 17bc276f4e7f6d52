"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.datasources.selectors import count_live_agents

from .agenda import load_orchestration

SWEEP_PATIENCE = dt.timedelta(seconds=30)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answers as long as the process does."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and the sweeper is at work, else 503."""
    checks = _check()
    ready = checks["database"] and checks["sweeper"]
    body = {"status": "ok" if ready else "not ready", "reasons": _explain(checks), **checks}
    return JsonResponse(body, status=200 if ready else 503)


def _explain(checks: dict[str, Any]) -> list[str]:
    """What is wrong and where to look, for the operator."""
    reasons = []
    if not checks["database"]:
        reasons.append("The database does not answer. Check that it runs, and DATABASE_URL.")
    if not checks["sweeper"]:
        seconds = int(SWEEP_PATIENCE.total_seconds())
        reasons.append(
            f"Nothing has swept for {seconds} s, so lost work is not found. Start a worker or a"
            " beat, and look at its log."
        )
    return reasons


def _check() -> dict[str, Any]:
    checks: dict[str, Any] = {
        "database": False,
        "sweeper": False,
        "last_sweep_at": None,
        "agents": None,
    }
    with suppress(DatabaseError):
        last = load_orchestration().swept_at
        checks["sweeper"] = last is not None and timezone.now() - last < SWEEP_PATIENCE
        checks["last_sweep_at"] = last and last.isoformat()
        checks["agents"] = count_live_agents()
        checks["database"] = True
    return checks
