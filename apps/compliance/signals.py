"""Facts about findings, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries finding as Finding.
finding_decided = Signal()
# Carries setting as PackSetting; every source is checked anew.
pack_switched = Signal()
