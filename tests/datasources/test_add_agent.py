"""`manage.py add_agent`: how an operator's script gets a code for a remote agent."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.datasources.models import EnrolmentCode

from .edge import Edge

pytestmark = pytest.mark.django_db


def add(*arguments: str) -> str:
    out = io.StringIO()
    call_command("add_agent", *arguments, stdout=out)
    return out.getvalue().strip()


def test_code_lets_the_agent_in_when_added(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    assert edge.enrol(add("berlin", "--minutes", "5")).name == "berlin"
    assert edge.beat() == 200


def test_agent_enrols_again_when_renewed(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    edge.enrol(add("berlin"))
    agent = edge.agent
    edge.enrol(add("berlin", "--renew"))
    assert edge.agent == agent
    assert edge.beat() == 200


@pytest.mark.parametrize(
    "arguments", [["berlin"], ["a/b"], ["rome", "--renew"], ["rome", "--minutes", "0"]]
)
def test_reason_is_told_when_refused(arguments: list[str]) -> None:
    add("berlin")
    with pytest.raises(CommandError, match=r"name|letters|minutes"):
        add(*arguments)
    assert EnrolmentCode.objects.count() == 1
