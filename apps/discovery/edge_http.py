"""What every door for agents does: knows the agent, bounds the body, answers in the protocol."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

import msgspec
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.datasources import services as datasources
from datawave.common.correlation import request_id
from datawave.common.errors import DataWaveError
from datawave.common.rates import require_rate
from datawave_edge.protocol import (
    CAPABILITIES,
    LOWEST_VERSION,
    MAX_PACKED_BYTES,
    PROTOCOL_VERSION,
    SERVED_MAJORS,
    BatchRejected,
    decode_message,
    encode_message,
    is_newer,
    parse_version,
)

from .pressure import recall_pause, tell_pace

if TYPE_CHECKING:
    from apps.datasources.models import Agent

logger = logging.getLogger(__name__)
P = ParamSpec("P")
MessageT = TypeVar("MessageT", bound=msgspec.Struct)
Door = Callable[Concatenate[HttpRequest, "Agent", P], msgspec.Struct | None]

RETRY_SECONDS = {425: 1, 429: 2, 503: 2}


class TokenUnknown(DataWaveError):
    """No agent has this token, or no longer. Ask for another, else enrol the agent again."""

    status = 401


class BodyTooLarge(DataWaveError):
    """The body is larger than 1 MiB."""

    status = 413


class ProtocolMalformed(DataWaveError):
    """The header DataWave-Edge must be a version such as 1.0."""


class ProtocolUnsupported(DataWaveError):
    """This server does not speak the agent's version of the protocol."""

    status = 426


class CapabilityUnknown(DataWaveError):
    """The agent needs something that this server can't do."""

    status = 426


class DatabaseBusy(DataWaveError):
    """The server's database is busy; send the same again."""

    status = 503
    retry: ClassVar[bool] = True


def edge_door(
    method: str, *, calls: int = 40, seconds: int = 2
) -> Callable[[Door[P]], Callable[..., HttpResponse]]:
    """Make a view of a function that is given the request and its agent.

    An agent may call it so many times in so many seconds.
    """

    def decorate(door: Door[P]) -> Callable[..., HttpResponse]:
        def call(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> msgspec.Struct | None:
            agent = identify(request)
            key = f"edge:{door.__name__}:{agent.public_id}"
            require_rate(key, calls=calls, seconds=seconds)
            return door(request, agent, *args, **kwargs)

        @functools.wraps(door)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return answer(lambda: call(request, *args, **kwargs))

        return csrf_exempt(require_http_methods([method])(view))

    return decorate


def paced(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a door tell with what it takes how fast more may come."""

    @functools.wraps(view)
    def tell(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        return tell_pace(response) if response.status_code == HTTPStatus.OK else response

    return tell


def open_door(
    *, calls: int, seconds: int
) -> Callable[[Callable[[HttpRequest], msgspec.Struct]], Callable[..., HttpResponse]]:
    """Make a view of a function for callers that have no token yet.

    An address may call it so many times in so many seconds.
    """

    def decorate(door: Callable[[HttpRequest], msgspec.Struct]) -> Callable[..., HttpResponse]:
        def call(request: HttpRequest) -> msgspec.Struct:
            require_rate(
                f"edge:{door.__name__}:{address_of(request)}", calls=calls, seconds=seconds
            )
            require_version(request)
            return door(request)

        @functools.wraps(door)
        def view(request: HttpRequest) -> HttpResponse:
            return answer(lambda: call(request))

        return csrf_exempt(require_http_methods(["POST"])(view))

    return decorate


def address_of(request: HttpRequest) -> str:
    """Where the caller's connection comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def answer(work: Callable[[], msgspec.Struct | None]) -> HttpResponse:
    """The answer of a door, or its error as problem+json."""
    try:
        return render(work())
    except (DataWaveError, BatchRejected) as error:
        return refuse(error)
    except DatabaseError as error:
        # The text may hold names of the source; its kind says enough.
        logger.warning("The database refused an agent's request: %s", type(error).__name__)
        return refuse(DatabaseBusy())


def identify(request: HttpRequest) -> Agent:
    """The agent that calls.

    Raises TokenUnknown, TokenExpired, AgentRevoked or ProtocolUnsupported.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    agent = datasources.authenticate_agent(token.strip()) if scheme.lower() == "bearer" else None
    if agent is None:
        raise TokenUnknown
    require_version(request)
    datasources.note_seen(agent=agent)
    return agent


def require_version(request: HttpRequest) -> None:
    """Raises ProtocolMalformed, or ProtocolUnsupported for a major version that is not served."""
    version = parse_version(version_of(request))
    if version is None:
        raise ProtocolMalformed
    if version[0] not in SERVED_MAJORS:
        older = version[0] < SERVED_MAJORS[0]
        hint = "Update the agent" if older else "Update the server"
        raise ProtocolUnsupported(hint=f"{hint}: it speaks {LOWEST_VERSION} to {PROTOCOL_VERSION}.")


def require_capabilities(needs: Sequence[str]) -> None:
    """Raises CapabilityUnknown naming what lacks."""
    if unknown := sorted(set(needs) - set(CAPABILITIES)):
        raise CapabilityUnknown(
            f"The agent needs {', '.join(unknown)}, which this server can't do.",
            hint="Update the server.",
        )


def is_from_newer(request: HttpRequest) -> bool:
    """Whether the agent may use optional fields that this server does not know."""
    return is_newer(version_of(request))


def version_of(request: HttpRequest) -> str:
    """The version of the protocol that the agent speaks."""
    return request.headers.get("DataWave-Edge", PROTOCOL_VERSION).strip()


def read_body(request: HttpRequest) -> bytes:
    """The body, cut off at the limit of the protocol. Raises BodyTooLarge."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_PACKED_BYTES:
        raise BodyTooLarge
    # A chunked body says no length, so it is read no further than the limit.
    raw = request.read(MAX_PACKED_BYTES + 1)
    if len(raw) > MAX_PACKED_BYTES:
        raise BodyTooLarge
    return raw


def read_message(request: HttpRequest, kind: type[MessageT]) -> MessageT:
    """The message in the body. Raises BatchRejected naming the field."""
    return decode_message(read_body(request), kind, newer=is_from_newer(request))


def render(message: msgspec.Struct | None) -> HttpResponse:
    """A message as JSON; 204 when there is nothing to say."""
    if message is None:
        nothing = HttpResponse(status=204)
        # Django names every answer's type, which here would tell of a page.
        del nothing.headers["Content-Type"]
        return _never_stored(nothing)
    return _never_stored(HttpResponse(encode_message(message), content_type="application/json"))


def refuse(error: DataWaveError | BatchRejected) -> HttpResponse:
    """An error as problem+json with its code."""
    body = {
        "type": "about:blank",
        "title": "Refused",
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        "request_id": request_id.get(),
    }
    if hint := getattr(error, "hint", ""):
        body["hint"] = hint
    response = HttpResponse(
        json.dumps(body), status=error.status, content_type="application/problem+json"
    )
    if error.status in RETRY_SECONDS:
        response["Retry-After"] = str(max(RETRY_SECONDS[error.status], recall_pause()))
    return _never_stored(response)


def _never_stored(response: HttpResponse) -> HttpResponse:
    response["DataWave-Edge"] = PROTOCOL_VERSION
    if response.status_code == ProtocolUnsupported.status:
        response["Upgrade"] = f"DataWave-Edge/{PROTOCOL_VERSION}"
        response["DataWave-Edge-Lowest"] = LOWEST_VERSION
    response["Cache-Control"] = "no-store"
    return response
