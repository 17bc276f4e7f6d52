"""Pages of labels."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "classification"
urlpatterns = [
    path("classification/", views.list_labels, name="label-list"),
    path("classification/bulk/", views.decide_labels, name="label-bulk"),
    path("labels/<uuid:public_id>/", views.show_label, name="label-detail"),
    path("labels/<uuid:public_id>/decide/", views.decide_label, name="label-decide"),
    path("decisions/undo/", views.undo_decisions, name="decisions-undo"),
    path("decisions/<uuid:public_id>/undo/", views.undo_decision, name="decision-undo"),
]
