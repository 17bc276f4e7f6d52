"""What own types look like in the API: patterns, words and names, tried before they are saved."""

from __future__ import annotations

import uuid
from typing import IO, TYPE_CHECKING, Any, cast

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.classification import services
from apps.classification.models import OwnRecogniser, OwnType
from apps.classification.recognising import (
    MOST_EXAMPLES,
    MOST_LETTERS,
    MOST_PATTERNS,
    MOST_WORD_LETTERS,
    MOST_WORDS,
    USUAL_LEAST,
    WORD_HEAD,
    Definition,
    Examples,
    check_definition,
    read_word_file,
    try_examples,
)
from apps.classification.selectors import (
    find_recogniser,
    get_own_type,
    list_recognisers,
    preview_reach,
)
from apps.classification.types import Sensitivity
from apps.rbac import services as rbac
from apps.rbac.types import Action
from datawave.common.errors import NotThere
from datawave.common.pages import answer_csv

from .labels import LabelSerializer
from .types import OwnTypeSerializer

if TYPE_CHECKING:
    from apps.rbac.models import User


def _texts(most: int, letters: int, text: str) -> serializers.ListField:
    child = serializers.CharField(max_length=letters, trim_whitespace=False)
    return serializers.ListField(
        child=child, required=False, default=list, max_length=most, help_text=text
    )


class DefinitionSerializer(serializers.Serializer[Any]):
    """What a type looks like. Examples are tried and not kept."""

    patterns = _texts(
        MOST_PATTERNS, MOST_LETTERS, "RE2 syntax; each must match a whole value to count."
    )
    words = _texts(MOST_WORDS, MOST_WORD_LETTERS, "Values of the type; case and blanks are equal.")
    names = _texts(MOST_PATTERNS, MOST_LETTERS, "RE2 patterns of whole column names, in any case.")
    least = serializers.FloatField(
        required=False,
        default=USUAL_LEAST,
        min_value=0.05,
        max_value=1.0,
        help_text="Share of a column's values that must fit.",
    )
    fitting = _texts(MOST_EXAMPLES, 1_000, "Examples that must fit.")
    others = _texts(MOST_EXAMPLES, 1_000, "Examples that must not fit.")


class RecognisedTypeSerializer(DefinitionSerializer):
    """A type to make of what its values and names look like."""

    title = serializers.CharField(max_length=80)
    description = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300
    )
    sensitivity = serializers.ChoiceField(choices=Sensitivity.choices)
    personal = serializers.BooleanField(required=False, default=False)


class RecogniserSerializer(serializers.ModelSerializer[OwnRecogniser]):
    """A version of what a type looks like; words are read from their own address."""

    made_by = serializers.CharField(source="made_by.username", default=None, read_only=True)
    words = serializers.IntegerField(source="word_count", read_only=True)

    class Meta:
        model = OwnRecogniser
        fields = [
            "version", "patterns", "names", "words", "least", "made_by", "created_at",
            "retired_at",
        ]  # fmt: skip
        read_only_fields = fields


class TriedSerializer(serializers.Serializer[Any]):
    """An example, by its place in the list that was given."""

    fits = serializers.BooleanField()
    wanted = serializers.BooleanField(help_text="Whether it was given as one that must fit.")


class ReachSerializer(serializers.Serializer[Any]):
    """Stored columns that would be reached, as far as names and shapes tell."""

    by_name = serializers.IntegerField()
    by_shape = serializers.IntegerField()
    tables_read = serializers.IntegerField()
    tables = serializers.IntegerField()
    labels = serializers.SerializerMethodField()

    @extend_schema(responses=LabelSerializer(many=True))
    def get_labels(self, reach: Any) -> list[Any]:
        """Some of them."""
        rows = [each.label for each in reach.shown]
        return list(LabelSerializer(rows, many=True).data)


class TrialSerializer(serializers.Serializer[Any]):
    """What a definition makes of its examples and of what is stored."""

    right = serializers.BooleanField(help_text="Whether every example is told as it should be.")
    tried = TriedSerializer(many=True)
    reach = ReachSerializer()


class RestoreSerializer(serializers.Serializer[Any]):
    """Which version."""

    version = serializers.IntegerField(min_value=1)


