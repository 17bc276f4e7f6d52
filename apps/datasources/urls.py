"""Routes of the pages of sources, tests and agents."""

from __future__ import annotations

from django.urls import path

from . import agent_views, views

app_name = "datasources"
urlpatterns = [
    path("sources/", views.list_sources, name="source-list"),
    path("sources/add/", views.add_source, name="source-add"),
    path("sources/tests/<uuid:public_id>/", views.show_test, name="test-detail"),
    path("sources/<uuid:public_id>/", views.show_source, name="source-detail"),
    path("sources/<uuid:public_id>/edit/", views.edit_source, name="source-edit"),
    path("sources/<uuid:public_id>/delete/", views.delete_source, name="source-delete"),
    path("sources/<uuid:public_id>/test/", views.test_source, name="source-test"),
    path("agents/", agent_views.list_agents, name="agent-list"),
    path("agents/codes/add/", agent_views.make_code, name="code-add"),
    path(
        "agents/codes/<uuid:public_id>/withdraw/", agent_views.withdraw_code, name="code-withdraw"
    ),
    path("agents/codes/<uuid:public_id>/arrival/", agent_views.show_arrival, name="code-arrival"),
    path("agents/<uuid:public_id>/", agent_views.show_agent, name="agent-detail"),
    path("agents/<uuid:public_id>/rename/", agent_views.rename_agent, name="agent-rename"),
    path("agents/<uuid:public_id>/renew/", agent_views.renew_agent, name="agent-renew"),
    path("agents/<uuid:public_id>/revoke/", agent_views.revoke_agent, name="agent-revoke"),
    path("agents/<uuid:public_id>/delete/", agent_views.delete_agent, name="agent-delete"),
    path("agents/<uuid:public_id>/drain/", agent_views.drain_agent, name="agent-drain"),
    path("agents/<uuid:public_id>/resume/", agent_views.resume_agent, name="agent-resume"),
    path("agents/<uuid:public_id>/rotate/", agent_views.rotate_agent, name="agent-rotate"),
    path("agents/<uuid:public_id>/sources/", agent_views.assign_source, name="agent-serve"),
    path(
        "agents/<uuid:public_id>/sources/<uuid:source_id>/release/",
        agent_views.release_source,
        name="agent-release",
    ),
]
