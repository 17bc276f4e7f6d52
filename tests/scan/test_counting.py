"""What the database counted of rare patterns: stored, shown and judged."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.classification.models import Label
from apps.compliance.collect import _rare_rate
from apps.discovery.models import Dataset
from apps.scan.counting import describe_counting, describe_mentions, describe_rare
from apps.scan.models import DatasetMeasurement, FieldMeasurement
from datawave_edge.connectors.rare import PATTERNS
from datawave_edge.features import find_mentions
from datawave_edge.protocol import ColumnProfile, ColumnSnapshot, Counting, TableSnapshot
from tests.catalog.factories import catalogue
from tests.conftest import SignIn
from tests.discovery.factories import make_column, make_table, make_unchanged
from tests.people import People

from .test_stage import scan


def make_tickets(rare: dict[str, int], **counting: Any) -> TableSnapshot:
    fields = {"state": "whole", "share": 1.0, "columns": 1, **counting}
    profile = ColumnProfile(rows=2_000, nulls=0, distinct=1_500, rare=rare)
    note: ColumnSnapshot = make_column("note", "text", profile=profile)
    return make_table("tickets", [note], row_count=10_000_000, counting=Counting(**fields))


def test_counts_are_stored_and_shown_when_a_table_holds_one_card(
    people: People, sign_in: SignIn
) -> None:
    scan(people.source, make_tickets({"card_number": 1, "email": 12_345}))
    assert FieldMeasurement.objects.get().rare == {"card_number": 1, "email": 12_345}
    assert DatasetMeasurement.objects.get().counting["state"] == "whole"
    url = reverse("catalog:asset", args=[Dataset.objects.get().public_id])
    page = sign_in(people.bob).get(f"{url}?tab=profile").content.decode()
    assert "1 row with card number" in page
    assert "12,345 rows with e-mail addresses" in page
    assert "every row of 1 column " in page
    assert sign_in(people.charlie).get(f"{url}?tab=profile").status_code == 404


@pytest.mark.parametrize("state", ["timeout", "budget", "failed", "unsupported"])
def test_reader_learns_that_only_the_sample_was_seen_when_there_are_no_counts(state: str) -> None:
    told = describe_counting({"state": state, "share": 0.0, "columns": 0})
    assert told is not None
    assert told["tone"] == "yellow"
    assert "sample" in told["text"]


def test_columns_are_told_when_time_ran_out_between_them() -> None:
    told = describe_counting({"state": "timeout", "share": 1.0, "columns": 44})
    assert told is not None
    assert told["tone"] == "yellow"
    assert "got through 44 columns" in told["text"]


def test_share_is_told_when_a_part_was_looked_at() -> None:
    told = describe_counting({"state": "part", "share": 0.25, "columns": 3})
    assert told is not None
    assert "25.0% of the rows of 3 columns" in told["text"]
    assert describe_counting({}) is None


def test_each_pattern_has_words_when_it_is_found() -> None:
    told = describe_rare(dict.fromkeys(PATTERNS, 2))
    assert len(told) == len(PATTERNS)
    assert not any("_" in each["text"] for each in told)


def test_personal_rate_is_of_the_whole_table_when_the_database_counted() -> None:
    table = make_tickets({"card_number": 100_000, "bcrypt": 9_000_000})
    assert table.columns[0].profile is not None
    assert _rare_rate(table.columns[0].profile, table) == pytest.approx(0.01)


def test_rate_of_each_identifier_is_shown_when_texts_mention_some(
    people: People, sign_in: SignIn
) -> None:
    profile = ColumnProfile(
        rows=500, nulls=0, distinct=480, mentions={"email": 0.218, "phone": 0.004}
    )
    table = make_table("tickets", [make_column("note", "text", profile=profile)])
    catalogue(people.source, [table])
    scan(people.source, make_unchanged(table))
    asset = reverse("catalog:asset", args=[Dataset.objects.get().public_id])
    label = reverse("classification:label-detail", args=[Label.objects.get().public_id])
    for url in (f"{asset}?tab=profile", label):
        page = sign_in(people.bob).get(url).content.decode()
        assert "22% of texts mention e-mail addresses" in page
        assert "under 1% of texts mention telephone numbers" in page
        assert sign_in(people.charlie).get(url).status_code == 404


@pytest.mark.parametrize("code", ["email", "url", "ipv4", "phone", "card_number", "iban", "us_ssn"])
def test_each_mention_has_words_when_it_is_found(code: str) -> None:
    assert code in find_mentions(
        "Ask a@b.example, www.b.example, 10.0.0.1, +49 171 5550100, 123-45-6789"
        " or 4539 1488 0343 6467 and DE89370400440532013000"
    )
    (told,) = describe_mentions({code: 0.5})
    assert told["text"].startswith("50% of texts mention ")
    assert "_" not in told["text"]
