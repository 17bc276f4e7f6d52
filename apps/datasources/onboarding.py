"""What to run on an agent's host, ready to paste."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from datawave_edge.connectors.capabilities import DECLARED

from .models import EnrolmentCode
from .types import Engine

EXTRAS = {Engine(each.engine): each.extra for each in DECLARED.values() if each.extra}
# For an agent that is not yet to serve any source.
USUAL = [EXTRAS[Engine.MYSQL], EXTRAS[Engine.POSTGRESQL]]
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Step:
    """One command and what it does."""

    title: str
    command: str


def describe_steps(*, code: EnrolmentCode, secret: str, server: str) -> list[Step]:
    """From nothing to a running agent."""
    parts = urlsplit(server)
    # An agent speaks plain HTTP to its own host alone, unless it is told to.
    is_open = parts.scheme == "http" and not is_local(server)
    plain = "DATAWAVE_ALLOW_HTTP=1 " if is_open else ""
    return [
        Step("Install it", f'pip install "datawave-edge[{",".join(_list_extras(code))}]"'),
        Step("Enrol it", f"{plain}datawave-edge enroll {server.rstrip('/')} {secret}"),
        Step("Start it", f"{plain}datawave-edge run"),
        Step("Or have systemd start it", f"{plain}datawave-edge service"),
    ]


def is_local(server: str) -> bool:
    """Whether only an agent on the server's own host finds this address."""
    return urlsplit(server).hostname in LOOPBACK


def _list_extras(code: EnrolmentCode) -> list[str]:
    sources = list(code.sources.all())
    if code.agent is not None:
        sources += [*code.agent.sources.all(), *code.agent.shared_sources.all()]
    needed = {EXTRAS[Engine(each.engine)] for each in sources if each.engine in EXTRAS}
    return sorted(needed) or USUAL
