"""One run with its faults: prepare, inject, wait for the end, check, and shrink what failed."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
import urllib.error
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.harness import estate
from tests.faults.harness.canonical import (
    Picture,
    list_late_writes,
    load_outputs,
    load_picture,
)
from tests.faults.harness.checker import (
    Expectation,
    Mark,
    Seen,
    check,
    find_stray,
    is_terminal,
    set_mark,
)
from tests.faults.harness.installation import Installation, Kind, Mode, Unavailable
from tests.faults.harness.plan import Injection, Plan
from tests.faults.harness.reader import Reader

if TYPE_CHECKING:
    from tests.faults.harness.site import Site

END_SECONDS = 100
QUIET_SECONDS = 0.15
# How far what is shown may lag behind, which is as often as somebody looks.
LAG_SECONDS = 1.0
# After the end of a cancelled run, for a worker that was held to come back and write.
LATE_SECONDS = 2.0


class Bench:
    """An installation with the oracle's pictures, on which trials run one after another."""

    def __init__(self, mode: Mode, kind: Kind = "plain") -> None:
        self.mode, self.kind = mode, kind
        self.installation = Installation(mode, kind).start()
        self.number = 0
        self.pictures: dict[bool, Picture] = {}
        self.recorded: dict[str, Any] = {}
        for changed in (False, True):
            path = self.installation.folder / f"estate-{changed}.source"
            estate.build(path, changed=changed)
        self.get_picture(changed=False)
        self._add_secret_source()

    def get_picture(self, *, changed: bool) -> Picture:
        """What a run without faults comes to; asked for once."""
        if changed not in self.pictures:
            self.pictures[changed] = self._run_oracle(changed=changed)
        return self.pictures[changed]

    def _run_oracle(self, *, changed: bool) -> Picture:
        trial = Trial(self, Plan([]), changed=changed)
        assert not (violations := trial.run(oracle=True)), violations
        return load_picture(self.installation.store, trial.source)

    def _add_secret_source(self) -> None:
        """A source whose password must never be seen, and whose run must fail."""
        body = {"name": "vault", "engine": "postgresql", "host": "127.0.0.1", "port": 9}
        body |= {"database": "x", "username": "u", "password": estate.PASSWORD_CANARY}
        source = self.installation.call("POST", "sources/", body)
        run = self.installation.call("POST", "runs/", {"source": source["id"]})
        number = run["number"]

        def failed() -> bool:
            state = self.installation.store.get(f"SELECT state FROM racine_run WHERE id = {number}")
            return bool(state == "failed")

        deadline = time.monotonic() + 60
        while not failed():
            assert time.monotonic() < deadline, "The run of an unreachable source did not fail."
            time.sleep(0.1)

    def stop(self, *, keep: bool = False) -> None:
        """End the processes; the folder goes too unless it is to be looked at."""
        self.installation.stop()
        if not keep:
            shutil.rmtree(self.installation.folder, ignore_errors=True)


