"""Facts about labels, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries label as Label, decision as LabelDecision.
# Whoever depends on what columns mean looks again.
label_decided = Signal()
# Carries number as int: so many decisions were taken or undone at once.
labels_decided = Signal()
