"""Pages of labels and sign-offs."""

from __future__ import annotations

from django.urls import path

from .views import labels, signing

app_name = "classification"
urlpatterns = [
    path("classification/", labels.list_labels, name="label-list"),
    path("classification/bulk/", labels.decide_labels, name="label-bulk"),
    path("labels/<uuid:public_id>/", labels.show_label, name="label-detail"),
    path("labels/<uuid:public_id>/decide/", labels.decide_label, name="label-decide"),
    path("decisions/undo/", labels.undo_decisions, name="decisions-undo"),
    path("decisions/<uuid:public_id>/undo/", labels.undo_decision, name="decision-undo"),
    path("classification/sign-offs/", signing.list_attestations, name="attestation-list"),
    path("sign-offs/<uuid:public_id>/withdraw/", signing.withdraw, name="attestation-withdraw"),
    path("datasets/<uuid:public_id>/sign-off/", signing.sign_dataset, name="dataset-sign"),
    path("sources/<uuid:public_id>/sign-off/", signing.sign_source, name="source-sign"),
]
