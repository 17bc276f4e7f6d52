"""An agent that is not honest: it sends recorded batches out of order, twice, and damaged."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from datawave_edge.protocol import WINDOW, Record, batch_sha256, root_hash
from datawave_edge.protocol.compression import find_encoding, pack, unpack
from tests.faults.harness.versions import add_novelties

if TYPE_CHECKING:
    from tests.faults.harness.trial import Trial

REFUSED = {400, 409, 413, 415, 422, 425}
# Told to come back later, when what is missing is there.
TOO_FAR = {425, 429}
# It is quicker than the server lets an agent be.
TOO_OFTEN, PATIENCE = 429, 5
DAMAGES = 25
NEWER = "1.999"


@dataclass(frozen=True)
class Recorded:
    """A batch as the honest agent sent it."""

    seq: int
    sha: str
    records: int
    packed: bytes


class FakeAgent:
    """Speaks the protocol with the embedded agent's token."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.job = ""
        # Of the protocol; the server's own when empty.
        self.version = ""
        # The server has ended the stream.
        self.is_over = False
        self.batches = [Recorded(*row) for row in trial.bench.recorded["batches"]]

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """A control message; status and answer."""
        return self._send("POST", path, json.dumps(body).encode(), {})

    def put(self, batch: Recorded, packed: bytes | None = None, **headers: str) -> int:
        """A batch, perhaps damaged; the status. What is acknowledged goes into the history."""
        status, answer = self._send(
            "PUT",
            f"/jobs/{self.job}/batches/{batch.seq}",
            batch.packed if packed is None else packed,
            {
                "Content-Encoding": find_encoding(batch.packed),
                "DataWave-Batch-Sha256": headers.get("sha", batch.sha),
                "DataWave-Batch-Records": headers.get("records", str(batch.records)),
            },
        )
        if status == 200:
            fact = {"kind": "ack", "job": self.job, "seq": batch.seq, "status": answer["status"]}
            with self.trial.installation.history.open("a", encoding="utf-8") as file:
                file.write(json.dumps(fact | {"sha": headers.get("sha", batch.sha)}) + "\n")
        return status

    def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(
            f"{self.trial.installation.url}/api/edge/v1{path}", method=method, data=body,
            headers={
                "Authorization": f"Bearer {self.trial.installation.agent_token}",
                "Content-Type": "application/json", **headers,
                **({"DataWave-Edge": self.version} if self.version else {}),
            },
        )  # fmt: skip
        for _ in range(PATIENCE):
            try:
                with urllib.request.urlopen(request, timeout=40) as answer:
                    return answer.status, json.loads(answer.read() or b"{}")
            except urllib.error.HTTPError as error:
                told = error.code, json.loads(error.read() or b"{}")
            if told[0] != TOO_OFTEN:
                break
            time.sleep(1)
        return told

    def take_job(self) -> None:
        """Lease the job of the trial's run and open its stream."""
        for _ in range(10):
            status, work = self.post("/work", {"wait": 5})
            if status == 200 and work.get("work") == "discovery":
                break
        self.job = work["job"]
        assert self.open() == 200

    def open(self, **more: Any) -> int:
        """Open the stream, or take it up."""
        message = {"agent_time": "2026-01-01T00:00:00Z", **more}
        return self.post(f"/jobs/{self.job}/open", message)[0]

    def count_from(self, seq: int) -> int:
        """Batches of this number and above that the server holds."""
        return int(
            self.trial.installation.store.get(
                "SELECT count(*) FROM discovery_batch b JOIN racine_run r ON r.job_id = b.job_id"
                f" WHERE r.id = {self.trial.run_number} AND b.seq >= {seq}"
            )
        )

    def close(self) -> dict[str, Any]:
        """End the stream as the honest agent did."""
        return self.post(f"/jobs/{self.job}/close", self._make_close())[1]

    def _make_close(self) -> dict[str, Any]:
        recorded: dict[str, Any] = self.trial.bench.recorded["close"]
        return recorded | {
            "last_seq": len(self.batches) - 1,
            "root_hash": root_hash([batch.sha for batch in self.batches]),
        }

    def end(self) -> None:
        """Close, sending what the server lacks, as the honest agent would."""
        for _ in range(5):
            answer = self.close()
            if answer.get("status") == "closed":
                return
            for seq in answer.get("missing", []):
                self.put(self.batches[seq])
        self.trial.violations.append(f"I3 the stream could not be closed: {answer}")


def drive(trial: Trial, act: Callable[[FakeAgent], None]) -> None:
    """Let a fake agent do the run in place of the real one."""
    child = trial.installation.children["agent"]
    child.stop()
    # Its own first run is another thing than the recorded one.
    trial.changed = False
    try:
        agent = FakeAgent(trial)
        trial.start_run()
        agent.take_job()
        act(agent)
        if not agent.is_over:
            agent.end()
    finally:
        child.start()


