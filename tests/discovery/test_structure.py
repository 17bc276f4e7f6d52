"""Structure as it was told: kept, shown on the asset page and answered by the API."""

from __future__ import annotations

import pytest

from apps.discovery.models import Dataset
from datawave_edge.protocol import (
    ColumnSnapshot,
    Constraint,
    DatasetName,
    ForeignKey,
    Grants,
    Index,
    Partitioning,
    Sequence,
    TableSnapshot,
)
from tests.conftest import SignIn
from tests.discovery.factories import feed_job, make_column, make_table
from tests.discovery.test_rest import read
from tests.people import People

pytestmark = pytest.mark.django_db


def make_parent() -> TableSnapshot:
    code: ColumnSnapshot = make_column("code", base_type="varchar(9)", native_type="zoo.code")
    return make_table(
        "visits",
        [make_column("id", "integer", key_position=1, identity="always"), code],
        constraints=[Constraint(kind="check", name="grown", columns=["code"], expression="x > ?")],
        indexes=[Index(name="few", columns=["code"], partial=True, method="btree")],
        sequences=[Sequence(name="visits_id_seq", column="id")],
        partitioning=Partitioning(strategy="range", columns=["day"], partitions=2),
        grants=Grants(read_roles=2, read_logins=17, column_grants=3),
        row_security=True,
        foreign_keys=[
            ForeignKey(columns=["code"], target_container="", target_name="x", target_columns=[])
        ],
    )


def make_child(name: str, parent: str) -> TableSnapshot:
    return make_table(
        name,
        kind="partition",
        parents=[DatasetName(container="main", name=parent)],
        definition="SELECT <b>? FROM visits",
    )


@pytest.fixture
def zoo(people: People) -> People:
    feed_job(
        people.source,
        [make_parent(), make_child("visits_1", "visits"), make_child("lost_1", "<lost>")],
    )
    return people


def path_of(name: str) -> str:
    return f"/catalog/{Dataset.objects.get(name=name).public_id}/?tab=structure"


def test_structure_is_shown_when_a_teammate_opens_the_tab(zoo: People, sign_in: SignIn) -> None:
    page = sign_in(zoo.bob).get(path_of("visits")).content.decode()
    for told in (
        "x &gt; ?", "visits_id_seq", "Range of", "2 partitions", "17 sign-ins", "Row security",
        "zoo.code", "varchar(9)", "The database, always", "only some rows",
    ):  # fmt: skip
        assert told in page


def test_parent_is_linked_when_it_is_known(zoo: People, sign_in: SignIn) -> None:
    known = sign_in(zoo.bob).get(path_of("visits_1")).content.decode()
    parent = Dataset.objects.get(name="visits")
    assert f'href="/catalog/{parent.public_id}/?tab=structure"' in known
    lost = sign_in(zoo.bob).get(path_of("lost_1")).content.decode()
    assert "main.&lt;lost&gt;" in lost
    assert "SELECT &lt;b&gt;? FROM visits" in lost


def test_tab_says_so_when_the_table_could_not_be_read(people: People, sign_in: SignIn) -> None:
    feed_job(people.source, [make_table("a")])
    dataset = Dataset.objects.get()
    dataset.snapshot = None
    dataset.save()
    assert "Not read yet" in sign_in(people.bob).get(path_of("a")).content.decode()
    assert read(people.bob, f"datasets/{dataset.public_id}/structure/").status_code == 404


def test_structure_is_not_there_for_a_stranger(zoo: People, sign_in: SignIn) -> None:
    assert sign_in(zoo.charlie).get(path_of("visits")).status_code == 404
    dataset = Dataset.objects.get(name="visits")
    path = f"datasets/{dataset.public_id}/structure/"
    assert [read(who, path).status_code for who in (zoo.alice, zoo.bob, zoo.charlie)] == [
        200, 200, 404,
    ]  # fmt: skip


def test_page_and_api_say_so_when_columns_are_hidden(people: People, sign_in: SignIn) -> None:
    feed_job(people.source, [make_table("open"), make_table("part", columns_hidden=True)])
    told = {}
    for name in ("open", "part"):
        page = sign_in(people.bob).get(path_of(name)).content.decode()
        dataset = Dataset.objects.get(name=name)
        answer = read(people.bob, f"datasets/{dataset.public_id}/structure/").json()
        told[name] = ("Hidden columns" in page, answer["columns_hidden"])
    assert told == {"open": (False, False), "part": (True, True)}


def test_structure_is_answered_when_the_api_is_asked(zoo: People) -> None:
    dataset = Dataset.objects.get(name="visits")
    told = read(zoo.bob, f"datasets/{dataset.public_id}/structure/").json()
    assert told["constraints"] == [
        {"kind": "check", "name": "grown", "columns": ["code"], "expression": "x > ?"}
    ]
    assert (told["grants"]["read_logins"], told["row_security"]) == (17, True)
    assert told["partitioning"] == {"strategy": "range", "columns": ["day"], "partitions": 2}
    assert told["definition"] == ""
