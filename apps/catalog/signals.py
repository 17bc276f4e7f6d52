"""Facts about entries, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries entry as CatalogEntry; rules that read declared facts look again.
entry_changed = Signal()
