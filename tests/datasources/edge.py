"""The agent's real code for its identity, wired to the server's real doors within this process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from apps.datasources import services
from apps.datasources.models import Agent
from datawave_edge import __version__
from datawave_edge.access import SignedAccess
from datawave_edge.identity import IdentityFile, make_identity, public_key_of, sign
from datawave_edge.protocol import (
    PROTOCOL_VERSION,
    Heartbeat,
    encode_message,
)
from datawave_edge.protocol.identity import EnrolRequest, Grant, enrolment_claim
from datawave_edge.transport import (
    AccessRefused,
    Reply,
    RequestRefused,
    ServerUnavailable,
    decode_reply,
)

API = "/api/edge/v1"


def post(path: str, body: bytes, **headers: str) -> Any:
    """A request as an agent makes it."""
    return Client().post(
        f"{API}{path}", body, content_type="application/json", headers=headers or None
    )


def post_open(path: str, body: bytes) -> Reply:
    """The same, with the answer's status told as the agent's transport tells it."""
    answer = post(path, body)
    if answer.status_code == 200:
        return Reply(answer.content, PROTOCOL_VERSION)
    code = json.loads(answer.content)["code"]
    if answer.status_code in (401, 403):
        raise AccessRefused(code)
    if answer.status_code in (429, 503):
        raise ServerUnavailable(code)
    raise RequestRefused(answer.status_code, code)


class Edge:
    """One directory of an agent, and the process that uses it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = IdentityFile(directory)
        self.restart()

    def restart(self) -> None:
        """Lose all that was in memory."""
        self.access = SignedAccess(self.directory, self._post)
        self.sent: list[tuple[str, bytes]] = []
        # Called before and after a request; may raise as a broken network does.
        self.lose_answer_of = ""

    def _post(self, path: str, body: bytes) -> Reply:
        self.sent.append((path, body))
        answer = post_open(path, body)
        if path == self.lose_answer_of:
            self.lose_answer_of = ""
            raise ServerUnavailable("cut")
        return answer

    def enrol(self, code: str) -> Grant:
        """Use a code as `datawave-edge enroll` does."""
        identity = make_identity("http://localhost")
        grant = decode_reply(post_open("/enrol", encode_message(ask_for(code, identity))), Grant)
        identity.agent, identity.name = grant.agent, grant.name
        self.file.save(identity)
        return grant

    def copy_to(self, directory: Path) -> Edge:
        """Another host with a copy of this one's directory."""
        shutil.copytree(self.directory, directory)
        return Edge(directory)

    def beat(self) -> int:
        """Status of a heartbeat with the token that is at hand."""
        told = Heartbeat(
            version=__version__,
            protocol=PROTOCOL_VERSION,
            agent_time=timezone.now(),
            host="edge.example.test",
        )
        body = encode_message(told)
        token = self.access.token()
        status: int = post("/heartbeat", body, Authorization=f"Bearer {token}").status_code
        return status

    @property
    def agent(self) -> Agent:
        """The server's row."""
        return Agent.objects.get(public_id=self.file.get().agent)


def ask_for(secret: str, identity: Any, **changes: str) -> EnrolRequest:
    """A request to enrol, signed."""
    public_key = public_key_of(identity.key)
    claim = enrolment_claim(secret, public_key, identity.link)
    fields = {
        "code": secret,
        "public_key": public_key,
        "link": identity.link,
        "signature": sign(identity.key, claim),
        "version": "1.0",
        "host": "edge.example.test",
        **changes,
    }
    return EnrolRequest(**fields)


def enrol_new(directory: Path, name: str = "site 1", **options: Any) -> Edge:
    """An agent that was let in by a code of the command line."""
    edge = Edge(directory)
    edge.enrol(services.make_code(name=name, **options)[1])
    return edge
