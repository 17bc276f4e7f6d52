"""Addresses of discovery's pages and parts."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "discovery"
urlpatterns = [
    path("sources/<uuid:public_id>/patterns/preview/", views.show_preview, name="pattern-preview"),
    path("absences/<uuid:public_id>/", views.show_absence, name="absence-detail"),
    path("absences/<uuid:public_id>/decide/", views.decide_absence, name="absence-decide"),
]
