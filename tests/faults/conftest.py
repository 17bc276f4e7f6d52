"""A running DataWave that may be killed."""

from __future__ import annotations

from tests.flows.conftest import admin, browser, server

__all__ = ["admin", "browser", "server"]
