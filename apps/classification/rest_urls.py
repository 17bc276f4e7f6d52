"""Routes of the API's labels, decisions, sign-offs, versions of the judge and types."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from .rest.labels import DecisionViewSet, LabelViewSet, SemanticTypeViewSet
from .rest.metrics import LearningViewSet, get_agreement
from .rest.models import ModelViewSet, ReplayViewSet
from .rest.recognisers import (
    RecognisedTypesView,
    RecogniserView,
    TrialView,
    VersionsView,
    WordsView,
)
from .rest.review import ReviewQueueView, decide_group
from .rest.signing import AttestationViewSet
from .rest.thresholds import ThresholdListView, ThresholdUndoView, ThresholdView
from .rest.types import LessonViewSet, OwnTypeViewSet, rate_type

app_name = "classification-api"
router = SimpleRouter(use_regex_path=False)
router.register("labels", LabelViewSet, basename="label")
router.register("decisions", DecisionViewSet, basename="decision")
router.register("attestations", AttestationViewSet, basename="attestation")
router.register("models", ModelViewSet, basename="model")
router.register("replays", ReplayViewSet, basename="replay")
router.register("learnings", LearningViewSet, basename="learning")
router.register("own-types", OwnTypeViewSet, basename="own-type")
router.register("lessons", LessonViewSet, basename="lesson")
_OWN = "own-types/<uuid:public_id>/"
urlpatterns = [
    path("own-types/recognised/", RecognisedTypesView.as_view(), name="type-recognised"),
    path("own-types/try/", TrialView.as_view(), name="type-try"),
    path(f"{_OWN}recogniser/", RecogniserView.as_view(), name="recogniser"),
    path(f"{_OWN}recogniser/versions/", VersionsView.as_view(), name="recogniser-versions"),
    path(f"{_OWN}words/", WordsView.as_view(), name="recogniser-words"),
    *router.urls,
    path("semantic-types/", SemanticTypeViewSet.as_view({"get": "list"}), name="type-list"),
    path(
        "semantic-types/<str:name>/",
        SemanticTypeViewSet.as_view({"get": "retrieve"}),
        name="type-detail",
    ),
    path("review-queue/", ReviewQueueView.as_view(), name="review-queue"),
    path("review-queue/decide/", decide_group, name="review-decide"),
    path("label-agreement/", get_agreement, name="agreement"),
    path("type-thresholds/", ThresholdListView.as_view(), name="threshold-list"),
    path("type-thresholds/<str:name>/", ThresholdView.as_view(), name="threshold-detail"),
    path("type-thresholds/<str:name>/undo/", ThresholdUndoView.as_view(), name="threshold-undo"),
    path("semantic-types/<str:name>/rate/", rate_type, name="type-rate"),
]
