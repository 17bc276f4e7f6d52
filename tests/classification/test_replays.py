"""Versions of the judge: previewed from stored profiles, activated, rolled back, refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.classification import active, services
from apps.classification.layer import (
    Layer,
)
from apps.classification.model.store import SHIPPED, ModelRefused, load_model, save_model
from apps.classification.model_files import place_file
from apps.classification.models import (
    Activation,
    Label,
    ModelFile,
    PastVerdict,
    Replay,
    StoredModel,
)
from apps.classification.types import LabelState, ReplayState
from apps.rbac.models import AuditEntry
from datawave.common.errors import NotThere, PermissionMissing
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table
from tests.factories import make_source
from tests.people import People

from .conftest import judge_tables, label_of, make_customers
from .test_rest import client_of
from .versions import finish, finish_all, make_layer, store_layer

pytestmark = pytest.mark.usefixtures("own_models")
LIST = reverse("classification:model-list")
API = "/api/v1/models/"


@pytest.fixture
def other(people: People) -> StoredModel:
    """A version for which the customers' cities are organisations."""
    judge_tables(people.source, make_customers())
    return store_layer("learned-1", make_layer(city="org.name"))


def preview(model: StoredModel, people: People) -> Replay:
    return finish(services.start_preview(model=model, user=people.ada))


def test_it_works(other: StoredModel, people: People) -> None:
    found = preview(other, people)
    assert (found.state, found.tables_done, found.columns) == (ReplayState.DONE, 1, 4)
    (change,) = found.changes.all()
    assert (change.type_before, change.type_after) == ("address.city", "org.name")
    assert label_of("city").semantic_type == "address.city"
    services.activate_model(model=other, user=people.ada)
    finish_all()
    city = label_of("city")
    assert (city.semantic_type, city.model_version) == ("org.name", "learned-1")
    assert any("alike columns" in each["text"] for each in city.evidence)
    services.roll_back(user=people.ada)
    finish_all()
    assert label_of("city").semantic_type == "address.city"
    actions = AuditEntry.objects.filter(action__startswith="model_").values_list("action")
    assert {name for (name,) in actions} == {"model_activated", "model_rolled_back"}


def test_decision_stands_when_a_new_version_says_otherwise(
    other: StoredModel, people: People
) -> None:
    services.decide_label(label=label_of("city"), user=people.alice, kind="accept")
    found = preview(other, people)
    (change,) = found.changes.all()
    assert (change.decided, found.contradicted) == (True, 1)
    services.activate_model(model=other, user=people.ada)
    finish_all()
    city = label_of("city")
    assert (city.semantic_type, city.state) == ("address.city", LabelState.CONFIRMED)
    assert (city.machine_type, city.conflict) == ("org.name", True)


def test_activation_is_refused_when_nobody_has_seen_what_changes(
    other: StoredModel, people: People
) -> None:
    with pytest.raises(services.PreviewNeeded):
        services.activate_model(model=other, user=people.ada)
    services.start_preview(model=other, user=people.ada)
    with pytest.raises(services.PreviewNeeded):
        services.activate_model(model=other, user=people.ada)


def test_preview_is_spent_when_another_version_came_into_force(
    other: StoredModel, people: People
) -> None:
    second = store_layer("learned-2", make_layer(city="product.name"))
    preview(other, people)
    preview(second, people)
    services.activate_model(model=second, user=people.ada)
    with pytest.raises(services.PreviewNeeded):
        services.activate_model(model=other, user=people.ada)


def test_only_roles_for_everything_may_switch_when_asked(
    other: StoredModel, people: People
) -> None:
    for person, error in (
        (people.alice, NotThere),  # steward of one source
        (people.bob, NotThere),
        (people.charlie, NotThere),
    ):
        with pytest.raises((PermissionMissing, error)):
            services.start_preview(model=other, user=person)
        with pytest.raises((PermissionMissing, error)):
            services.activate_model(model=other, user=person)
        with pytest.raises((PermissionMissing, error)):
            services.roll_back(user=person)
    assert not Replay.objects.exists()


def test_switching_is_refused_when_it_makes_no_sense(other: StoredModel, people: People) -> None:
    with pytest.raises(services.NothingBefore):
        services.roll_back(user=people.ada)
    services.start_preview(model=other, user=people.ada)
    with pytest.raises(services.ReplayOpen):
        services.start_preview(model=other, user=people.ada)
    finish_all()
    services.activate_model(model=other, user=people.ada)
    with pytest.raises(services.AlreadyActive):
        services.activate_model(model=other, user=people.ada)
    with pytest.raises(services.ActiveModelReplayed):
        services.start_preview(model=other, user=people.ada)


def test_new_verdicts_come_from_the_new_version_when_a_run_follows(
    other: StoredModel, people: People
) -> None:
    preview(other, people)
    services.activate_model(model=other, user=people.ada)
    judge_tables(people.source, make_customers(row_count=12))
    assert label_of("city").semantic_type == "org.name"


