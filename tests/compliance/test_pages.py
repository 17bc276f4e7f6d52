"""Findings and packs as people and clients see them, by owner, teammate and stranger."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalog import services as catalog
from apps.catalog.models import CatalogEntry
from apps.catalog.tags import TAGS
from apps.classification.services import decide_label
from apps.compliance import services, tasks
from apps.compliance.facts import FACTS
from apps.compliance.models import Finding, PackSetting, RuleTally
from apps.compliance.selectors import (
    FindingFilters,
    count_active_findings,
    filter_findings,
    group_findings,
    list_finding_facets,
    load_pack_standings,
)
from apps.compliance.services import FindingFixed
from apps.rbac import services as rbac
from apps.rbac.models import AuditEntry
from apps.rbac.services import issue_token
from apps.rbac.types import Role
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from tests.conftest import SignIn
from tests.discovery.factories import make_table, make_unchanged
from tests.factories import make_user
from tests.people import People

from .factories import CVV, check, find, label_field, make_payment, state_of


@pytest.fixture
def shop(people: People) -> People:
    """A source with stored card codes, that Olga may decide on."""
    check(people.source, [make_payment()])
    label_field("cvv", "finance.card_security_code")
    label_field("id", "id.record")
    check(people.source, [make_unchanged(make_payment())])
    return people


@pytest.fixture
def officer(people: People) -> Any:
    """A compliance officer of the whole installation."""
    olga = make_user("olga")
    rbac.grant_role(user=olga, role=Role.COMPLIANCE_OFFICER)
    return olga


def the_finding() -> Finding:
    finding = find(CVV)
    assert finding is not None
    return finding


def url_of(*parts: str) -> str:
    return f"/compliance/{the_finding().public_id}/" + "".join(parts)


def read(response: Any) -> str:
    return str(response.content.decode())


def test_list_shows_findings_and_four_counts(shop: People, sign_in: SignIn) -> None:
    client = sign_in(shop.bob)
    page = read(client.get("/compliance/"))
    assert f"?rule={CVV}" in page
    assert url_of() not in page
    assert url_of() in read(client.get(f"/compliance/?rule={CVV}"))
    page = read(client.get("/compliance/?view=each"))
    assert url_of() in page
    assert "unknown" in page.lower()


def test_stranger_sees_no_finding(shop: People, sign_in: SignIn) -> None:
    assert url_of() not in read(sign_in(shop.charlie).get("/compliance/"))
    assert sign_in(shop.charlie).get(url_of()).status_code == 404
    assert sign_in(shop.charlie).post(url_of("decide/")).status_code == 404
    assert count_active_findings(shop.charlie) == 0
    assert all(s.tally.asked == 0 for s in load_pack_standings(shop.charlie))


def test_page_tells_why_and_what_it_does_not_prove(shop: People, sign_in: SignIn) -> None:
    page = read(sign_in(shop.bob).get(url_of()))
    assert the_finding().citation.split(",")[0] in page
    assert "finance.card_security_code" in page
    assert "does not prove" in page.lower()


def test_csv_holds_what_the_person_may_export(shop: People, sign_in: SignIn) -> None:
    rows = list(csv.reader(io.StringIO(read(sign_in(shop.alice).get("/compliance/?format=csv")))))
    assert CVV in {row[2] for row in rows[1:]}
    nothing = read(sign_in(shop.bob).get("/compliance/?format=csv"))
    assert len(nothing.splitlines()) == 1


def test_filters_narrow_when_they_are_given(shop: People) -> None:
    def count(**filters: Any) -> int:
        return filter_findings(user=shop.bob, filters=FindingFilters(**filters)).count()

    assert count(rules=(CVV,)) == 1
    assert count(packs=("gdpr",), rules=(CVV,)) == 0
    assert count(severities=("low",), rules=(CVV,)) == 0
    assert count(sources=("elsewhere",)) == 0
    assert count(evidence=("decisive",), rules=(CVV,)) == 1
    assert count(states=("fixed",)) == 0
    worst = filter_findings(user=shop.bob, filters=FindingFilters())
    assert worst[0].severity == "critical"
    facets = {
        f["name"]: f["options"]
        for f in list_finding_facets(user=shop.bob, filters=FindingFilters(packs=("gdpr",)))
    }
    assert {"pci-dss", "pci_dss"} & {option["value"] for option in facets["pack"]}


def test_findings_are_counted_by_rule(shop: People) -> None:
    tables = [make_table(f"people_{n}", [f"email_{n}"]) for n in range(3)]
    check(shop.source, [make_payment(), *tables])
    for n in range(3):
        label_field(f"email_{n}", "contact.email")
    services.check_whole_source(source_id=shop.source.pk)
    groups = group_findings(user=shop.bob, filters=FindingFilters())
    assert groups[0].rule_id == CVV
    owner = next(group for group in groups if group.rule_id == "GDPR-05-2-OWNER")
    assert (owner.findings, owner.tables, owner.severity) == (4, 4, "medium")
    assert sum(group.findings for group in groups) == count_active_findings(shop.bob)
    assert group_findings(user=shop.charlie, filters=FindingFilters()) == []


def test_fixed_findings_are_listed_only_when_asked(shop: People) -> None:
    check(shop.source, [make_payment(cvv_rows=0)])
    filters = FindingFilters(rules=(CVV,))
    assert not filter_findings(user=shop.bob, filters=filters).exists()
    asked = FindingFilters(rules=(CVV,), states=("fixed",))
    assert filter_findings(user=shop.bob, filters=asked).exists()


@pytest.mark.parametrize("state", ["acknowledged", "false_positive"])
def test_decision_sticks_when_the_rule_still_fails(
    shop: People, officer: Any, sign_in: SignIn, state: str
) -> None:
    form = {"state": state, "note": "Known since spring."}
    assert sign_in(officer).post(url_of("decide/"), form).status_code == 302
    check(shop.source, [make_unchanged(make_payment())])
    finding = the_finding()
    assert (finding.state, finding.decided_by, finding.note) == (state, officer, form["note"])
    assert AuditEntry.objects.get(action="finding_decided").detail["after"] == state
    assert "Known since spring." in read(sign_in(shop.bob).get(url_of()))


def test_false_positive_stays_when_the_rule_passes(shop: People, officer: Any) -> None:
    services.decide_finding(finding=the_finding(), user=officer, state="false_positive")
    check(shop.source, [make_payment(cvv_rows=0)])
    check(shop.source, [make_payment()])
    assert state_of(CVV) == "false_positive"


def test_acknowledged_is_fixed_and_reopens_when_facts_change(shop: People, officer: Any) -> None:
    services.decide_finding(finding=the_finding(), user=officer, state="acknowledged")
    check(shop.source, [make_payment(cvv_rows=0)])
    assert state_of(CVV) == "fixed"
    check(shop.source, [make_payment()])
    finding = the_finding()
    assert (finding.state, finding.decided_by) == ("open", None)
    history = finding.changes.values_list("state_after", flat=True)
    assert list(history) == ["open", "fixed", "acknowledged"]


def test_decision_is_refused_when_the_finding_is_fixed(shop: People, officer: Any) -> None:
    stale = the_finding()
    check(shop.source, [make_payment(cvv_rows=0)])
    with pytest.raises(FindingFixed):
        services.decide_finding(finding=stale, user=officer, state="acknowledged")
    assert state_of(CVV) == "fixed"


def test_decision_is_refused_when_it_makes_no_sense(shop: People, officer: Any) -> None:
    for state in ("fixed", "review", "", "nonsense"):
        with pytest.raises(InputInvalid):
            services.decide_finding(finding=the_finding(), user=officer, state=state)
    with pytest.raises(InputInvalid):
        services.decide_finding(finding=the_finding(), user=officer, state="open", note="x" * 2_001)


def test_decision_is_refused_when_the_role_is_missing(shop: People, sign_in: SignIn) -> None:
    for person in (shop.alice, shop.bob):
        response = sign_in(person).post(url_of("decide/"), {"state": "acknowledged"})
        assert response.status_code == 403
    with pytest.raises(NotThere):
        services.decide_finding(finding=the_finding(), user=shop.charlie, state="open")
    assert state_of(CVV) == "open"


def test_decide_returns_only_to_this_site(shop: People, officer: Any, sign_in: SignIn) -> None:
    form = {"state": "acknowledged", "next": "https://evil.test/"}
    assert sign_in(officer).post(url_of("decide/"), form)["Location"] == url_of()


def test_rules_are_listed_with_the_day_of_the_law(shop: People, sign_in: SignIn) -> None:
    page = read(sign_in(shop.bob).get("/compliance/rules/"))
    assert CVV in page
    assert "2026" in page or "2025" in page


def test_pack_is_switched_by_officers_alone(shop: People, officer: Any, sign_in: SignIn) -> None:
    pack = the_finding().pack_id
    url = f"/compliance/packs/{pack}/switch/"
    assert sign_in(shop.alice).post(url, {"enabled": "0"}).status_code == 403
    assert sign_in(officer).post(url, {"enabled": "0"}).status_code == 302
    assert sign_in(officer).get(url_of()).status_code == 404
    assert not PackSetting.objects.get(pack_id=pack).enabled
    unknown = sign_in(officer).post("/compliance/packs/nothing/switch/", {"enabled": "0"})
    assert unknown.status_code == 404
    check(shop.source, [make_unchanged(make_payment())])
    assert not RuleTally.objects.filter(pack_id=pack).exists()
    assert sign_in(officer).post(url, {"enabled": "1"}).status_code == 302
    tasks.recheck_all_sources()
    assert RuleTally.objects.filter(pack_id=pack).exists()
    assert sign_in(officer).get(url_of()).status_code == 200


def test_declared_fact_ends_a_finding_when_it_was_lacking(shop: People) -> None:
    label_field("cvv", "contact.email")
    services.check_whole_source(source_id=shop.source.pk)
    assert state_of("GDPR-05-1E-RETENTION") == "open"
    assert state_of("GDPR-05-2-OWNER") == "open"
    entry = CatalogEntry.objects.get()
    catalog.edit_entry(
        entry=entry, user=shop.alice, owner=shop.alice, tags={"retention_days": "365"}
    )
    services.recheck_dataset(dataset_id=entry.dataset_id)
    assert state_of("GDPR-05-1E-RETENTION") == "fixed"
    assert state_of("GDPR-05-2-OWNER") == "fixed"


def test_dataset_is_checked_again_when_people_change_what_rules_read(
    shop: People, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[dict[str, Any]] = []
    wider: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.recheck_dataset, "delay", lambda **given: asked.append(given))
    monkeypatch.setattr(tasks.recheck_source, "delay", lambda **given: wider.append(given))
    entry = CatalogEntry.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        catalog.edit_entry(entry=entry, user=shop.alice, tags={"purpose": "sales"})
    label = label_field("cvv", "contact.email")
    with django_capture_on_commit_callbacks(execute=True):
        decide_label(label=label, user=shop.alice, kind="reject")
    assert asked == [{"dataset_id": entry.dataset_id}] * 2
    assert [given["source_id"] for given in wider] == [shop.source.pk] * 2


def test_counts_follow_when_people_change_what_rules_read(shop: People) -> None:
    tally = RuleTally.objects.get(rule_id="GDPR-05-2-OWNER")
    assert (tally.failed, tally.passed) == (1, 0)
    catalog.edit_entry(entry=CatalogEntry.objects.get(), user=shop.alice, owner=shop.alice)
    since = timezone.now()
    tasks.recheck_source(source_id=shop.source.pk, since=since.isoformat())
    tally.refresh_from_db()
    assert (tally.failed, tally.passed) == (0, 1)
    assert not services.recheck_source(source_id=shop.source.pk, since=since)


def test_source_is_left_alone_when_it_was_never_checked(people: People) -> None:
    assert not services.recheck_source(source_id=people.source.pk, since=timezone.now())


def test_finding_ends_when_its_rule_left_the_pack(shop: People) -> None:
    Finding.objects.filter(rule_id=CVV).update(rule_id="GDPR-OLD-RULE", key="old")
    services.check_whole_source(source_id=shop.source.pk)
    old = Finding.objects.get(rule_id="GDPR-OLD-RULE")
    assert old.state == "fixed"
    assert "no longer a rule" in old.changes.get().note


def test_finding_ends_when_a_person_rejects_the_label(shop: People) -> None:
    label = the_finding().field.label
    decide_label(label=label, user=shop.alice, kind="reject")
    tasks.recheck_dataset(dataset_id=the_finding().dataset_id)
    assert state_of(CVV) == "fixed"


def test_task_does_nothing_when_the_dataset_is_gone(db: None) -> None:
    tasks.recheck_dataset(dataset_id=0)


def test_every_declared_fact_of_rules_can_be_declared() -> None:
    asked = {name.removeprefix("table.tags.") for name in FACTS if name.startswith("table.tags.")}
    assert asked == set(TAGS)


class TestRest:
    """The same by REST with a token."""

    def call(self, user: Any, method: str, path: str, body: Any = None) -> Any:
        _, secret = issue_token(user=user, name="t")
        options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {secret}"}}
        if body is not None:
            options |= {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(Client(), method)(f"/api/v1/{path}", **options)

    def test_it_works(self, shop: People) -> None:
        answer = self.call(shop.bob, "get", f"findings/?rule={CVV}").json()
        [row] = answer["results"]
        assert row["column"] == "cvv"
        assert row["limits"]
        one = self.call(shop.bob, "get", f"findings/{row['id']}/").json()
        assert one["facts"]["column.non_null_rows"] == 100

    def test_stranger_finds_nothing(self, shop: People) -> None:
        path = f"findings/{the_finding().public_id}/"
        assert self.call(shop.charlie, "get", "findings/").json()["count"] == 0
        assert self.call(shop.charlie, "get", path).status_code == 404
        assert (
            self.call(shop.charlie, "post", f"{path}decide/", {"state": "open"}).status_code == 404
        )

    def test_officer_decides(self, shop: People, officer: Any) -> None:
        path = f"findings/{the_finding().public_id}/decide/"
        body = {"state": "acknowledged", "note": "Seen."}
        assert self.call(shop.bob, "post", path, body).status_code == 403
        assert self.call(officer, "post", path, {"state": "fixed"}).status_code == 400
        answer = self.call(officer, "post", path, body).json()
        assert (answer["state"], answer["decided_by"]) == ("acknowledged", "olga")
        check(shop.source, [make_payment(cvv_rows=0)])
        problem = self.call(officer, "post", path, body)
        assert (problem.status_code, problem.json()["code"]) == (409, "finding_fixed")

    def test_packs_and_rules_show_their_counts(self, shop: People, officer: Any) -> None:
        packs = self.call(shop.bob, "get", "packs/").json()["results"]
        assert {"gdpr", "hipaa"} <= {pack["id"] for pack in packs}
        assert all(pack["legal_as_of"] for pack in packs)
        rules = self.call(shop.bob, "get", "rules/?page_size=500").json()["results"]
        tally = next(rule["tally"] for rule in rules if rule["id"] == CVV)
        assert (tally["failed"], tally["passed"]) == (1, 0)
        assert self.call(shop.bob, "patch", "packs/gdpr/", {"enabled": False}).status_code == 403
        answer = self.call(officer, "patch", "packs/gdpr/", {"enabled": False})
        assert answer.json()["enabled"] is False
        left = self.call(shop.bob, "get", "rules/?page_size=500").json()["results"]
        assert all(rule["pack_id"] != "gdpr" for rule in left)


def test_permission_error_is_raised_when_a_viewer_switches(shop: People) -> None:
    with pytest.raises(PermissionMissing):
        services.set_pack_enabled(pack_id="gdpr", enabled=False, user=shop.bob)


@pytest.mark.parametrize("path", ["/compliance/", "/compliance/rules/", "/catalog/"])
def test_queries_do_not_grow_when_there_is_more(shop: People, sign_in: SignIn, path: str) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert sign_in(shop.bob).get(path).status_code == 200
        return len(captured)

    count()
    few = count()
    tables = [make_table(f"people_{n}", [f"email_{n}"]) for n in range(15)]
    check(shop.source, tables)
    for n in range(15):
        label_field(f"email_{n}", "contact.email")
    services.check_whole_source(source_id=shop.source.pk)
    assert Finding.objects.count() > 20
    assert count() == few
