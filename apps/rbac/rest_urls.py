"""REST routes of rbac."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from . import rest

app_name = "rbac-api"
router = SimpleRouter()
router.register("tokens", rest.TokenViewSet, basename="token")
router.register("people", rest.PersonViewSet, basename="person")
router.register("role-grants", rest.RoleGrantViewSet, basename="role-grant")
urlpatterns = [path("me/", rest.MeView.as_view(), name="me"), *router.urls]
