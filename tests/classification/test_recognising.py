"""Types made of patterns, words and names: checked, tried, judged by, versioned and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.classification import services
from apps.classification.in_force import list_wire
from apps.classification.models import Label, OwnRecogniser, OwnType
from apps.classification.recognising import (
    MOST_WORDS,
    Definition,
    Examples,
    check_definition,
    read_word_file,
)
from apps.classification.selectors import preview_reach
from apps.rbac.models import AuditEntry
from datawave.common.errors import InputInvalid, NotThere, PermissionMissing
from datawave_edge.protocol import ColumnSnapshot
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_profile, make_table
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of
from .versions import finish_all

pytestmark = pytest.mark.usefixtures("shipped_types")
NEW = reverse("classification:type-new")
TRY = "/api/v1/own-types/try/"
RECOGNISED = "/api/v1/own-types/recognised/"
DEBTOR = Definition(patterns=(r"DEB-\d{6}",))
FITTING = Examples(fitting=("DEB-004711",), others=("INV-004711",))


def make(people: People, definition: Definition = DEBTOR, **fields: Any) -> OwnType:
    values: dict[str, Any] = {
        "title": "Debtor number", "sensitivity": "confidential", "personal": True,
        "examples": FITTING, **fields,
    }  # fmt: skip
    return services.make_recognised_type(user=people.ada, definition=definition, **values)


def code_of(own: OwnType, version: int = 1) -> str:
    return f"own_{own.pk}_v{version}"


def measured(name: str, own: OwnType, rate: float, version: int = 1) -> ColumnSnapshot:
    hits = {code_of(own, version): rate} if rate else {}
    return make_column(name, profile=make_profile(own_hits=hits))


def type_of(people: People, column: ColumnSnapshot) -> str:
    judge_tables(people.source, make_table("ledger", [column]))
    return label_of(column.name).semantic_type


def test_it_works(people: People) -> None:
    own = make(people)
    (wire,) = list_wire()
    assert (wire.code, wire.patterns, wire.words) == (code_of(own), [r"DEB-\d{6}"], b"")
    assert type_of(people, measured("c1", own, 0.9)) == own.name
    label = label_of("c1")
    assert (label.sensitivity, label.personal) == ("confidential", True)
    assert label.confidence == pytest.approx(0.943)
    assert "90 % of the values fit" in label.evidence[0]["text"]
    judge_tables(people.source, make_customers())
    assert label_of("email").semantic_type == "contact.email"


@pytest.mark.parametrize(
    ("rate", "name", "found"),
    [
        (0.59, "c1", False),
        (0.6, "c1", True),
        (0.3, "c1", False),
        (0.3, "debtor_no", True),
        (0.29, "debtor_no", False),
        (0.0, "debtor_no", False),
    ],
)
def test_name_halves_the_share_when_it_fits(
    people: People, rate: float, name: str, found: bool
) -> None:
    own = make(people, Definition(patterns=DEBTOR.patterns, names=("debtor_(no|nr)",)))
    assert (type_of(people, measured(name, own, rate)) == own.name) is found


def test_name_decides_when_there_is_nothing_else(people: People) -> None:
    examples = Examples(fitting=("debtor_no", "DEBTOR_NR"), others=("creditor_no",))
    own = make(people, Definition(names=("debtor_(no|nr)",)), examples=examples)
    assert list_wire() == []
    assert type_of(people, measured("Debtor_No", own, 0.0)) == own.name
    assert "The name fits" in label_of("Debtor_No").evidence[0]["text"]


def test_name_is_a_guess_when_the_column_is_empty(people: People) -> None:
    own = make(people, Definition(patterns=DEBTOR.patterns, names=("debtor_no",)))
    empty = make_column("debtor_no", profile=make_profile(rows=0, nulls=0, distinct=0))
    assert type_of(people, empty) == own.name
    assert label_of("debtor_no").confidence == pytest.approx(0.6)


def test_exception_stands_above_a_pattern(people: People) -> None:
    own = make(people)
    judge_tables(people.source, make_table("ledger", [measured("c1", own, 1.0)]))
    services.teach_exception(user=people.ada, label=label_of("c1"), semantic_type=own.name)
    judge_tables(people.source, make_table("ledger2", [measured("c1", own, 1.0)]))
    assert Label.objects.get(field__dataset__name="ledger2").semantic_type != own.name


# Versions


def test_old_counts_hold_when_a_version_was_not_counted_yet(people: People) -> None:
    own = make(people)
    definition = Definition(patterns=(r"DEB-\d{5,6}",), least=0.9)
    services.save_recogniser(own=own, user=people.ada, definition=definition, examples=FITTING)
    assert [each.code for each in list_wire()] == [code_of(own, 2)]
    assert type_of(people, measured("c1", own, 0.95)) == own.name
    assert type_of(people, measured("c2", own, 0.6, version=2)) != own.name


def test_version_is_in_force_again_when_restored(people: People) -> None:
    own = make(people)
    services.save_recogniser(
        own=own, user=people.ada, definition=Definition(words=("x1",)), examples=Examples()
    )
    services.restore_recogniser(own=own, user=people.ada, version=1)
    held = own.recognisers.get(retired_at=None)
    assert (held.version, held.patterns, held.words) == (3, list(DEBTOR.patterns), [])
    with pytest.raises(NotThere):
        services.restore_recogniser(own=own, user=people.ada, version=9)


def test_labels_follow_when_a_recogniser_is_taken_back(people: People) -> None:
    own = make(people)
    judge_tables(people.source, make_table("ledger", [measured("c1", own, 1.0)]))
    services.take_back_recogniser(own=own, user=people.ada)
    finish_all()
    assert label_of("c1").semantic_type != own.name
    assert list_wire() == []
    with pytest.raises(services.NothingTaught):
        services.take_back_recogniser(own=own, user=people.ada)
    services.restore_recogniser(own=own, user=people.ada, version=1)
    finish_all()
    assert label_of("c1").semantic_type == own.name


def test_nothing_is_looked_for_when_the_type_is_retired(people: People) -> None:
    own = make(people)
    services.retire_type(own=own, user=people.ada)
    assert list_wire() == []
    with pytest.raises(services.TypeRetired):
        services.restore_recogniser(own=own, user=people.ada, version=1)


def test_few_versions_are_kept_when_many_were_made(people: People) -> None:
    own = make(people)
    for _ in range(21):
        services.restore_recogniser(
            own=own, user=people.ada, version=own.recognisers.latest("version").version
        )
    assert own.recognisers.count() == 20


# Refused


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "patterns"),
        ({"patterns": ("(",)}, "patterns"),
        ({"patterns": ("(?=a)b",)}, "patterns"),
        ({"patterns": (".*",)}, "patterns"),
        ({"patterns": ("x*",)}, "patterns"),
        ({"patterns": ("((a{500}){500}){500}",)}, "patterns"),
        ({"patterns": ("a" * 301,)}, "patterns"),
        ({"patterns": ("a\x00",)}, "patterns"),
        ({"patterns": tuple(f"a{n}" for n in range(11))}, "patterns"),
        ({"names": (".*",)}, "names"),
        ({"names": ("[",)}, "names"),
        ({"words": ("a" * 101,)}, "words"),
        ({"words": tuple(f"w{n}" for n in range(MOST_WORDS + 1))}, "words"),
        ({"words": ("a",), "least": 0.01}, "least"),
        ({"words": ("a",), "least": float("nan")}, "least"),
    ],
)
def test_definition_is_refused_when_it_makes_no_sense(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        check_definition(Definition(**fields))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("examples", "field", "said"),
    [
        (Examples(), "fitting", "at least one"),
        (Examples(fitting=("DEB-000001", "nope", "DEB-1")), "fitting", "Lines 2, 3 must fit"),
        (Examples(fitting=("DEB-000001",), others=("DEB-000002",)), "others", "Lines 1 must not"),
    ],
)
def test_type_is_refused_when_examples_speak_against_it(
    people: People, examples: Examples, field: str, said: str
) -> None:
    with pytest.raises(InputInvalid, match=said) as caught:
        make(people, examples=examples)
    assert caught.value.field == field
    assert not OwnType.objects.exists()
    assert "nope" not in str(caught.value)


def test_list_is_refused_when_all_lists_are_full(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.classification.services.recognising.MOST_WORDS_IN_ALL", 3)
    own = make(people, Definition(words=("a1", "b1")), examples=Examples())
    with pytest.raises(InputInvalid) as caught:
        make(people, Definition(words=("c1", "d1")), examples=Examples(), title="Another")
    assert caught.value.field == "words"
    assert services.replace_words(own=own, user=people.ada, words=["c1", "d1", "e1"]).version == 2


# Words


def test_words_come_back_when_exported_and_imported(people: People, sign_in: SignIn) -> None:
    words = ("=1+1", "Grüße, Welt", 'say "no"', "-x", "'quoted")
    own = make(people, Definition(words=words), examples=Examples())
    ada = sign_in(people.ada)
    file = ada.get(reverse("classification:words-export", args=[own.public_id])).content
    assert b"'=1+1" in file
    assert read_word_file(file) == words
    upload = {"file": SimpleUploadedFile("words.csv", file + b"one more\r\n")}
    ada.post(reverse("classification:words-import", args=[own.public_id]), upload)
    assert own.recognisers.get(retired_at=None).words == [*words, "one more"]


@pytest.mark.parametrize("data", [b"", b"word\r\n", b"\xff\xfe", b'"open'])
def test_file_is_refused_when_it_holds_no_words(data: bytes) -> None:
    with pytest.raises(InputInvalid):
        read_word_file(data)


def test_agents_get_hashes_when_a_type_has_words(people: People) -> None:
    make(people, Definition(words=("Zebra", "zebra ", "Lion")), examples=Examples())
    (wire,) = list_wire()
    assert len(wire.words) == 16
    assert b"ebra" not in wire.words


# Preview


def test_stored_columns_are_found_when_tried(people: People) -> None:
    shaped = make_column("c7", profile=make_profile(shapes={"A+-9+": 0.9}))
    judge_tables(people.source, make_table("ledger", [shaped, make_column("debtor_no")]))
    judge_tables(make_source("secret"), make_table("hidden", [shaped]))
    definition = Definition(patterns=DEBTOR.patterns, names=("debtor_no",))
    reach = preview_reach(user=people.bob, definition=definition, fitting=("DEB-004711",))
    assert (reach.by_name, reach.by_shape, reach.tables) == (1, 1, 1)
    assert [each.label.field.name for each in reach.shown] == ["c7", "debtor_no"]
    everywhere = preview_reach(user=people.ada, definition=definition, fitting=("DEB-004711",))
    assert everywhere.by_shape == 2


# Doors

BODY = {
    "title": "Debtor", "sensitivity": "public", "patterns": [r"DEB-\d{6}"],
    "fitting": ["DEB-004711"], "others": ["INV-004711"],
}  # fmt: skip


def test_only_a_role_for_everything_may_read_and_write_when_at_the_doors(
    people: People, sign_in: SignIn
) -> None:
    own = make(people)
    base = f"/api/v1/own-types/{own.public_id}/"
    for person in (people.alice, people.bob, people.charlie):
        api, page = client_of(person), sign_in(person)
        answers = [
            api.post(RECOGNISED, BODY, format="json"),
            api.post(TRY, BODY, format="json"),
            api.get(f"{base}recogniser/"),
            api.put(f"{base}recogniser/", BODY, format="json"),
            api.delete(f"{base}recogniser/"),
            api.get(f"{base}recogniser/versions/"),
            api.post(f"{base}recogniser/versions/", {"version": 1}, format="json"),
            api.get(f"{base}words/"),
            api.put(f"{base}words/", b"a", content_type="text/csv"),
            page.get(NEW),
            page.post(NEW, {"action": "save"}),
            *(
                page.get(reverse(f"classification:{name}", args=[own.public_id]))
                for name in ("recogniser", "words-export")
            ),
            *(
                page.post(reverse(f"classification:{name}", args=[own.public_id]))
                for name in ("recogniser", "recogniser-restore", "words-import")
            ),
        ]
        assert {answer.status_code for answer in answers} <= {403, 404}
        assert not [answer for answer in answers if b"DEB-" in answer.content]
    assert sign_in(people.charlie).get(NEW).status_code == 404
    assert OwnRecogniser.objects.count() == 1


def test_api_makes_tries_changes_and_restores_when_allowed(people: People) -> None:
    ada = client_of(people.ada)
    trial = ada.post(TRY, BODY, format="json").json()
    assert (trial["right"], [each["fits"] for each in trial["tried"]]) == (True, [True, False])
    made = ada.post(RECOGNISED, BODY, format="json")
    assert made.status_code == 201
    base = f"/api/v1/own-types/{made.json()['id']}/"
    assert ada.get(f"{base}recogniser/").json()["patterns"] == BODY["patterns"]
    wrong = ada.put(f"{base}recogniser/", {**BODY, "others": ["DEB-000001"]}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "examples_unlike")
    changed = ada.put(f"{base}recogniser/", {**BODY, "least": 0.9}, format="json").json()
    assert (changed["version"], changed["least"]) == (2, 0.9)
    listed = ada.put(f"{base}words/", b"word\nzebra\nlion\n", content_type="text/csv").json()
    assert (listed["words"], listed["patterns"]) == (2, BODY["patterns"])
    assert ada.get(f"{base}words/").content == b"word\r\nzebra\r\nlion\r\n"
    restored = ada.post(f"{base}recogniser/versions/", {"version": 1}, format="json").json()
    assert (restored["version"], restored["words"]) == (4, 0)
    versions = ada.get(f"{base}recogniser/versions/").json()
    assert [each["version"] for each in versions] == [4, 3, 2, 1]
    assert ada.delete(f"{base}recogniser/").status_code == 204
    assert ada.get(f"{base}recogniser/").status_code == 404


def test_pages_try_save_and_take_back_when_the_administrator_works(
    people: People, sign_in: SignIn
) -> None:
    ada = sign_in(people.ada)
    form = {
        "title": "Debtor", "sensitivity": "restricted", "patterns": "DEB-\\d{6}\r\n",
        "fitting": "DEB-004711\nDEB-1", "least": "0.6", "action": "try",
    }  # fmt: skip
    tried = ada.post(NEW, form).content.decode()
    assert "1 wrong" in tried
    refused = ada.post(NEW, {**form, "action": "save"})
    assert (refused.status_code, b"Lines 2 must fit" in refused.content) == (422, True)
    ada.post(NEW, {**form, "fitting": "DEB-004711", "action": "save"})
    own = OwnType.objects.get()
    url = reverse("classification:recogniser", args=[own.public_id])
    assert "DEB-\\d{6}" in ada.get(url).content.decode()
    assert "Told by 1 pattern" in ada.get(reverse("classification:type-list")).content.decode()
    ada.post(url, {**form, "fitting": "DEB-004711", "action": "save", "least": "0.8"})
    ada.post(reverse("classification:recogniser-restore", args=[own.public_id]), {"version": "1"})
    assert own.recognisers.get(retired_at=None).least == 0.6
    ada.post(reverse("classification:recogniser-restore", args=[own.public_id]), {"version": ""})
    assert not own.recognisers.filter(retired_at=None).exists()
    assert ada.post(url, {**form, "least": "much"}).status_code == 422


def test_no_pattern_is_told_when_it_is_audited_or_refused(
    people: People, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = Definition(patterns=("zqxsecret",), words=("zqxword",), names=("zqxname",))
    own = make(people, secret, examples=Examples(fitting=("zqxsecret",)))
    services.take_back_recogniser(own=own, user=people.ada)
    for patterns in ("zqxsecret(", "(?=zqxsecret)"):
        with pytest.raises(InputInvalid) as caught:
            make(people, Definition(patterns=(patterns,)), title="Other")
        assert "zqx" not in str(caught.value)
    details = [repr(entry.detail) for entry in AuditEntry.objects.all()]
    told = "".join([*details, caplog.text, *capfd.readouterr(), repr(list_wire()), str(own)])
    assert "zqx" not in told
    assert AuditEntry.objects.filter(action="recogniser_saved").count() == 1


def test_nothing_is_made_when_a_steward_of_one_source_tries(people: People) -> None:
    with pytest.raises((PermissionMissing, NotThere)):
        services.make_recognised_type(
            user=people.alice,
            title="Debtor",
            sensitivity="public",
            personal=False,
            definition=DEBTOR,
            examples=FITTING,
        )
