"""Bad batches by the thousand through the real door: each gets its answer, none leaves a trace."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.datasources.models import DataSource
from apps.discovery.models import Batch, BatchItem, Dataset, DiscoveryJob
from apps.discovery.types import BatchState, JobState
from tests.corpus.batches import list_cases
from tests.corpus.case import QUARANTINED, Case, make_case, seed_body
from tests.factories import make_agent, make_source

from .factories import open_stream

API = "/api/edge/v1"
TOKEN = "dwa_corpus"
CHUNKS = 12
# Whatever is sent, the server answers with one of these.
DOCUMENTED = {
    "accepted": 200, "duplicate": 200, "quarantined": 200, "gzip_broken": 400, "zstd_broken": 400,
    "hash_mismatch": 400,
    "protocol_malformed": 400, "not_there": 404, "batch_too_large": 413, "body_too_large": 413,
    "encoding_unsupported": 415, "window_exceeded": 425, "protocol_unsupported": 426,
}  # fmt: skip
CASES = list_cases()


@pytest.fixture
def source(db: None) -> DataSource:
    return make_source("crm")


@pytest.fixture
def job(source: DataSource) -> DiscoveryJob:
    """A stream that is open."""
    agent = make_agent("embedded", token=TOKEN, embedded=True)
    opened, _ = open_stream(source, agent=agent)
    return opened


def send(job: DiscoveryJob, case: Case, seq: int) -> Any:
    """Send one case as the next batch."""
    cache.clear()  # the limit of calls is not what is looked at here
    return Client(raise_request_exception=True).put(
        f"{API}/jobs/{job.public_id}/batches/{case.seq or seq}",
        case.packed,
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {TOKEN}", **case.headers},
    )


def read(answer: Any) -> str:
    """The answer in a word."""
    if answer["Content-Type"] == "application/problem+json":
        return str(answer.json()["code"])
    return str(json.loads(answer.content)["status"])


def test_corpus_is_large_and_has_no_case_twice() -> None:
    assert len(CASES) > 2_400
    assert len({(case.packed, case.seq, *sorted(case.headers.items())) for case in CASES}) > 2_300


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_each_bad_batch_gets_its_answer(job: DiscoveryJob, chunk: int) -> None:
    seq, wrong, ledger = 0, [], 0
    for case in CASES[chunk::CHUNKS]:
        answer = send(job, case, seq)
        word = read(answer)
        if word not in case.expected or answer.status_code != DOCUMENTED.get(word):
            wrong.append((case.name, answer.status_code, word, sorted(case.expected)))
        if word in ("accepted", "quarantined"):
            seq, ledger = seq + 1, ledger + 1
            # The same tables come in many disguises; each is looked at for itself.
            BatchItem.objects.all().delete()
    assert wrong == []
    assert Batch.objects.count() == ledger
    job.refresh_from_db()
    assert job.state == JobState.STREAMING


def test_nothing_is_kept_of_what_was_refused_or_set_aside(job: DiscoveryJob) -> None:
    seq = 0
    for case in CASES[::7]:
        if case.expected & {"accepted"}:
            continue
        if read(send(job, case, seq)) == "quarantined":
            seq += 1
    assert seq > 50
    assert (Dataset.objects.count(), BatchItem.objects.count()) == (0, 0)
    assert not Batch.objects.exclude(state=BatchState.QUARANTINED).exists()


def test_answer_repeats_nothing_of_the_batch_when_it_is_wrong(job: DiscoveryJob) -> None:
    canary = "canary-4111111111111111"
    for number, change in enumerate((
        (b'"people"', b'{"%s":1}'), (b'"text"', b'"%s"'), (b'"people"', b'"people","%s":1'),
        (b"4096", b'"%s"'), (b'"record":"table"', b'"record":"%s"'),
    )):  # fmt: skip
        body = seed_body("canary").replace(change[0], change[1] % canary.encode(), 1)
        answer = send(job, make_case("canary", body, QUARANTINED), number)
        assert read(answer) == "quarantined"
        assert canary not in answer.content.decode()
    assert canary not in json.dumps(list(Batch.objects.values_list("reasons", flat=True)))


def test_memory_stays_flat_when_bombs_come(job: DiscoveryJob) -> None:
    bombs = [case for case in CASES if "bomb" in case.name or case.name == "pack_badly[large]"]
    assert len(bombs) == 5
    send(job, bombs[0], 0)
    tracemalloc.start()
    try:
        for case in bombs:
            assert read(send(job, case, 0)) in case.expected
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # What is unpacked ends at 8 MiB however much there would be: 24 MiB in each bomb.
    assert peak < 24 * 1024 * 1024
