"""Routes for agents, under /api/edge/v1/."""

from __future__ import annotations

from django.urls import path

from . import edge, edge_identity

app_name = "edge"
urlpatterns = [
    path("enrol", edge_identity.enrol, name="enrol"),
    path("challenge", edge_identity.challenge, name="challenge"),
    path("token", edge_identity.token, name="token"),
    path("rotate", edge_identity.rotate, name="rotate"),
    path("heartbeat", edge.heartbeat, name="heartbeat"),
    path("work", edge.work, name="work"),
    path("jobs/<uuid:public_id>/open", edge.open_job, name="job-open"),
    path("jobs/<uuid:public_id>/batches/<int:seq>", edge.put_batch, name="job-batch"),
    path("jobs/<uuid:public_id>/progress", edge.post_progress, name="job-progress"),
    path("jobs/<uuid:public_id>/close", edge.close_job, name="job-close"),
    path("jobs/<uuid:public_id>/fail", edge.fail_job, name="job-fail"),
    path("tests/<uuid:public_id>/result", edge.finish_test, name="test-result"),
]
