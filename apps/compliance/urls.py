"""Addresses of the compliance pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "compliance"
urlpatterns = [
    path("compliance/", views.list_findings, name="finding-list"),
    path("compliance/rules/", views.list_rules, name="rule-list"),
    path("compliance/packs/<slug:pack_id>/switch/", views.switch_pack, name="pack-switch"),
    path("compliance/<uuid:public_id>/", views.show_finding, name="finding-detail"),
    path("compliance/<uuid:public_id>/decide/", views.decide_finding, name="finding-decide"),
]
