"""Forms of schedules, blackout windows, freshness and limits; services judge the values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from datawave.common.errors import InputInvalid

from .models import Schedule
from .timing import DAY_NAMES, INTERVALS, list_zones
from .types import Priority, ScheduleKind

OTHER = "Another interval"


def _list_zones() -> list[tuple[str, str]]:
    return [(name, name) for name in list_zones()]


def name_zone() -> str:
    """The viewer's own time zone."""
    return timezone.get_current_timezone_name()


class ProblemForm(forms.Form):
    """A form that shows what a service refuses at the field that is to blame."""

    def add_problem(self, error: InputInvalid) -> None:
        """Show the refusal."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


class ScheduleForm(ProblemForm):
    """When a source is to be discovered by itself."""

    kind = forms.ChoiceField(choices=ScheduleKind.choices, widget=forms.RadioSelect)
    cron = forms.CharField(required=False, max_length=100, label="Cron expression")
    every_minutes = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label="Interval"
    )
    time_zone = forms.ChoiceField(choices=_list_zones, label="Time zone")
    debounce_seconds = forms.IntegerField(
        required=False, min_value=0, initial=60, label="Wait after a change, in seconds"
    )
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, label="Priority")

    def __init__(self, data: Any = None, *, schedule: Schedule | None = None) -> None:
        """Filled with the schedule's values, else with what most people want."""
        names = ("kind", "cron", "every_minutes", "time_zone", "priority", "debounce_seconds")
        initial: dict[str, Any] = {
            "kind": ScheduleKind.CRON,
            "cron": "30 2 * * *",
            "every_minutes": 1_440,
            "time_zone": name_zone(),
            "priority": Priority.NORMAL,
        }
        if schedule is not None:
            initial = {name: getattr(schedule, name) for name in names}
        super().__init__(data, initial=initial)
        choices = dict(INTERVALS)
        if schedule is not None and schedule.every_minutes:
            choices.setdefault(schedule.every_minutes, f"Every {schedule.every_minutes} minutes")
        self.fields["every_minutes"].choices = list(choices.items())  # type: ignore[attr-defined]  # a field with choices


class BlackoutForm(ProblemForm):
    """Hours in which no discovery begins."""

    name = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    days = forms.TypedMultipleChoiceField(
        choices=list(enumerate(DAY_NAMES)),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    begins = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}))
    time_zone = forms.ChoiceField(choices=_list_zones, label="Time zone")


class FreshnessForm(ProblemForm):
    """How old the knowledge of a source may grow; empty takes the objective away."""

    hours = forms.IntegerField(required=False, min_value=1, label="Not older than, in hours")


class LimitsForm(ProblemForm):
    """How many discoveries may go on at once."""

    most_runs = forms.IntegerField(min_value=1, label="In all")
    most_runs_per_agent = forms.IntegerField(min_value=1, label="Per agent")
