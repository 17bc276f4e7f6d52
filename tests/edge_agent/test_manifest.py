"""The manifest says of each field that can leave what it may reveal, and its hash follows it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from datawave_edge import manifest, protocol
from datawave_edge.outbox import Outbox
from datawave_edge.protocol import batch_sha256
from tests.edge_agent.conftest import Discover, sqlite_spec
from tests.edge_agent.fake_server import FakeServer

ROOT = Path(__file__).resolve().parents[2]
# What only the server says.
INCOMING = {
    "Ack", "Challenge", "CloseAck", "ConnectionSpec", "Directive", "DiscoveryWork", "Grant",
    "HeartbeatReply", "Interval", "NoWork", "Opened", "Recogniser", "Rotated",
    "RunSettings", "Sketching", "TestWork", "WithheldColumn",
}  # fmt: skip


def test_each_field_is_declared_when_it_can_leave() -> None:
    bare = [f"{field.message}.{field.name}" for field in manifest.list_fields() if not field.kind]
    assert bare == [], "declare in manifest.py what these may reveal"
    assert {field.kind for field in manifest.list_fields()} <= set(manifest.KINDS)


def test_nothing_is_declared_that_does_not_exist() -> None:
    real = {(field.message, field.name) for field in manifest.list_fields()}
    declared = {
        (message, name)
        for message, kinds in manifest._DECLARED.items()
        for names in kinds.values()
        for name in names.split()
    }
    assert declared == real


def test_each_message_is_listed_when_an_agent_sends_it() -> None:
    known = {
        name
        for module in (protocol, protocol.identity)
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, msgspec.Struct)
    }
    listed = {field.message for field in manifest.list_fields()}
    assert known - INCOMING - {"Shape"} <= listed, (
        "add these to manifest.ROOTS, or to INCOMING here"
    )


def test_no_field_takes_text_without_a_bound() -> None:
    unbound = [f for f in manifest.list_fields() if f.type.split(" or ")[0] == "text"]
    assert unbound == []


def test_hash_differs_when_a_declaration_does(monkeypatch: pytest.MonkeyPatch) -> None:
    before = manifest.schema_hash()
    assert before == manifest.schema_hash.__wrapped__()
    monkeypatch.setitem(manifest.KINDS, "count", "Everything.")
    assert manifest.schema_hash.__wrapped__() != before


def test_docs_list_the_manifest_as_it_is() -> None:
    told = (ROOT / "docs" / "egress.md").read_text(encoding="utf-8")
    fields = manifest.render().split("\n\n", 1)[1]
    assert fields in told, "copy the output of `datawave-edge egress --schema` into docs/egress.md"


# The command.


def run_egress(spool: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "datawave_edge", "egress", "--spool", str(spool), *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def test_schema_is_printed_with_its_hash_when_asked(tmp_path: Path) -> None:
    printed = run_egress(tmp_path / "none", "--schema")
    assert printed.returncode == 0
    assert printed.stdout.decode() == manifest.render()
    assert manifest.schema_hash() in printed.stdout.decode()


def test_bytes_of_a_batch_are_those_that_the_server_got_when_printed(
    fake: FakeServer, discover: Discover, outbox: Outbox, shop: Path, tmp_path: Path
) -> None:
    discover(sqlite_spec(shop), "job-1", tables_per_batch=2)
    batches = fake.batches["job-1"]
    assert len(batches) >= 2
    for seq, body in batches.items():
        printed = run_egress(tmp_path / "spool", "job-1", str(seq))
        assert printed.stdout == body
        assert batch_sha256(printed.stdout) in outbox.list_hashes("job-1")
    whole = run_egress(tmp_path / "spool", "job-1").stdout
    assert whole == b"".join(body for _, body in sorted(batches.items()))


def test_answer_names_what_is_missing_when_there_is_no_such_batch(
    discover: Discover, shop: Path, tmp_path: Path
) -> None:
    discover(sqlite_spec(shop), "job-1")
    for arguments in (("job-1", "99"), ("other",), ("job-",)):
        printed = run_egress(tmp_path / "spool", *arguments)
        assert printed.returncode == 1
        assert b"no such batch" in printed.stderr
        assert b"Traceback" not in printed.stderr


def test_server_is_told_the_hash_when_a_stream_opens(
    fake: FakeServer, discover: Discover, shop: Path
) -> None:
    discover(sqlite_spec(shop), "job-1")
    assert any(manifest.schema_hash().encode() in each for each in fake.heard)