class CsvParser(BaseParser):
    """A CSV file as the body."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[Any], media_type: Any = None, parser_context: Any = None
    ) -> dict[str, bytes]:
        """The bytes as they came."""
        return {"csv": stream.read()}


def _read(values: dict[str, Any]) -> tuple[Definition, Examples]:
    texts = {name: tuple(values.pop(name)) for name in ("patterns", "words", "names")}
    examples = {name: tuple(values.pop(name)) for name in ("fitting", "others")}
    return Definition(**texts, least=values.pop("least")), Examples(**examples)


class _StewardView(APIView):
    """Doors for stewards of the whole installation: what they read here may be secret."""

    def _user(self) -> User:
        return cast("User", self.request.user)

    def _get(self, public_id: uuid.UUID) -> OwnType:
        own = get_own_type(user=self._user(), public_id=public_id)
        rbac.require(self._user(), Action.DECIDE_LABELS, None)
        return own

    def _validate(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        wanted = kind(data=self.request.data)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)


class RecognisedTypesView(_StewardView):
    """Types made of what values look like."""

    @extend_schema(
        operation_id="own_types_create_recognised",
        summary="Make a type of patterns, words or names",
        request=RecognisedTypeSerializer,
        responses={201: OwnTypeSerializer},
    )
    def post(self, request: Request) -> Response:
        """Agents look for it from the next discovery on."""
        values = self._validate(RecognisedTypeSerializer)
        definition, examples = _read(values)
        made = services.make_recognised_type(
            user=self._user(), definition=definition, examples=examples, **values
        )
        return Response(OwnTypeSerializer(made).data, status=status.HTTP_201_CREATED)


class TrialView(_StewardView):
    """Trying a definition."""

    @extend_schema(
        operation_id="own_types_try",
        summary="Try patterns, words and names before saving them",
        request=DefinitionSerializer,
        responses=TrialSerializer,
    )
    def post(self, request: Request) -> Response:
        """Nothing is kept."""
        rbac.require(self._user(), Action.DECIDE_LABELS, None)
        definition, examples = _read(self._validate(DefinitionSerializer))
        tidied = check_definition(definition)
        tried = try_examples(tidied, examples)
        reach = preview_reach(user=self._user(), definition=tidied, fitting=examples.fitting)
        told = {"right": all(e.right for e in tried), "tried": tried, "reach": reach}
        return Response(TrialSerializer(told).data)


class RecogniserView(_StewardView):
    """What one type looks like."""

    @extend_schema(
        operation_id="recognisers_get",
        summary="What an own type looks like",
        responses=RecogniserSerializer,
    )
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """The version in force."""
        found = find_recogniser(self._get(public_id))
        if found is None:
            raise NotThere
        return Response(RecogniserSerializer(found).data)

    @extend_schema(
        operation_id="recognisers_put",
        summary="Say anew what an own type looks like",
        request=DefinitionSerializer,
        responses=RecogniserSerializer,
    )
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """The version before stays and can be restored."""
        own = self._get(public_id)
        definition, examples = _read(self._validate(DefinitionSerializer))
        made = services.save_recogniser(
            own=own, user=self._user(), definition=definition, examples=examples
        )
        return Response(RecogniserSerializer(made).data)

    @extend_schema(
        operation_id="recognisers_take_back", summary="Look for an own type no more", responses=None
    )
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Its versions stay and can be restored."""
        services.take_back_recogniser(own=self._get(public_id), user=self._user())
        return Response(status=status.HTTP_204_NO_CONTENT)


class VersionsView(_StewardView):
    """Versions of what a type looks like."""

    @extend_schema(
        operation_id="recogniser_versions_list",
        summary="Kept versions, the newest first",
        responses=RecogniserSerializer(many=True),
    )
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """At most twenty are kept."""
        rows = list_recognisers(self._get(public_id))
        return Response(RecogniserSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="recogniser_versions_restore",
        summary="Put an earlier version in force again",
        request=RestoreSerializer,
        responses=RecogniserSerializer,
    )
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """It becomes the newest version."""
        own = self._get(public_id)
        version = self._validate(RestoreSerializer)["version"]
        made = services.restore_recogniser(own=own, user=self._user(), version=version)
        return Response(RecogniserSerializer(made).data)


class WordsView(_StewardView):
    """The list of words of a type, as a CSV file."""

    parser_classes = [CsvParser]

    @extend_schema(
        operation_id="recogniser_words_get",
        summary="The words of an own type as CSV",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, public_id: uuid.UUID) -> HttpResponseBase:
        """One column, `word`."""
        own = self._get(public_id)
        found = find_recogniser(own)
        words = found.words if found else []
        return answer_csv(request.user, own.name, (WORD_HEAD,), ([word] for word in words))

    @extend_schema(
        operation_id="recogniser_words_put",
        summary="Replace the words of an own type by those of a CSV file",
        request={"text/csv": OpenApiTypes.STR},
        responses=RecogniserSerializer,
    )
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """Its patterns stay."""
        own = self._get(public_id)
        sent = cast("dict[str, bytes]", request.data)
        words = read_word_file(sent.get("csv", b""))
        made = services.replace_words(own=own, user=self._user(), words=words)
        return Response(RecogniserSerializer(made).data)
