"""Facts about notices and events, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries event_ids as list[int]; wakes the live pages of this process.
events_published = Signal()
# Carries delivery_ids as list[int].
deliveries_due = Signal()
