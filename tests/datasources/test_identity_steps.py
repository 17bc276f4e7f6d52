"""Whatever happens to an honest agent it is let in; whatever its copy does both are refused."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.datasources.models import Agent, SpentChallenge
from apps.datasources.types import RevokedBecause
from datawave_edge.access import SignedAccess
from datawave_edge.transport import AccessRefused, ServerUnavailable

from .edge import Edge, enrol_new

_numbers = itertools.count()
SLOWLY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Story:
    """An agent, its server, and what may befall them."""

    def __init__(self, folder: Path) -> None:
        # The cache counts calls, and this agent lives through weeks within a second.
        cache.clear()
        self.edge = enrol_new(folder, f"agent {next(_numbers)}")
        self.back_up()

    def beat(self) -> None:
        """A sign of life, with another token when the first is not known any more."""
        cache.clear()
        if self.edge.beat() == 401:
            self.edge.access.renew(self.edge.access.token())
            assert self.edge.beat() == 200

    def refresh(self) -> None:
        cache.clear()
        self.edge.access.refresh()

    def rotate(self) -> None:
        cache.clear()
        # A server that is set back to before two of these knows neither key: such an agent enrols
        # again.
        if self.rotated:
            self.back_up()
        self.rotated = True
        self.edge.access.rotate()

    def lose(self, path: str, act: Callable[[], None]) -> None:
        self.edge.lose_answer_of = path
        with contextlib.suppress(ServerUnavailable):
            act()

    def lose_challenge(self) -> None:
        self.lose("/challenge", self.refresh)

    def lose_token(self) -> None:
        self.lose("/token", self.refresh)

    def lose_rotation(self) -> None:
        self.lose("/rotate", self.rotate)
        self.edge.lose_answer_of = ""
        self.refresh()

    def restart(self) -> None:
        self.edge.restart()

    def look(self) -> None:
        """Another process on the same directory, as `datawave-edge doctor` is."""
        cache.clear()
        SignedAccess(self.edge.directory, self.edge._post).refresh()

    def back_up(self) -> None:
        self.backup = Agent.objects.filter(pk=self.edge.agent.pk).values().get()
        self.spent = set(SpentChallenge.objects.values_list("pk", flat=True))
        self.rotated = False

    def restore(self) -> None:
        Agent.objects.filter(pk=self.backup["id"]).update(**self.backup)
        later = SpentChallenge.objects.filter(agent=self.backup["id"]).exclude(pk__in=self.spent)
        later.delete()
        # What came after may be known to the agent alone now.
        self.rotated = True


STEPS = [
    "beat", "refresh", "rotate", "lose_challenge", "lose_token", "lose_rotation", "restart", "look",
    "back_up", "restore",
]  # fmt: skip


@pytest.mark.django_db
@SLOWLY
@given(steps=st.lists(st.sampled_from(STEPS), max_size=14))
def test_honest_agent_is_let_in_whatever_happens(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder) / "edge")
        for step in steps:
            getattr(story, step)()
        story.beat()
        assert story.edge.agent.revoked_at is None


@pytest.mark.django_db
@SLOWLY
@given(
    before=st.lists(st.sampled_from(["beat", "refresh", "rotate", "lose_token"]), max_size=5),
    order=st.permutations(["own"] * 3 + ["copy"] * 3),
)
@example(before=["lose_token"], order=["copy"] * 3 + ["own"] * 3)
def test_copy_is_noticed_whoever_comes_first(before: list[str], order: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder) / "edge")
        for step in before:
            getattr(story, step)()
        both: dict[str, Edge] = {"own": story.edge}
        both["copy"] = story.edge.copy_to(Path(folder) / "copy")
        # The one that was overtaken learns of it when it is heard of again. Where an answer was
        # lost before, the first step of both is the same one, and they part with the next.
        for turn in [*order, *("own", "copy") * 2]:
            story.edge = both[turn]
            with contextlib.suppress(AccessRefused):
                story.beat()
        assert story.edge.agent.revoked_because == RevokedBecause.COPIED
        for edge in both.values():
            story.edge = edge
            with pytest.raises(AccessRefused, match="agent_revoked"):
                story.beat()
