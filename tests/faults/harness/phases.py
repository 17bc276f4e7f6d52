"""Where a run may be struck: the points of the code, and the order in which a run passes them."""

from __future__ import annotations

# Point of the server -> how often a run of the small database passes it.
WORK_POINTS = {
    "claim.after": 20, "load.after": 20, "store.before": 20, "store.after": 20,
    "stored.before": 20, "stored.after": 20, "win.before": 1, "win.after": 1,
    "settle_claim.after": 1, "settle_step.before": 5, "settle_step.after": 5,
    "tell.before": 1, "tell.after": 1, "finish.before": 1, "finish.after": 1,
    "deliver.before": 1, "deliver.after": 1, "hint.before": 20,
}  # fmt: skip
WEB_POINTS = {
    "body.before": 8, "body.after": 8, "ingest.before": 5, "ingest.after": 5, "batch.after": 5,
    "fan_out.before": 5, "fan_out.after": 5, "open.before": 1, "open.after": 1,
    "lease.after": 1, "progress.after": 2, "closing.before": 1, "closing.after": 1,
    "close.after": 1, "closed.before": 1, "closed.after": 1,
}  # fmt: skip
AGENT_POINTS = {
    "agent.work.before": 1, "agent.open.before": 1, "agent.open.after": 1,
    "agent.connect.after": 1, "agent.list.after": 1, "agent.describe.after": 1,
    "agent.sample.before": 10, "agent.sample.after": 10, "agent.put.before": 5,
    "agent.put.after": 5, "agent.sending.after": 5, "agent.sent.before": 5,
    "agent.sent.after": 5, "agent.acked.after": 5, "agent.close.before": 1,
    "agent.close.after": 1, "agent.end.before": 1, "agent.end.after": 1,
}  # fmt: skip
# Where a deadlock or a lost connection may come up in the server's own statements.
FAILING_POINTS = {
    "claim.after": 20, "load.before": 20, "store.before": 20, "store.after": 20,
    "settle_step.before": 5, "tell.before": 1, "ingest.before": 5, "ingest.after": 5,
    "open.before": 1, "close.before": 1, "closing.after": 1, "fan_out.before": 5,
    "closed.before": 1, "progress.before": 2, "stored.before": 20,
}  # fmt: skip
# What the agent asks, and how often it surely does in a run.
REQUESTS = (("batches", 5), ("batches", 5), ("open$", 1), ("close$", 1), ("progress", 2))
# In the order in which a run passes them.
PHASES = (
    "lease.after", "agent.work.before", "agent.open.before", "open.before", "open.after",
    "agent.open.after", "agent.connect.after", "agent.list.after", "agent.describe.after",
    "agent.sample.before", "agent.sample.after", "agent.put.before", "agent.put.after",
    "progress.before", "progress.after", "agent.sending.after", "agent.sent.before",
    "body.before", "body.after", "ingest.before", "ingest.after", "batch.after",
    "agent.sent.after", "agent.acked.after", "fan_out.before", "fan_out.after", "hint.before",
    "claim.after", "load.before", "load.after", "store.before", "store.after", "stored.before",
    "stored.after", "agent.close.before", "close.before", "closing.before", "closing.after",
    "close.after", "closed.before", "closed.after", "agent.close.after", "agent.end.before",
    "agent.end.after", "win.before", "win.after", "settle_claim.after", "settle_step.before",
    "settle_step.after", "tell.before", "tell.after", "finish.before", "finish.after",
    "deliver.before", "deliver.after",
)  # fmt: skip
