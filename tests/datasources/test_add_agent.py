"""`manage.py add_agent`: how an operator gets the token of a remote agent."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from apps.datasources.selectors import find_agent

pytestmark = pytest.mark.django_db


def add(*arguments: str) -> str:
    out = io.StringIO()
    call_command("add_agent", *arguments, stdout=out)
    return out.getvalue().strip()


def test_token_is_the_agents_when_added() -> None:
    agent = find_agent(add("berlin"))
    assert agent is not None
    assert (agent.name, agent.embedded) == ("berlin", False)


def test_old_token_ends_when_renewed() -> None:
    old = add("berlin")
    new = add("berlin", "--renew")
    assert find_agent(old) is None
    assert find_agent(new) is not None


@pytest.mark.parametrize("arguments", [["berlin"], ["a/b"], ["rome", "--renew"]])
def test_reason_is_told_when_refused(arguments: list[str]) -> None:
    add("berlin")
    with pytest.raises(CommandError, match=r"name|letters"):
        add(*arguments)
