"""Facts about labels, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries label as Label, decision as LabelDecision.
# Whoever depends on what columns mean looks again.
label_decided = Signal()
# Carries number as int: so many decisions were taken or undone at once.
labels_decided = Signal()
# Carries replay as Replay: it can be worked on.
replay_due = Signal()
# Carries replay as Replay: it is done, or failed.
replay_ended = Signal()
# Carries dataset_ids as list[int]: the machine changed its mind without a run.
labels_rejudged = Signal()
# Carries learning as Learning: it can be worked on.
learning_due = Signal()
