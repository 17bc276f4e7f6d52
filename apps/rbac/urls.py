"""Pages of people: sign-in, profile, administration."""

from __future__ import annotations

from django.urls import path

from . import people_views, views

app_name = "rbac"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/link/<str:secret>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", views.password_change, name="password-change"),
    path("profile/tokens/add/", views.token_add, name="token-add"),
    path("profile/tokens/<uuid:public_id>/revoke/", views.token_revoke, name="token-revoke"),
    path("people/", people_views.people, name="people"),
    path("people/add/", people_views.person_add, name="person-add"),
    path("people/<str:username>/link/", people_views.person_link, name="person-link"),
    path(
        "people/<str:username>/deactivate/",
        people_views.person_deactivate,
        name="person-deactivate",
    ),
    path("people/<str:username>/activate/", people_views.person_activate, name="person-activate"),
    path("people/<str:username>/roles/", people_views.role_grant, name="role-grant"),
    path("people/roles/<uuid:public_id>/revoke/", people_views.role_revoke, name="role-revoke"),
]
