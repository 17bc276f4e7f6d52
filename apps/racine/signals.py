"""Facts about runs and their stages, sent after commit."""

from __future__ import annotations

from django.dispatch import Signal

# Carries run as Run.
run_started = Signal()
run_progressed = Signal()
run_finished = Signal()
# Carries stage_run_ids as list[int].
stages_ready = Signal()
# Carries run_id, an int.
run_ready_to_settle = Signal()
# Carries undo_id, an int.
undo_ready = Signal()
# Carries stage, outcome (both str), seconds.
stage_ended = Signal()
