"""Facts about sources, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries source as DataSource.
source_added = Signal()
source_changed = Signal()
# Carries connection_test as ConnectionTest.
connection_test_requested = Signal()
connection_tested = Signal()
# Carries agent as Agent.
agent_changed = Signal()
agent_revoked = Signal()
# It is enrolled, or gives a sign of life after it gave none.
agent_appeared = Signal()