@dataclass
class Trial:
    """A run of a fresh source under the faults of a plan."""

    bench: Bench
    plan: Plan
    changed: bool = False
    source: int = 0
    run_number: int = 0
    run_id: str = ""
    source_id: str = ""
    tables: int = 0
    injected: int = 0
    # The faults as they were told, and what else there is to know.
    told: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    page: Any = None
    site: Site | None = None
    pressed_at: float | None = None

    @property
    def installation(self) -> Installation:
        """Where it runs."""
        return self.bench.installation

    def run(self, *, oracle: bool = False) -> list[str]:
        """Violations, none when all is well."""
        self._make_source()
        if self.changed:
            self._discover_first()
        if self.plan.prepare:
            self.plan.prepare(self)
        self.installation.history.unlink(missing_ok=True)
        reader = Reader(self.installation.store, self.source, self.seen).start()
        try:
            self._go_through()
        finally:
            reader.stop()
            self._mend()
        if oracle:
            self._record()
            return [] if self.get_state() == "completed" else ["The oracle did not complete."]
        return self._check()

    # Preparation

    def _make_source(self) -> None:
        self.bench.number += 1
        name = f"trial-{self.bench.number:05d}"
        self.path = self.installation.folder / f"{name}.source"
        shutil.copy(self.installation.folder / "estate-False.source", self.path)
        self.tables = estate.count_tables(changed=self.changed)
        body = {"name": name, "engine": "sqlite", "database": str(self.path)}
        made = self.installation.call("POST", "sources/", body)
        self.source_id = made["id"]
        self.source = self.installation.store.get(
            f"SELECT id FROM datasources_datasource WHERE name = '{name}'"
        )

    def _discover_first(self) -> None:
        self.start_run()
        self.wait_for_end()
        assert self.get_state() == "completed", "The fault-free first run did not complete."
        shutil.copy(self.installation.folder / "estate-True.source", self.path)

    def start_run(self) -> None:
        """Start a run of the source."""
        try:
            made = self.installation.call("POST", "runs/", {"source": self.source_id})
        except urllib.error.HTTPError as error:
            # A first request was heard, and its answer lost.
            if error.code != 409:
                raise
            made = self.installation.call("GET", f"runs/?source={self.source_id}")["results"][0]
        self.run_id, self.run_number = made["id"], made["number"]

    # The run

    def _go_through(self) -> None:
        injections = list(self.plan.injections)
        if self.plan.drive:
            self.plan.drive(self)
        else:
            injecting = threading.Thread(target=self._inject, args=(injections,), daemon=True)
            first_armed = self._armed = threading.Event()
            injecting.start()
            if injections:
                first_armed.wait(1)
            self.start_run()
            self._started.set()
            injecting.join(END_SECONDS)
        self.wait_for_end()
        self._watch_late_writes()
        self.installation.wait_until_up()
        self._look()
        time.sleep(QUIET_SECONDS)

    def __post_init__(self) -> None:
        self._started = threading.Event()
        self._armed = threading.Event()

    def _inject(self, injections: list[Injection]) -> None:
        for injection in injections:
            self.told.append(injection.text)
            try:
                injection.act(self)
            except Exception as error:  # told as a violation
                self.violations.append(f"HARNESS {type(error).__name__}: {error}")
        self._armed.set()

    def spring(self, point: str, nth: int, action: str, seconds: float = 0.0) -> bool:
        """Set a trap and wait until a process has run into it, or the run is over."""
        mark = uuid.uuid4().hex
        trap = {"id": mark, "point": point, "nth": nth, "action": action, "seconds": seconds}
        folder = self.installation.traps
        hidden = folder / f"new-{mark}"
        hidden.write_text(json.dumps(trap), encoding="utf-8")
        hidden.rename(folder / "trap.json")
        self._armed.set()
        self._started.wait(60)
        sprung = folder / f"sprung-{mark}"
        deadline = time.monotonic() + END_SECONDS
        while not sprung.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
            if self.is_over() and self._is_quiet(point):
                break
        if sprung.exists():
            self.injected += 1
            return True
        with contextlib.suppress(OSError):
            (folder / "trap.json").unlink()
        self.notes.append(f"({point} was not reached)")
        return False

    def _is_quiet(self, point: str) -> bool:
        """Whether nothing will come to the point any more; mails go out after the end."""
        time.sleep(1.5 if point.startswith("deliver") else 0.2)
        return True

    def wait_to(self, fraction: float) -> None:
        """Wait from the start for a moment within an ordinary run."""
        self._armed.set()
        self._started.wait(60)
        time.sleep(fraction)

    def note_done(self) -> None:
        """One more fault has been injected."""
        self.injected += 1

    def get_state(self) -> str:
        """Of the run, as the database has it."""
        return str(
            self.installation.store.get(
                f"SELECT state FROM racine_run WHERE id = {self.run_number}"
            )
        )

    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.run_number != 0 and is_terminal(self.get_state())

    def wait_for_end(self) -> None:
        """Until the run is over, looking at the API now and then as a person would."""
        deadline = time.monotonic() + END_SECONDS
        mark, look = self._set_mark(), time.monotonic() + 0.7
        while not self.is_over() and time.monotonic() < deadline:
            time.sleep(0.03)
            if time.monotonic() > look:
                with contextlib.suppress(Unavailable):
                    self._ask(mark)
                mark, look = self._set_mark(), time.monotonic() + LAG_SECONDS
        self._note_end()

    def _set_mark(self) -> Mark:
        return set_mark(self.installation.store, self.run_number)

    def _ask(self, mark: Mark) -> None:
        """What the API shows must be what the database had, lately or by now."""
        answer = json.loads(self.installation.open(f"/api/v1/runs/{self.run_id}/"))
        self.seen.answers.append(answer)
        stray = find_stray(self.installation.store, self.run_number, answer["state"], mark)
        self.seen.strays += [stray] if stray else []

    def press_cancel(self) -> bool:
        """Have a person stop the run; whether it could still be stopped."""
        while not self.run_id:
            time.sleep(0.01)
        try:
            self.installation.call("POST", f"runs/{self.run_id}/cancel/")
        except urllib.error.HTTPError as error:
            self.notes.append(f"(cancel was answered {error.code})")
            return False
        finally:
            # Also when it is refused: the first of two requests may have been heard.
            self.pressed_at = time.monotonic()
        return True

    def _note_end(self) -> None:
        """How long the person who pressed cancel has waited; only the first end is that."""
        if self.pressed_at is not None and self.seen.cancel_seconds is None:
            self.seen.cancel_seconds = time.monotonic() - self.pressed_at

    def _watch_late_writes(self) -> None:
        """A stage whose run was cancelled must not write when it comes back."""
        if self.get_state() != "cancelled":
            return
        store = self.installation.store
        before = load_outputs(store, self.source)
        time.sleep(LATE_SECONDS)
        self.seen.late = list_late_writes(before, load_outputs(store, self.source))

    def _look(self) -> None:
        self.seen.answers.append(self.installation.call("GET", f"runs/{self.run_id}/"))
        with contextlib.suppress(Unavailable):
            self.seen.page = self.installation.open(f"/runs/{self.run_id}/")

    def _mend(self) -> None:
        """Nothing of this trial's faults may reach the next."""
        self.installation.proxy.heal()
        for name in ("sweeping-stopped", "sweeping-doubled", "poison.json", "ballast",
                     "large-batches", "server-newer", "server-older"):  # fmt: skip
            (self.installation.home / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.installation.traps / "trap.json").unlink()
        for child in self.installation.children.values():
            child.thaw()
        if self.site is not None:
            self.site.close()

    # The verdict

    def expect(self, *, history: bool = True) -> Expectation:
        """What the run must have come to."""
        return Expectation(
            run=self.run_number,
            source=self.source,
            picture=self.bench.get_picture(changed=self.changed) if self.plan.compare else None,
            tables=self.tables,
            states=self.plan.states,
            history=history,
            interruptions=self.plan.interruptions * max(1, len(self.plan.injections)),
        )

    def _check(self) -> list[str]:
        store = self.installation.store
        violations = check(store, self.expect(), self.seen, self.installation.history)
        faults = self.installation.list_faults(self.plan.deaths)
        violations += [f"I10 {fault}" for fault in faults + self.installation.list_swollen()]
        if self.plan.judge:
            violations += self.plan.judge(self)
        violations += self.violations
        state = self.get_state()
        if not violations and (state != "completed" or self.plan.again):
            violations += self._check_afterwards(state)
        if not violations:
            store.query("DELETE FROM fault_history")
            self.path.unlink()
        return violations

    def _check_afterwards(self, state: str) -> list[str]:
        """A run that was stopped leaves nothing that the next run does not set right."""
        if state == "completed_with_errors" and not self.plan.again:
            return []
        if self.plan.again:
            shutil.copy(self.installation.folder / f"estate-{self.changed}.source", self.path)
            self.plan.compare = True
            self.tables = estate.count_tables(changed=self.changed)
        self.seen = Seen()
        self.installation.history.unlink(missing_ok=True)
        self.start_run()
        self.wait_for_end()
        self._look()
        expected = self.expect(history=False)
        expected = Expectation(**{**vars(expected), "states": ("completed",)})
        found = check(self.installation.store, expected, self.seen, self.installation.history)
        return [f"after a run that was {state}: {line}" for line in found]

    def _record(self) -> None:
        """Keep the batches that the agent sent, for agents that are not honest."""
        import sqlite3

        if self.changed:
            return
        spool = self.installation.home / "agent" / "outbox.sqlite3"
        with contextlib.closing(sqlite3.connect(spool, timeout=10)) as connection:
            job = connection.execute(
                "SELECT job FROM jobs ORDER BY opened_at DESC LIMIT 1"
            ).fetchone()[0]
            batches = connection.execute(
                "SELECT seq, sha, records, packed FROM batches WHERE job = ? ORDER BY seq", (job,)
            ).fetchall()
            (close,) = connection.execute(
                "SELECT body FROM notes WHERE path LIKE ? ORDER BY id DESC LIMIT 1",
                (f"%{job}/close",),
            ).fetchone()
        self.bench.recorded = {"batches": batches, "close": json.loads(close)}
