"""Routes of the pages of sources, tests and agents."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "datasources"
urlpatterns = [
    path("sources/", views.list_sources, name="source-list"),
    path("sources/add/", views.add_source, name="source-add"),
    path("sources/tests/<uuid:public_id>/", views.show_test, name="test-detail"),
    path("sources/<uuid:public_id>/", views.show_source, name="source-detail"),
    path("sources/<uuid:public_id>/edit/", views.edit_source, name="source-edit"),
    path("sources/<uuid:public_id>/delete/", views.delete_source, name="source-delete"),
    path("sources/<uuid:public_id>/test/", views.test_source, name="source-test"),
    path("agents/", views.list_agents, name="agent-list"),
    path("agents/<uuid:public_id>/revoke/", views.revoke_agent, name="agent-revoke"),
]
