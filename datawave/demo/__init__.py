"""A believable company database to try DataWave on, with the truth about every column."""

from __future__ import annotations

from .company import DEMO_TRUTH, DemoSummary, build_demo

__all__ = ["DEMO_TRUTH", "DemoSummary", "build_demo"]
