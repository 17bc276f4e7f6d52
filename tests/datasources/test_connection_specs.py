"""No door takes a connection that leads elsewhere than its fields say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from apps.datasources import services
from apps.datasources.connection import SourceInvalid
from apps.datasources.models import DataSource
from apps.datasources.types import Engine
from tests.conftest import SignIn
from tests.connection_specs import (
    FILE_ENGINES,
    FOREIGN_FIELDS,
    SERVER_ENGINES,
    Trap,
    make_traps,
    make_valid,
)
from tests.datasources.test_rest import SOURCES, client_of
from tests.people import People

pytestmark = pytest.mark.django_db
TRAPS = list(make_traps())
ENGINES = "/api/v1/engines/"


def fields_of(trap: Trap) -> dict[str, Any]:
    return {"name": "trap", **make_valid(trap.engine), trap.field: trap.value}


def test_there_are_enough_traps_when_counted() -> None:
    assert len(set(TRAPS)) >= 250


@pytest.mark.parametrize("engine", [*SERVER_ENGINES, *FILE_ENGINES])
def test_source_is_added_when_its_fields_are_plain(people: People, engine: str) -> None:
    assert services.add_source(user=people.ada, name="plain", **make_valid(engine)).pk


def test_service_names_the_field_when_one_is_a_trap(people: People) -> None:
    for trap in TRAPS:
        with pytest.raises(SourceInvalid) as caught:
            services.add_source(user=people.ada, **fields_of(trap))
        assert trap.field in caught.value.problems, trap
    assert not DataSource.objects.filter(name="trap").exists()


def test_rest_names_the_field_when_one_is_a_trap(people: People) -> None:
    client = client_of(people.ada)
    for trap in TRAPS:
        cache.clear()
        answer = client.post(SOURCES, fields_of(trap), format="json")
        if isinstance(trap.value, str) and trap.value != trap.value.strip():
            # The door strips blanks, and what is left is plain.
            DataSource.objects.filter(name="trap").delete()
            continue
        assert answer.status_code in (400, 422), (trap, answer.json())
        assert trap.field in {each["field"] for each in answer.json()["errors"]}, trap
    assert not DataSource.objects.filter(name="trap").exists()


def test_form_adds_nothing_when_a_field_is_a_trap(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ada)
    # A page of text has no types: what is no text there, the form itself turns into one. A page is
    # slow to make, and the service behind it refuses each of them in its own test.
    for trap in TRAPS[::7]:
        values = {name: "" if value is None else value for name, value in fields_of(trap).items()}
        answer = client.post(f"/sources/add/?engine={trap.engine}", values)
        if trap.engine in FILE_ENGINES and trap.field != "database":
            # The form leaves out what the engine has no use for.
            DataSource.objects.filter(name="trap", host="", port=None, username="").delete()
            continue
        if trap.field == "dialect" and trap.engine != "sqlalchemy":
            DataSource.objects.filter(name="trap", dialect="").delete()
            continue
        if isinstance(trap.value, str) and trap.value != trap.value.strip():
            # A form strips blanks, and what is left is plain.
            DataSource.objects.filter(name="trap").delete()
            continue
        assert answer.status_code == 422, trap
    assert not DataSource.objects.filter(name="trap").exists()


@pytest.mark.parametrize("field", FOREIGN_FIELDS)
def test_setting_of_a_driver_goes_nowhere_when_sent_to_rest(people: People, field: str) -> None:
    body = {"name": "foreign", **make_valid("postgresql"), field: "host=/tmp"}
    answer = client_of(people.ada).post(SOURCES, body, format="json")
    assert answer.status_code in (201, 400, 422)
    for source in DataSource.objects.filter(name="foreign"):
        assert "/tmp" not in str([getattr(source, each.attname) for each in source._meta.fields])


@pytest.mark.parametrize("place", ["", "..", "../..", "agent"])
def test_folder_is_refused_when_it_holds_or_is_within_datawave_itself(
    people: People, settings: Any, tmp_path: Path, place: str
) -> None:
    settings.HOME = str(tmp_path / "a" / "home")
    folder = Path(settings.HOME, place).resolve()
    fields = {**make_valid("files"), "database": str(folder)}
    with pytest.raises(SourceInvalid) as caught:
        services.add_source(user=people.ada, name="own", **fields)
    assert "belongs to DataWave" in caught.value.problems["database"]


def test_engines_say_what_they_need_and_how_far_they_are_proven(people: People) -> None:
    told = {each["engine"]: each for each in client_of(people.bob).get(ENGINES).json()}
    assert set(told) == set(Engine.values)
    assert (told["files"]["database_label"], told["files"]["needs_host"]) == ("Folder", False)
    assert told["mysql"]["database_required"] is False
    assert told["duckdb"]["is_proven"] is True
    assert told["oracle"]["is_proven"] is False


def test_form_says_so_when_an_engine_was_not_yet_tested_live(
    people: People, sign_in: SignIn
) -> None:
    page = sign_in(people.ada).get("/sources/add/").content.decode()
    assert page.count("not yet tested against a live server") == 2
