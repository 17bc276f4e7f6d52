"""Tokens for those who prove who they are; copies and replays end an identity."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from django.core import mail, signing
from django.test import Client
from django.utils import timezone

from apps.datasources import keys, services
from apps.datasources.models import Agent, SpentChallenge
from apps.datasources.types import AgentWish, RevokedBecause
from apps.notifications.models import Notice
from apps.rbac.models import AuditEntry
from datawave_edge.identity import make_identity, make_key, public_key_of, sign
from datawave_edge.protocol import encode_message
from datawave_edge.protocol.identity import (
    ChallengeRequest,
    RotateRequest,
    TokenRequest,
    rotation_claim,
    token_claim,
)
from datawave_edge.transport import AccessRefused, RequestRefused, ServerUnavailable
from tests.people import People

from .edge import Edge, enrol_new, post, post_open


@pytest.fixture
def edge(db: None, tmp_path: Path) -> Edge:
    return enrol_new(tmp_path / "edge")


def answer_of(edge: Edge, **changes: str) -> TokenRequest:
    """A signed answer to a fresh challenge, whose fields may be set after it was signed."""
    identity = edge.file.get()
    nonce = changes.pop("nonce", "") or keys.make_challenge(identity.agent)
    following = changes.pop("next_link", "following")
    claim = token_claim(identity.agent, nonce, identity.link, following)
    fields = {
        "agent": identity.agent,
        "nonce": nonce,
        "link": identity.link,
        "next_link": following,
        "signature": sign(identity.key, claim),
        **changes,
    }
    return TokenRequest(**fields)


def send(asked: TokenRequest) -> tuple[int, str]:
    answer = post("/token", encode_message(asked))
    return answer.status_code, answer.json().get("code", "")


def test_it_works(edge: Edge) -> None:
    first = edge.access.token()
    assert edge.access.token() == first
    edge.access.refresh()
    second = edge.access.token()
    assert services.authenticate_agent(first) is None
    assert services.authenticate_agent(second) == edge.agent
    assert edge.beat() == 200


def test_token_holds_no_longer_when_a_wrong_clock_gave_it(edge: Edge) -> None:
    token = edge.access.token()
    Agent.objects.update(token_expires_at=timezone.now() + dt.timedelta(days=1, minutes=15))
    with pytest.raises(services.TokenExpired):
        services.authenticate_agent(token)


def test_token_ends_by_the_servers_clock(edge: Edge) -> None:
    token = edge.access.token()
    lived = edge.agent.token_expires_at
    assert lived is not None
    assert dt.timedelta(minutes=14) < lived - timezone.now() <= dt.timedelta(minutes=15)
    Agent.objects.update(token_expires_at=timezone.now())
    answer = post("/heartbeat", b"{}", Authorization=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")
    edge.access.renew(token)
    assert edge.beat() == 200


@pytest.mark.parametrize("hours", [24, -24, 0.5])
def test_token_lives_as_long_when_the_agents_clock_is_off(edge: Edge, hours: float) -> None:
    token, before = edge.access.token(), edge.agent.token_expires_at
    for jump in (hours, 0, hours, -hours):
        told = (timezone.now() + dt.timedelta(hours=jump)).isoformat()
        body = f'{{"version":"1","protocol":"1.0","agent_time":"{told}"}}'.encode()
        assert post("/heartbeat", body, Authorization=f"Bearer {token}").status_code == 200
    agent = edge.agent
    assert agent.token_expires_at == before
    assert agent.clock_skew_seconds == pytest.approx(hours * 3600, abs=60)
    assert agent.is_clock_off
    edge.access.refresh()
    assert edge.beat() == 200


def test_agent_is_revoked_and_told_of_when_an_answer_is_sent_again(
    edge: Edge, people: People, django_capture_on_commit_callbacks: object
) -> None:
    asked = answer_of(edge)
    assert send(asked) == (200, "")
    with django_capture_on_commit_callbacks(execute=True):
        assert send(asked) == (401, "agent_revoked")
    assert edge.agent.revoked_because == RevokedBecause.REPLAYED
    notice = Notice.objects.get(user=people.ada)
    assert "copied" in notice.title
    assert str(edge.agent.public_id) in notice.url
    assert not Notice.objects.exclude(user=people.ada).exists()
    entry = AuditEntry.objects.filter(action="agent_revoked").get()
    assert entry.detail["because"] == RevokedBecause.REPLAYED.label
    assert len(mail.outbox) <= 1


def test_both_are_refused_when_an_identity_is_used_in_two_places(
    edge: Edge, tmp_path: Path
) -> None:
    copy = edge.copy_to(tmp_path / "copy")
    assert edge.beat() == 200
    with pytest.raises(AccessRefused, match="agent_revoked"):
        copy.beat()
    assert edge.agent.revoked_because == RevokedBecause.COPIED
    assert edge.beat() == 401
    with pytest.raises(AccessRefused, match="agent_revoked"):
        edge.access.refresh()


def test_both_are_refused_when_the_copy_comes_first(edge: Edge, tmp_path: Path) -> None:
    edge.access.token()
    copy = edge.copy_to(tmp_path / "copy")
    assert copy.beat() == 200
    assert edge.beat() == 401
    with pytest.raises(AccessRefused, match="agent_revoked"):
        edge.access.refresh()
    assert copy.beat() == 401


def test_agent_goes_on_when_the_answer_was_lost(edge: Edge) -> None:
    edge.lose_answer_of = "/token"
    with pytest.raises(ServerUnavailable):
        edge.access.token()
    edge.restart()
    assert edge.beat() == 200
    assert edge.agent.revoked_at is None


def test_agent_goes_on_when_it_was_restarted(edge: Edge) -> None:
    for _ in range(3):
        edge.access.refresh()
        edge.restart()
    assert edge.beat() == 200


def test_agent_goes_on_when_the_server_is_back_from_a_backup(edge: Edge) -> None:
    edge.access.token()
    backup = Agent.objects.values().get()
    spent = list(SpentChallenge.objects.values_list("pk", flat=True))
    for _ in range(3):
        edge.access.refresh()
    Agent.objects.update(**backup)
    SpentChallenge.objects.exclude(pk__in=spent).delete()
    edge.restart()
    assert edge.beat() == 200
    edge.access.refresh()
    assert edge.agent.revoked_at is None


@pytest.mark.parametrize("lost", ["", "/rotate"])
def test_agent_goes_on_when_the_backup_is_from_before_its_new_key(edge: Edge, lost: str) -> None:
    edge.access.token()
    backup = Agent.objects.values().get()
    edge.lose_answer_of = lost
    with contextlib.suppress(ServerUnavailable):
        edge.access.rotate()
    edge.access.refresh()
    assert edge.agent.public_key != backup["public_key"]
    Agent.objects.update(**backup)
    SpentChallenge.objects.all().delete()
    edge.restart()
    assert edge.beat() == 200
    edge.access.rotate()
    assert edge.beat() == 200
    assert edge.agent.public_key not in ("", backup["public_key"])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("signature", "0" * 128, (401, "signature_invalid")),
        ("next_link", "other", (401, "signature_invalid")),
        ("link", "other", (401, "signature_invalid")),
        ("agent", "00000000-0000-4000-8000-000000000000", (401, "agent_unknown")),
        ("agent", "-" * 36, (401, "agent_unknown")),
        ("link", "a b", (422, "schema_invalid")),
    ],
)
def test_nothing_happens_when_the_key_did_not_sign_it(
    edge: Edge, field: str, value: str, told: tuple[int, str]
) -> None:
    asked = answer_of(edge)
    fields = {name: getattr(asked, name) for name in asked.__struct_fields__}
    assert send(TokenRequest(**{**fields, field: value})) == told
    # Sent twice: without the key nobody can have the agent revoked.
    assert send(TokenRequest(**{**fields, field: value})) == told
    assert edge.agent.revoked_at is None
    assert edge.beat() == 200


@pytest.mark.parametrize("maker", ["another agent's", "another server's", "nobody's", "old"])
def test_challenge_is_refused_when_it_is_not_fresh(
    edge: Edge, maker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(edge.agent.public_id)
    nonce = {
        "another agent's": keys.make_challenge("00000000-0000-4000-8000-000000000000"),
        "another server's": signing.TimestampSigner(key="other").sign(f"{own}:x"),
        "nobody's": "nonsense",
        "old": keys.make_challenge(own),
    }[maker]
    if maker == "old":
        monkeypatch.setattr(keys, "CHALLENGE_SECONDS", -1)
    assert send(answer_of(edge, nonce=nonce)) == (409, "challenge_invalid")
    assert edge.agent.revoked_at is None


def test_challenge_tells_nothing_of_whether_there_is_such_an_agent(edge: Edge) -> None:
    stranger = "00000000-0000-4000-8000-000000000000"
    known, unknown = (
        post("/challenge", encode_message(ChallengeRequest(agent=agent)))
        for agent in (edge.file.get().agent, stranger)
    )
    assert known.status_code == unknown.status_code == 200
    assert known.json().keys() == unknown.json().keys()
    assert not SpentChallenge.objects.exists()


def test_revocation_holds_from_the_next_request_on(edge: Edge, people: People) -> None:
    assert edge.beat() == 200
    services.revoke_agent(agent=edge.agent, user=people.ada)
    token = edge.access.token()
    for path in ("/heartbeat", "/work"):
        answer = post(path, b"{}", Authorization=f"Bearer {token}")
        assert (answer.status_code, answer.json()["code"]) == (401, "agent_revoked")
    with pytest.raises(AccessRefused, match="agent_revoked"):
        edge.access.refresh()


def test_refused_agent_asks_nobody_until_it_was_enrolled_again(edge: Edge, people: People) -> None:
    services.revoke_agent(agent=edge.agent, user=people.ada)
    with pytest.raises(AccessRefused):
        edge.access.token()
    asked = len(edge.sent)
    for _ in range(5):
        with pytest.raises(AccessRefused):
            edge.access.token()
    assert len(edge.sent) == asked
    edge.enrol(services.make_code(agent=edge.agent, user=people.ada)[1])
    assert edge.beat() == 200


def test_deleted_agent_is_refused(edge: Edge, people: People) -> None:
    token = edge.access.token()
    services.delete_agent(agent=edge.agent, user=people.ada)
    assert services.authenticate_agent(token) is None
    with pytest.raises(AccessRefused, match="agent_unknown"):
        edge.access.renew(token)


def test_old_key_ends_when_it_was_replaced(edge: Edge) -> None:
    before = edge.file.get()
    edge.access.rotate()
    after = edge.file.get()
    assert after.key != before.key
    assert edge.agent.public_key == public_key_of(after.key)
    assert edge.beat() == 200
    edge.file.save(before)
    edge.restart()
    with pytest.raises(AccessRefused, match="signature_invalid"):
        edge.access.refresh()


@pytest.mark.parametrize("lost", ["/rotate", "/token", "/challenge"])
def test_one_key_is_agreed_on_when_an_answer_to_a_rotation_was_lost(edge: Edge, lost: str) -> None:
    edge.access.token()
    edge.lose_answer_of = lost
    with pytest.raises(ServerUnavailable):
        edge.access.rotate()
    edge.restart()
    assert edge.beat() == 200
    edge.access.rotate()
    assert edge.agent.public_key == public_key_of(edge.file.get().key)
    assert edge.agent.revoked_at is None


@pytest.mark.parametrize("fault", ["old", "new"])
def test_key_stays_when_either_key_did_not_sign(edge: Edge, fault: str) -> None:
    identity, fresh = edge.file.get(), make_key()
    nonce = keys.make_challenge(identity.agent)
    claim = rotation_claim(identity.agent, nonce, public_key_of(fresh))
    signatures = {"old": sign(identity.key, claim), "new": sign(fresh, claim)} | {fault: "0" * 128}
    asked = RotateRequest(
        agent=identity.agent,
        nonce=nonce,
        public_key=public_key_of(fresh),
        signature=signatures["old"],
        proof=signatures["new"],
    )
    with pytest.raises(AccessRefused, match="signature_invalid"):
        post_open("/rotate", encode_message(asked))
    assert edge.agent.public_key == public_key_of(identity.key)
    assert edge.beat() == 200


def test_key_stays_when_the_new_one_is_the_old(edge: Edge) -> None:
    identity = edge.file.get()
    nonce, own = keys.make_challenge(identity.agent), public_key_of(identity.key)
    signature = sign(identity.key, rotation_claim(identity.agent, nonce, own))
    asked = RotateRequest(
        agent=identity.agent, nonce=nonce, public_key=own, signature=signature, proof=signature
    )
    with pytest.raises(RequestRefused, match="key_unchanged"):
        post_open("/rotate", encode_message(asked))


def test_rotation_is_asked_for_when_the_key_is_old_or_an_admin_wants_it(
    edge: Edge, people: People
) -> None:
    assert not services.is_rotation_due(edge.agent)
    services.ask_agent(agent=edge.agent, user=people.ada, wish=AgentWish.ROTATE)
    assert services.is_rotation_due(edge.agent)
    edge.access.rotate()
    assert not services.is_rotation_due(edge.agent)
    Agent.objects.update(key_made_at=timezone.now() - dt.timedelta(days=91))
    assert services.is_rotation_due(edge.agent)


def test_spent_challenges_are_forgotten_when_they_are_old(edge: Edge) -> None:
    edge.access.refresh()
    assert services.forget_spent_challenges() == 0
    SpentChallenge.objects.update(spent_at=timezone.now() - dt.timedelta(days=31))
    assert services.forget_spent_challenges() == 1


def test_embedded_agent_has_no_identity_to_prove(db: None) -> None:
    agent = services.enlist_embedded_agent(token="dwa_own")
    identity = make_identity("http://localhost")
    nonce = keys.make_challenge(str(agent.public_id))
    claim = token_claim(str(agent.public_id), nonce, identity.link, "x")
    asked = TokenRequest(
        agent=str(agent.public_id),
        nonce=nonce,
        link=identity.link,
        next_link="x",
        signature=sign(identity.key, claim),
    )
    assert send(asked) == (401, "agent_unknown")
    headers = {"Authorization": "Bearer dwa_own"}
    assert Client().post("/api/edge/v1/work", headers=headers).status_code == 422
