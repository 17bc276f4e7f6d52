"""The form of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from .connection import LIMITS, SourceInvalid
from .models import Agent, DataSource
from .selectors import list_visible_agents
from .types import ENGINES, Engine, Environment, Tls

if TYPE_CHECKING:
    from apps.rbac.models import User


RECOMMENDED = "Recommended: certificate checked, on the agent’s own host if offered"


class SourceForm(forms.Form):
    """Fields of a source. Whether they fit together is the service's to say."""

    engine = forms.ChoiceField(choices=Engine.choices, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=100,
        help_text="As people shall know it, such as CRM.",
        error_messages={"required": "Give the source a name."},
    )
    dialect = forms.CharField(required=False, max_length=64)
    host = forms.CharField(
        required=False, max_length=255, help_text="Name or IP address of the database server."
    )
    port = forms.IntegerField(required=False, min_value=1, max_value=65_535)
    database = forms.CharField(required=False, max_length=1_000, strip=False)
    username = forms.CharField(
        required=False,
        max_length=200,
        label="User",
        help_text="One that may only read is enough, and best.",
    )
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown again.",
    )
    clear_password = forms.BooleanField(required=False, label="Forget the stored password")
    secret_ref = forms.CharField(
        required=False,
        max_length=200,
        label="Password kept by the agent",
        help_text="env:NAME, file:NAME or helper:NAME on the agent's host, instead of a password"
        " stored here.",
    )
    tls = forms.ChoiceField(
        choices=[("", RECOMMENDED), *Tls.choices], required=False, label="Encryption"
    )
    agent = forms.ModelChoiceField(
        Agent.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label="This server's own agent",
        help_text="The one that can reach the database.",
    )
    environment = forms.ChoiceField(
        choices=Environment.choices, initial=Environment.PRODUCTION, required=False
    )
    region = forms.CharField(
        required=False,
        max_length=40,
        help_text="Country or cloud region where the data lies, such as DE or eu-west-1.",
    )
    include = forms.CharField(
        required=False,
        strip=False,
        label="Only these tables",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Patterns such as sales.*, one a line. Empty means all.",
    )
    exclude = forms.CharField(
        required=False,
        strip=False,
        label="Never these tables",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Patterns such as *.tmp_*, one a line.",
    )
    counting_seconds = forms.IntegerField(
        required=False, min_value=0, max_value=LIMITS["counting_seconds"], initial=300
    )
    run_minutes = forms.IntegerField(
        required=False, min_value=0, max_value=LIMITS["run_minutes"], initial=0
    )
    description = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        user: User,
        engine: Engine,
        source: DataSource | None = None,
    ) -> None:
        """All fields are there for every engine; the page shows those that the chosen one has."""
        initial = describe_source(source) if source else {}
        super().__init__(data, initial={**initial, "engine": engine.value})
        spec = ENGINES[engine]
        self.needs_host, self.needs_dialect = spec.needs_host, spec.needs_dialect
        self.fields["database"].required = spec.database_required
        place = spec.database_label.lower()
        what = "name of the database" if spec.needs_host else f"path of the {place}"
        self.fields["database"].error_messages["required"] = f"Give the {what}."
        self._fill_agents(user)
        tls = self.fields["tls"]
        assert isinstance(tls, forms.ChoiceField)  # noqa: S101  # declared above
        # What was once chosen stays until somebody chooses otherwise.
        tls.choices = Tls.choices if source else tls.choices
        if source is None or not source.password:
            del self.fields["clear_password"]
        else:
            self.fields["password"].help_text = "Leave empty to keep the stored one."

    def _fill_agents(self, user: User) -> None:
        agents = self.fields["agent"]
        assert isinstance(agents, forms.ModelChoiceField)  # noqa: S101  # declared above
        agents.queryset = list_visible_agents(user).filter(embedded=False, revoked_at=None)

    def get_values(self) -> dict[str, Any]:
        """What to give the service; what the engine has no use for is emptied."""
        values = dict(self.cleaned_data)
        for name in LIMITS:
            values[name] = self.fields[name].initial if values[name] is None else values[name]
        if not self.needs_host:
            values |= {"host": "", "port": None, "username": "", "secret_ref": "", "tls": ""}
            values |= {"password": "", "clear_password": True}
        if not self.needs_dialect:
            values["dialect"] = ""
        if "clear_password" not in self.fields:
            values.pop("clear_password", None)
        values["environment"] = values["environment"] or Environment.PRODUCTION
        return values

    def add_problems(self, error: SourceInvalid) -> None:
        """Show each refusal of the service at its field."""
        for name, message in error.problems.items():
            self.add_error(name if name in self.fields else None, message)


def describe_source(source: DataSource) -> dict[str, Any]:
    """The source as the form's first values; never its password."""
    names = [name for name in SourceForm.base_fields if name not in ("password", "clear_password")]
    values = {name: getattr(source, name) for name in names}
    return {**values, "agent": source.agent.public_id if source.agent else None}
