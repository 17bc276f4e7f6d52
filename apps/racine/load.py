"""Words and shares for what a run cost its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datawave_edge.manifest import schema_hash

_KINDS = {
    "catalogue": "Reading the catalogue",
    "sample": "Sampling rows",
    "patterns": "Counting rare patterns",
    "probe": "Timing how fast it answers",
}


def describe_load(load: Mapping[str, Any]) -> dict[str, Any] | None:
    """The load for its card; None while the agent has told none."""
    if not load.get("queries"):
        return None
    whole = load.get("seconds") or 0.0
    busy = load.get("busy_seconds", 0.0)
    by_kind = load.get("by_kind", {})
    slowest = load.get("slowest_kind", "")
    return {
        **load,
        "busy_seconds": busy,
        "busy_share": _share(busy, whole),
        "slept_share": _share(load.get("slept_seconds", 0.0), whole),
        "kinds": [
            {
                "title": _KINDS.get(kind, kind.replace("_", " ").capitalize()),
                "seconds": seconds,
                "share": _share(seconds, busy),
                "slowest": kind == slowest,
            }
            for kind, seconds in sorted(by_kind.items(), key=lambda pair: -pair[1])
        ],
    }


def describe_egress(told: str) -> dict[str, Any] | None:
    """The hash of what the agent could send, beside that of this server's own agent."""
    own = schema_hash()
    return {"hash": told, "short": told[:12], "is_own": told == own} if told else None


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0 else 0.0