# Work in slices


def make_many(people: People, number: int) -> None:
    for n in range(number):
        column = make_column("city", hits={"city": 0.7})
        judge_tables(people.source, make_table(f"t{n}", [column]))


def test_all_are_judged_once_when_the_work_is_cut_into_pieces(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.classification.services.replaying.SECONDS", 0.0)
    monkeypatch.setattr("apps.classification.services.replaying.SLICE", 2)
    make_many(people, 5)
    replay = services.start_preview(
        model=store_layer("learned-1", Layer(memory=())), user=people.ada
    )
    states = []
    for _ in range(4):
        finish(replay)
        states.append((replay.tables_done, replay.state))
    assert states == [(2, "running"), (4, "running"), (5, "running"), (5, "done")]


def test_queries_stay_few_when_tables_are_many(people: People) -> None:
    make_many(people, 20)
    replay = services.start_preview(
        model=store_layer("learned-1", Layer(memory=())), user=people.ada
    )
    with CaptureQueriesContext(connection) as queries:
        finish(replay)
    assert replay.tables_done == 20
    assert len(queries) < 40


def test_second_worker_does_nothing_when_the_first_is_at_work(
    other: StoredModel, people: People
) -> None:
    replay = services.start_preview(model=other, user=people.ada)
    Replay.objects.update(state="running", lease_until=timezone.now() + services.replaying.LEASE)
    assert finish(replay).tables_done == 0
    Replay.objects.update(lease_until=timezone.now())
    assert finish(replay).state == ReplayState.DONE


def test_lost_work_is_given_again_when_the_sweeper_comes(
    other: StoredModel, people: People, django_capture_on_commit_callbacks: object
) -> None:
    replay = services.start_preview(model=other, user=people.ada)
    Replay.objects.update(state="running", lease_until=timezone.now())
    with django_capture_on_commit_callbacks() as callbacks:
        services.sweep()
    assert len(callbacks) == 1
    Replay.objects.update(state="done")
    with django_capture_on_commit_callbacks() as callbacks:
        services.sweep()
    assert not callbacks
    assert replay.pk


def test_nothing_is_written_when_a_replay_was_cancelled(other: StoredModel, people: People) -> None:
    replay = services.start_preview(model=other, user=people.ada)
    with pytest.raises((PermissionMissing, NotThere)):
        services.cancel_replay(replay=replay, user=people.alice)
    services.cancel_replay(replay=replay, user=people.ada)
    assert finish(replay).state == ReplayState.CANCELLED
    assert not replay.changes.exists()
    with pytest.raises(services.ReplayClosed):
        services.cancel_replay(replay=replay, user=people.ada)


def test_model_comes_into_force_by_itself_when_it_moves_little(
    other: StoredModel, people: People
) -> None:
    replay = services.start_preview(model=other, user=None, then_activate=True)
    services.end_replay(replay_id=finish(replay).pk)
    assert Activation.objects.get().user is None
    assert active.find_active() == other
    services.end_replay(replay_id=replay.pk)
    assert Activation.objects.count() == 1


def test_model_waits_for_a_person_when_it_moves_much(
    other: StoredModel, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.classification.services.registry.FEW_MOVED", 0)
    replay = services.start_preview(model=other, user=None, then_activate=True)
    services.end_replay(replay_id=finish(replay).pk)
    assert active.find_active() is None


# Files


def test_trained_model_is_stored_when_its_files_are_sound(people: People, tmp_path: Path) -> None:
    save_model(dataclasses.replace(load_model(SHIPPED), version="model-x"), tmp_path / "m")
    call_command("register_model", tmp_path / "m", "--note", "from a test")
    made = StoredModel.objects.get(version="model-x")
    judge_tables(people.source, make_customers())
    assert preview(made, people).changed == 0
    services.activate_model(model=made, user=people.ada)
    finish_all()
    assert label_of("city").model_version == "model-x"
    with pytest.raises(CommandError, match="already"):
        call_command("register_model", tmp_path / "m")


@pytest.mark.parametrize("damage", ["arrays", "described", "missing", "foreign"])
def test_model_is_refused_when_its_file_is_not_ours(db: None, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m"
    save_model(load_model(SHIPPED), path)
    if damage == "arrays":
        path.with_suffix(".npz").write_bytes(path.with_suffix(".npz").read_bytes()[:-9] + b"x" * 9)
    elif damage == "described":
        told = path.with_suffix(".json")
        told.write_text(told.read_text().replace('"version": "', '"version": "evil-'))
    elif damage == "missing":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".npz").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(CommandError):
        call_command("register_model", path)
    assert not StoredModel.objects.exists()


def test_copy_is_written_anew_when_the_disk_damaged_it(other: StoredModel, people: People) -> None:
    path = place_file(other.file.sha256)
    assert path.is_relative_to(Path(settings.HOME))
    path.with_suffix(".npz").write_bytes(b"broken")
    assert preview(other, people).state == ReplayState.DONE
    assert path.with_suffix(".npz").read_bytes() == bytes(
        ModelFile.objects.get(pk=other.file_id).arrays
    )


def test_shipped_judge_goes_on_when_the_active_file_is_damaged(
    other: StoredModel, people: People, sign_in: SignIn
) -> None:
    preview(other, people)
    services.activate_model(model=other, user=people.ada)
    active._held.clear()
    place_file(other.file.sha256).with_suffix(".npz").write_bytes(b"broken")
    ModelFile.objects.filter(pk=other.file_id).update(arrays=b"broken")
    judge_tables(people.source, make_customers(row_count=13))
    assert label_of("city").semantic_type == "address.city"
    assert "Refused" in sign_in(people.ada).get(LIST).content.decode()
    with pytest.raises(ModelRefused):
        active.open_judge(other)


# Doors


def test_pages_show_and_switch_when_the_administrator_looks(
    other: StoredModel, people: People, sign_in: SignIn
) -> None:
    ada = sign_in(people.ada)
    assert "learned-1" in ada.get(LIST).content.decode()
    ada.post(reverse("classification:model-preview", args=[other.public_id]))
    assert "hx-trigger" in ada.get(LIST).content.decode()
    finish_all()
    replay = Replay.objects.get()
    detail = reverse("classification:replay-detail", args=[replay.public_id])
    assert "City" in ada.get(detail).content.decode()
    csv = ada.get(f"{detail}?format=csv").content.decode()
    assert "crm,main.customers,city,no,address.city,org.name" in csv
    ada.post(reverse("classification:model-activate", args=[other.public_id]))
    assert active.find_active() == other
    ada.post(reverse("classification:model-roll-back"))
    assert active.find_active() != other


def test_columns_are_hidden_when_the_source_may_not_be_seen(
    other: StoredModel, people: People, sign_in: SignIn
) -> None:
    judge_tables(make_source("secret"), make_customers())
    replay = preview(other, people)
    assert replay.changed == 2
    url = f"/api/v1/replays/{replay.public_id}/"
    assert client_of(people.ada).get(f"{url}changes/").json()["count"] == 2
    assert client_of(people.bob).get(f"{url}changes/").json()["count"] == 1
    (pair,) = client_of(people.bob).get(f"{url}summary/").json()
    assert pair["number"] == 1
    detail = reverse("classification:replay-detail", args=[replay.public_id])
    assert "secret" not in sign_in(people.bob).get(detail).content.decode()
    assert "city" not in sign_in(people.bob).get(f"{detail}?format=csv").content.decode()


def test_doors_are_closed_when_a_stranger_comes(
    other: StoredModel, people: People, sign_in: SignIn
) -> None:
    replay = preview(other, people)
    charlie, api = sign_in(people.charlie), client_of(people.charlie)
    assert charlie.get(LIST).status_code == 404
    for name, row in (
        ("model-preview", other),
        ("model-activate", other),
        ("replay-cancel", replay),
    ):
        url = reverse(f"classification:{name}", args=[row.public_id])
        assert charlie.post(url).status_code == 404
        assert sign_in(people.bob).post(url).status_code in (403, 404)
    detail = reverse("classification:replay-detail", args=[replay.public_id])
    assert charlie.get(detail).status_code == 404
    assert api.get(API).json()["count"] == 0
    assert api.get(f"{API}{other.public_id}/").status_code == 404
    assert api.post(f"{API}roll-back/").status_code in (403, 404)


def test_api_previews_and_switches_when_allowed(other: StoredModel, people: People) -> None:
    ada = client_of(people.ada)
    url = f"{API}{other.public_id}/"
    assert ada.post(f"{url}activate/").json()["code"] == "preview_needed"
    started = ada.post(f"{url}preview/")
    assert started.status_code == 202
    replay = f"/api/v1/replays/{started.json()['id']}/"
    finish_all()
    assert ada.get(replay).json()["changed"] == 1
    assert ada.post(f"{replay}cancel/").status_code == 409
    assert ada.post(f"{url}activate/").status_code == 201
    assert ada.get(url).json()["active"]
    assert ada.post(f"{API}roll-back/").json()["is_rollback"]
    assert client_of(people.bob).post(f"{API}roll-back/").status_code in (403, 404)


def test_history_tells_of_the_version_when_no_run_brought_it(
    other: StoredModel, people: People
) -> None:
    preview(other, people)
    services.activate_model(model=other, user=people.ada)
    finish_all()
    city = Label.objects.get(field__name="city")
    newest = PastVerdict.objects.filter(field=city.field_id).first()
    assert newest is not None
    assert (newest.job_id, newest.model_version) == (None, "learned-1")
