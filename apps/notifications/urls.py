"""Pages of notifications."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/bell/", views.bell, name="bell"),
    path("inbox/panel/", views.inbox_panel, name="inbox-panel"),
    path("inbox/read-all/", views.notices_read_all, name="notices-read-all"),
    path("inbox/<uuid:public_id>/", views.notice_open, name="notice-open"),
    path("inbox/<uuid:public_id>/read/", views.notice_read, name="notice-read"),
]
