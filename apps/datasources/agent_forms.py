"""The form of an enrolment code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from apps.rbac.types import Action

from .models import DataSource
from .selectors import list_permitted_sources

if TYPE_CHECKING:
    from apps.rbac.models import User

LIVES = ((15, "15 minutes"), (60, "1 hour"), (480, "8 hours"), (1_440, "1 day"))


class CodeForm(forms.Form):
    """What a new code is bound to."""

    name = forms.CharField(
        max_length=100,
        label="Name of the agent",
        help_text="Such as edge-berlin-1.",
        error_messages={"required": "Give the agent a name."},
    )
    minutes = forms.TypedChoiceField(
        choices=LIVES, coerce=int, initial=60, label="The code works for"
    )
    sources = forms.ModelMultipleChoiceField(
        DataSource.objects.none(),
        required=False,
        to_field_name="public_id",
        label="Sources that it will serve",
        help_text="Can be chosen later too.",
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        sources = self.fields["sources"]
        assert isinstance(sources, forms.ModelMultipleChoiceField)  # noqa: S101  # declared above
        sources.queryset = list_permitted_sources(user, Action.MANAGE)