def make_reordering(dice: random.Random) -> Callable[[Trial], None]:
    """Any order, some left out for the close to ask for, some twice, some ten at once."""

    def act(agent: FakeAgent) -> None:
        _send_too_far_ahead(agent, dice)
        order = [batch for batch in agent.batches if dice.random() < 0.8]
        dice.shuffle(order)
        for batch in order:
            copies = dice.choice((1, 1, 2, 10))
            with ThreadPoolExecutor(copies) as pool:
                statuses = list(pool.map(agent.put, [batch] * copies))
            agent.trial.injected += copies
            # A busy database may ask for the same again, and must not have taken it in twice.
            strange = set(statuses) - {200, 503}
            if strange:
                agent.trial.violations.append(f"I1 a repeated batch was answered {strange}")
            if dice.random() < 0.3:
                agent.open()
        if len(order) < len(agent.batches) and agent.close().get("status") == "closed":
            agent.trial.violations.append("I1 a stream with gaps was closed")

    return lambda trial: drive(trial, act)


def _send_too_far_ahead(agent: FakeAgent, dice: random.Random) -> None:
    """The first number beyond the window, and others: with nothing taken in yet, none may be."""
    first = WINDOW
    for seq in (first, first + 1, first + dice.randint(2, 500)):
        status = agent.put(replace(dice.choice(agent.batches), seq=seq))
        agent.trial.injected += 1
        if status not in TOO_FAR:
            agent.trial.violations.append(f"I1 batch {seq} beyond a gap was answered {status}")
    if kept := agent.count_from(first):
        agent.trial.violations.append(f"I1 {kept} batches beyond the window were kept")


def make_damaging(dice: random.Random) -> Callable[[Trial], None]:
    """Each batch is first sent damaged, many times; all of that must be refused."""

    def act(agent: FakeAgent) -> None:
        for _ in range(DAMAGES):
            batch = dice.choice(agent.batches)
            kind, packed, headers = _damage(dice, batch, agent.batches)
            status = agent.put(batch, packed, **headers)
            agent.trial.injected += 1
            if status not in REFUSED:
                agent.trial.violations.append(f"I1 {kind} was answered {status}")
        for batch in agent.batches:
            agent.put(batch)
        if contradicts:
            _contradict(agent)

    contradicts = dice.random() < 0.5
    return lambda trial: drive(trial, act)


def _contradict(agent: FakeAgent) -> None:
    """Two batches of one number: nothing that this agent says from here on is certain."""
    batch, other = agent.batches[:2]
    if agent.put(batch, other.packed, sha=other.sha, records=str(other.records)) != 409:
        agent.trial.violations.append("I1 another batch with a used number was taken")
    agent.trial.injected += 1
    agent.is_over = True
    if agent.put(batch) != 409:
        agent.trial.violations.append("I1 a stream that contradicts itself goes on")


def make_newer(dice: random.Random) -> Callable[[Trial], None]:
    """An agent of the next minor version: it says more than this server knows, everywhere.

    Of this version nobody may do that; what needs a newer server is told so.
    """

    def act(agent: FakeAgent) -> None:
        agent.version = NEWER
        if agent.open(novelty=1) != 200:
            agent.trial.violations.append("I1 a newer agent could not open its stream")
        for batch in (newer := [_make_novel(batch) for batch in agent.batches]):
            if dice.random() < 0.5:
                _expect_refusals(agent, batch)
            if (status := agent.put(batch)) != 200:
                agent.trial.violations.append(f"I1 a newer agent's batch was answered {status}")
            agent.trial.injected += 1
        agent.batches = newer

    return lambda trial: drive(trial, act)


def _make_novel(batch: Recorded) -> Recorded:
    lines = unpack(batch.packed).splitlines()
    body = b"".join(
        json.dumps(add_novelties(json.loads(line), Record)).encode() + b"\n" for line in lines
    )
    return Recorded(batch.seq, batch_sha256(body), batch.records, pack(body))


def _expect_refusals(agent: FakeAgent, batch: Recorded) -> None:
    try:
        for version, wanted in (("2.0", 426), ("0.9", 426), ("nonsense", 400)):
            agent.version = version
            if (status := agent.put(batch)) != wanted:
                agent.trial.violations.append(f"I12 version {version} was answered {status}")
        agent.version = ""
        if (status := agent.open(novelty=1)) not in REFUSED:
            agent.trial.violations.append(f"I9 an undeclared field was answered {status}")
        if (status := agent.open(needs=["teleport"])) != 426:
            agent.trial.violations.append(f"I12 an unknown capability was answered {status}")
    finally:
        agent.version = NEWER


def _damage(
    dice: random.Random, batch: Recorded, batches: list[Recorded]
) -> tuple[str, bytes, dict[str, str]]:
    kind = dice.choice(("flip", "cut", "sha", "records", "swap"))
    if kind == "flip":
        place, bit = dice.randrange(10, len(batch.packed)), 1 << dice.randrange(8)
        packed = bytearray(batch.packed)
        packed[place] ^= bit
        return f"bit {bit} of byte {place} flipped", bytes(packed), {}
    if kind == "cut":
        place = dice.randrange(len(batch.packed))
        return f"cut at {place}", batch.packed[:place], {}
    if kind == "sha":
        return "a wrong hash", batch.packed, {"sha": dice.randbytes(32).hex()}
    if kind == "records":
        return "a wrong count", batch.packed, {"records": str(batch.records + 1)}
    other = dice.choice([each for each in batches if each.seq != batch.seq])
    return "another batch's body", other.packed, {}
