"""Pages of labels, sign-offs and versions of the judge."""

from __future__ import annotations

from django.urls import path

from .views import labels, metrics, models, recognisers, review, signing, thresholds, types

app_name = "classification"
urlpatterns = [
    path("classification/", labels.list_labels, name="label-list"),
    path("classification/bulk/", labels.decide_labels, name="label-bulk"),
    path("labels/<uuid:public_id>/", labels.show_label, name="label-detail"),
    path("labels/<uuid:public_id>/decide/", labels.decide_label, name="label-decide"),
    path("decisions/export/", labels.export_decisions, name="decisions-export"),
    path("decisions/undo/", labels.undo_decisions, name="decisions-undo"),
    path("decisions/<uuid:public_id>/undo/", labels.undo_decision, name="decision-undo"),
    path("classification/sign-offs/", signing.list_attestations, name="attestation-list"),
    path("sign-offs/<uuid:public_id>/withdraw/", signing.withdraw, name="attestation-withdraw"),
    path("datasets/<uuid:public_id>/sign-off/", signing.sign_dataset, name="dataset-sign"),
    path("sources/<uuid:public_id>/sign-off/", signing.sign_source, name="source-sign"),
    path("classification/models/", models.list_versions, name="model-list"),
    path("classification/models/roll-back/", models.roll_back, name="model-roll-back"),
    path("models/<uuid:public_id>/preview/", models.preview_model, name="model-preview"),
    path("models/<uuid:public_id>/activate/", models.activate_model, name="model-activate"),
    path("replays/<uuid:public_id>/", models.show_replay, name="replay-detail"),
    path("replays/<uuid:public_id>/cancel/", models.cancel_replay, name="replay-cancel"),
    path("classification/review/", review.show_queue, name="review"),
    path("classification/review/decide/", review.decide_group, name="review-decide"),
    path("classification/review/members/", review.show_members, name="review-members"),
    path(
        "decisions/<uuid:public_id>/undo-together/", review.undo_together, name="decisions-together"
    ),
    path("classification/agreement/", metrics.show_metrics, name="metrics"),
    path("classification/learn/", metrics.learn, name="learn"),
    path("classification/types/", types.list_types, name="type-list"),
    path("classification/types/rate/", types.rate_type, name="type-rate"),
    path("classification/types/teach/", types.show_teaching, name="teach"),
    path("classification/types/make/", types.teach_type, name="type-make"),
    path("classification/thresholds/", thresholds.list_all, name="thresholds"),
    path("classification/thresholds/<str:name>/", thresholds.show, name="threshold"),
    path(
        "classification/thresholds/<str:name>/change/", thresholds.change, name="threshold-change"
    ),
    path("classification/types/new/", recognisers.make_type, name="type-new"),
    path(
        "own-types/<uuid:public_id>/recogniser/", recognisers.change_recogniser, name="recogniser"
    ),
    path(
        "own-types/<uuid:public_id>/recogniser/restore/",
        recognisers.restore_recogniser,
        name="recogniser-restore",
    ),
    path("own-types/<uuid:public_id>/words/", recognisers.export_words, name="words-export"),
    path("own-types/<uuid:public_id>/words/import/", recognisers.import_words, name="words-import"),
    path("own-types/<uuid:public_id>/", types.change_type, name="type-change"),
    path("labels/<uuid:public_id>/never/", types.teach_exception, name="label-never"),
    path("lessons/<uuid:public_id>/take-back/", types.take_back_lesson, name="lesson-take-back"),
]
