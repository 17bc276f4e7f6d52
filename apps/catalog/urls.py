"""Addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "catalog"
urlpatterns = [
    path("catalog/", views.list_entries, name="entry-list"),
    path("catalog/<uuid:public_id>/", views.show_asset, name="asset"),
    path("catalog/<uuid:public_id>/edit/", views.edit_entry, name="entry-edit"),
    path("palette/", views.search_everything, name="palette"),
]
