"""REST: the own notices."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from . import services
from .models import Notice
from .selectors import list_notices
from .types import NoticeLevel


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """Something that the person was told."""

    class Meta:
        model = Notice
        fields = ["public_id", "kind", "level", "title", "body", "url", "read_at", "created_at"]


class MarkedSerializer(serializers.Serializer[Any]):
    """How many notices were new to it."""

    marked = serializers.IntegerField()


class NoticeFilter(django_filters.FilterSet):
    """Narrow the inbox."""

    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    level = django_filters.ChoiceFilter(choices=NoticeLevel.choices)
    kind = django_filters.CharFilter()


class NoticeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Notice]
):
    """The own inbox, newest first."""

    queryset = Notice.objects.none()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Notice]:
        """Mine alone."""
        user = self.request.user
        return list_notices(user) if user.is_authenticated else Notice.objects.none()

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, **_: Any) -> Response:
        """Mark one as read."""
        notice = self.get_object()
        services.mark_read(user=notice.user, public_ids=[notice.public_id])
        notice.refresh_from_db()
        return Response(NoticeSerializer(notice).data)

    @extend_schema(request=None, responses=MarkedSerializer)
    @action(detail=False, methods=["post"], url_path="read-all", filterset_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark all as read."""
        user: Any = request.user
        return Response({"marked": services.mark_all_read(user=user)})
