"""The inbox by page and by REST: only one's own notices, for everybody."""

from __future__ import annotations

import pytest

from apps.notifications.models import Notice
from apps.notifications.selectors import count_unread
from tests.conftest import SignIn
from tests.people import People

from .conftest import Tell

pytestmark = pytest.mark.django_db


def test_it_works(people: People, sign_in: SignIn, tell: Tell) -> None:
    tell(people.alice, title="Discovery of <b>crm</b> completed")
    page = sign_in(people.alice).get("/inbox/").content.decode()
    assert "Discovery of &lt;b&gt;crm&lt;/b&gt; completed" in page
    assert "<b>crm" not in page


def test_bell_tells_unread_when_there_are_some(people: People, sign_in: SignIn, tell: Tell) -> None:
    tell(people.alice)
    assert "1 unread" in sign_in(people.alice).get("/inbox/bell/").content.decode()
    assert "unread" not in sign_in(people.bob).get("/inbox/bell/").content.decode()
    panel = sign_in(people.alice).get("/inbox/panel/").content.decode()
    assert "Discovery #1 completed" in panel


def test_notices_of_others_are_not_there_when_asked(
    people: People, sign_in: SignIn, tell: Tell
) -> None:
    [notice] = tell(people.alice)
    for person in (people.bob, people.charlie, people.ada):
        client = sign_in(person)
        assert "Discovery #1" not in client.get("/inbox/").content.decode()
        assert client.get(f"/inbox/{notice.public_id}/").status_code == 404
        assert client.post(f"/inbox/{notice.public_id}/read/").status_code == 404
        assert client.get("/api/v1/notices/").json()["results"] == []
        assert client.get(f"/api/v1/notices/{notice.public_id}/").status_code == 404
        assert client.post(f"/api/v1/notices/{notice.public_id}/read/").status_code == 404
    assert count_unread(people.alice) == 1


def test_notice_is_read_when_opened(people: People, sign_in: SignIn, tell: Tell) -> None:
    [notice] = tell(people.alice)
    answer = sign_in(people.alice).get(f"/inbox/{notice.public_id}/")
    assert answer.headers["Location"] == "/runs/1/"
    assert count_unread(people.alice) == 0


def test_inbox_opens_when_notice_has_no_link(people: People, sign_in: SignIn, tell: Tell) -> None:
    [notice] = tell(people.alice, url="")
    answer = sign_in(people.alice).get(f"/inbox/{notice.public_id}/")
    assert answer.headers["Location"] == "/inbox/"


def test_all_are_read_when_marked(people: People, sign_in: SignIn, tell: Tell) -> None:
    for number in range(3):
        tell(people.alice, dedupe_key=str(number))
    client = sign_in(people.alice)
    assert client.get("/inbox/read-all/").status_code == 405
    assert client.post("/inbox/read-all/").status_code == 302
    assert count_unread(people.alice) == 0


def test_notices_are_paged_and_narrowed_when_many(
    people: People, sign_in: SignIn, tell: Tell
) -> None:
    for number in range(30):
        tell(people.alice, dedupe_key=str(number), title=f"Notice {number:02d}", level="info")
    tell(people.alice, dedupe_key="x", title="Bad news", level="error")
    client = sign_in(people.alice)
    assert len(client.get("/inbox/").context["page_obj"]) == 25
    assert len(client.get("/inbox/?page=2").context["page_obj"]) == 6
    assert len(client.get("/inbox/?level=error").context["page_obj"]) == 1
    Notice.objects.filter(title__startswith="Notice").update(read_at=people.alice.date_joined)
    assert len(client.get("/inbox/?show=unread").context["page_obj"]) == 1
    assert len(client.get("/inbox/?page=99&size=7&level=none").context["page_obj"]) == 6


def test_notices_are_read_when_asked_by_rest(people: People, sign_in: SignIn, tell: Tell) -> None:
    [first] = tell(people.alice, dedupe_key="1")
    tell(people.alice, dedupe_key="2")
    client = sign_in(people.alice)
    listed = client.get("/api/v1/notices/").json()
    assert listed["count"] == 2
    assert client.post(f"/api/v1/notices/{first.public_id}/read/").json()["read_at"]
    assert client.get("/api/v1/notices/?unread=true").json()["count"] == 1
    assert client.post("/api/v1/notices/read-all/").json() == {"marked": 1}
    assert client.get("/api/v1/notices/?unread=true").json()["count"] == 0


def test_admin_pages_open_when_administrator(people: People, sign_in: SignIn, tell: Tell) -> None:
    [notice] = tell(people.alice)
    client = sign_in(people.ada)
    for model in ("event", "notice", "delivery"):
        assert client.get(f"/admin/notifications/{model}/").status_code == 200
    path = f"/admin/notifications/notice/{notice.pk}/change/"
    assert client.get(path).status_code == 200
    assert client.post(path, {"title": "other"}).status_code == 403
