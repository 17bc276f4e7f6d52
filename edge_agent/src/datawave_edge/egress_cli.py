"""The command `datawave-edge egress`: what may leave, and the exact bytes of what has left."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .answers import print_json
from .config import NotHere, is_spool_there, spool_path

if TYPE_CHECKING:
    from .ledger import LedgerLine
    from .outbox import Outbox


def add_parser(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = add("egress", "print everything that was sent to the server, and what may be")
    parser.add_argument("job", nargs="?", help="print the exact bytes of this job's batches")
    parser.add_argument("seq", nargs="?", type=int, help="of this batch alone")
    parser.add_argument("--bodies", action="store_true", help="print the exact bytes of all")
    parser.add_argument(
        "--schema", action="store_true", help="print every field that can leave, with the hash"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a message")


def run_egress(arguments: argparse.Namespace) -> int:
    """Run the command; gives the process's exit code."""
    if arguments.schema:
        from .manifest import render

        sys.stdout.write(render())
        return 0
    outbox = _open(arguments.spool)
    try:
        if arguments.job:
            return _print_job(outbox, arguments.job, arguments.seq)
        for line in outbox.list_ledger():
            write = _print_json if arguments.json else _print_line
            write(line, bodies=arguments.bodies)
    finally:
        outbox.close()
    return 0


def _open(spool: str | None) -> Outbox:
    from .outbox import Outbox

    directory = spool_path(spool)
    if not is_spool_there(directory):
        raise NotHere(f"There is no spool in {directory}.")
    return Outbox(directory, beside=True)


def _print_job(outbox: Outbox, job: str, seq: int | None) -> int:
    """The bytes as they were hashed, and nothing else, so that they can be hashed again."""
    wanted = f"/jobs/{job}/batches/"
    found = [
        line
        for line in outbox.list_ledger()
        if line.path.startswith(wanted) and (seq is None or line.path == f"{wanted}{seq}")
    ]
    if not found:
        raise NotHere(f"The ledger holds no such batch of job {job}.")
    for line in found:
        body = line.body
        if body is None:
            why = "damaged on the disk" if line.is_kept else "too old"
            raise NotHere(f"{line.path} is {why}: what is left is its hash, {line.sha}.")
        sys.stdout.buffer.write(body)
    sys.stdout.flush()
    return 0


def _print_line(line: LedgerLine, *, bodies: bool) -> None:
    sys.stdout.write(
        f"{line.sent_at} {line.method} {line.path} {line.size} bytes sha256:{line.sha}\n"
    )
    if bodies and (body := line.body) is not None:
        sys.stdout.write(body.decode("utf-8", "replace").rstrip("\n") + "\n")


def _print_json(line: LedgerLine, *, bodies: bool) -> None:
    told = {
        "sent_at": line.sent_at,
        "method": line.method,
        "path": line.path,
        "bytes": line.size,
        "sha256": line.sha,
        "kept": line.is_kept,
    }
    if bodies and (body := line.body) is not None:
        told["body"] = body.decode("utf-8", "replace")
    print_json(told)
