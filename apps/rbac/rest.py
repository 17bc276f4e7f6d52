"""REST: the own account and tokens; people and roles for administrators."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, mixins, serializers, viewsets
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import services
from .models import ApiToken, RoleGrant, User
from .selectors import (
    get_person,
    get_scope,
    list_grants,
    list_people,
    list_tokens,
    may_manage_people,
)
from .types import ROLE_TITLES, Role

ROLE_CHOICES = [(role.value, title) for role, title in ROLE_TITLES.items()]


class AdministersPeople(BasePermission):
    """People who may add people and give roles."""

    message = "Only administrators may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Asked after authentication."""
        return isinstance(request.user, User) and may_manage_people(request.user)


class MeSerializer(serializers.ModelSerializer[User]):
    """The own account."""

    name = serializers.CharField(source="get_full_name", max_length=150, allow_blank=True)
    email = serializers.EmailField()
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["username", "name", "email", "time_zone", "roles"]
        read_only_fields = ["username"]

    def get_roles(self, user: User) -> list[str]:
        """Titles of roles for the whole installation."""
        return services.describe_roles(user)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    class Meta:
        model = ApiToken
        fields = [
            "public_id", "name", "prefix", "read_only", "expires_at", "last_used_at", "created_at",
        ]  # fmt: skip
        read_only_fields = ["public_id", "prefix", "last_used_at", "created_at"]


class NewTokenSerializer(TokenSerializer):
    """A token just made, with its secret this once."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person as administrators see them."""

    name = serializers.CharField(source="get_full_name", required=False, max_length=150)
    email = serializers.EmailField()

    class Meta:
        model = User
        fields = ["username", "name", "email", "is_active", "last_login", "date_joined"]
        read_only_fields = ["is_active", "last_login", "date_joined"]
        # The service says better what is wrong with a name.
        extra_kwargs: dict[str, Any] = {"username": {"validators": []}}


class NewPersonSerializer(PersonSerializer):
    """A person just added, with the secret of their sign-in link this once."""

    sign_in_secret = serializers.CharField(read_only=True)

    class Meta(PersonSerializer.Meta):
        fields = [*PersonSerializer.Meta.fields, "sign_in_secret"]


class PersonStateSerializer(serializers.Serializer[User]):
    """Whether a person may sign in."""

    is_active = serializers.BooleanField()


class RoleGrantSerializer(serializers.ModelSerializer[RoleGrant]):
    """A role that a person has, everywhere or on one source."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(
        choices=[(role.value, title) for role, title in ROLE_TITLES.items()]
    )
    source = serializers.UUIDField(  # type: ignore[assignment]  # a field of that name
        source="object_key", allow_null=True, required=False, default=None,
        help_text="Public id of the data source; null for the whole installation.",
    )  # fmt: skip

    class Meta:
        model = RoleGrant
        fields = ["public_id", "username", "role", "source", "created_at"]
        read_only_fields = ["public_id", "created_at"]

    def to_representation(self, grant: RoleGrant) -> dict[str, Any]:
        """An empty key means everywhere, which clients read as null."""
        return {
            "public_id": str(grant.public_id),
            "username": grant.user.username,
            "role": grant.role,
            "source": grant.object_key or None,
            "created_at": self.fields["created_at"].to_representation(grant.created_at),
        }


class MeView(generics.RetrieveUpdateAPIView[User]):
    """The own account."""

    serializer_class = MeSerializer
    permission_classes = [IsAuthenticated]
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> User:
        """Whoever asks."""
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101  # the permission has checked
        return user

    def perform_update(self, serializer: Any) -> None:
        """Change what was given."""
        user, given = self.get_object(), serializer.validated_data
        services.change_profile(
            user=user,
            name=given.get("get_full_name", user.get_full_name()),
            email=given.get("email", user.email),
            time_zone=given.get("time_zone", user.time_zone),
        )


@extend_schema_view(
    list=extend_schema(operation_id="tokens_list"),
    create=extend_schema(responses={201: NewTokenSerializer}),
)
class TokenViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[ApiToken],
):
    """The own API tokens."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[ApiToken]:
        """Mine alone."""
        user = self.request.user
        return list_tokens(user) if isinstance(user, User) else ApiToken.objects.none()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a token; the answer holds its secret this once."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token, secret = services.issue_token(user=_person(request), **serializer.validated_data)
        answer = {**TokenSerializer(token).data, "token": secret}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})

    def perform_destroy(self, instance: ApiToken) -> None:
        """Revoke it."""
        services.revoke_token(token=instance, revoked_by=_person(self.request))


@extend_schema_view(
    create=extend_schema(responses={201: NewPersonSerializer}),
    partial_update=extend_schema(request=PersonStateSerializer, responses=PersonSerializer),
)
class PersonViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[User],
):
    """People; for administrators."""

    queryset = User.objects.none()
    serializer_class = PersonSerializer
    permission_classes = [IsAuthenticated, AdministersPeople]
    filterset_fields = ["is_active"]
    lookup_field = "username"
    lookup_value_regex = "[^/]+"

    def get_queryset(self) -> QuerySet[User]:
        """Everybody."""
        return list_people()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a person; the answer holds the secret of their sign-in link this once."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        person, secret = services.add_person(
            username=given["username"],
            email=given["email"],
            name=given.get("get_full_name", ""),
            added_by=_person(request),
        )
        answer = {**PersonSerializer(person).data, "sign_in_secret": secret}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let a person sign in, or no longer."""
        wanted = PersonStateSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        change = (
            services.activate_person
            if wanted.validated_data["is_active"]
            else services.deactivate_person
        )
        person = self.get_object()
        change(user=person, by=_person(request))
        person.refresh_from_db()
        return Response(PersonSerializer(person).data)


class RoleGrantViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[RoleGrant],
):
    """Who has which role where: all for administrators, their own for everybody."""

    queryset = RoleGrant.objects.none()
    serializer_class = RoleGrantSerializer
    filterset_fields = ["role", "user__username"]
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[RoleGrant]:
        """Those the person may see."""
        user = self.request.user
        return list_grants(user) if isinstance(user, User) else RoleGrant.objects.none()

    def get_permissions(self) -> list[Any]:
        """Reading is for everybody, changing for administrators."""
        reads = self.action in {"list", None}
        return [IsAuthenticated()] if reads else [IsAuthenticated(), AdministersPeople()]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give a role."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        key = given.get("object_key")
        grant = services.grant_role(
            user=get_person(given["user"]["username"]),
            role=Role(given["role"]),
            scope=get_scope(key) if key else None,
            granted_by=_person(request),
        )
        return Response(RoleGrantSerializer(grant).data, status=201)

    def perform_destroy(self, instance: RoleGrant) -> None:
        """Take it back."""
        services.revoke_grant(public_id=instance.public_id, revoked_by=_person(self.request))


def _person(request: Any) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # the permission has checked
    return user
