"""The command `datawave-edge dead`: look at refused descriptions and decide on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .answers import render_json
from .config import NotHere, is_spool_there, spool_path

if TYPE_CHECKING:
    from .letters import DeadLetter, DeadLetters
    from .spool import SpoolFile

STATES = {
    "dead": "waits for you",
    "again": "goes out with the next discovery",
    "sent": "sent again",
}


def add_parser(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = add("dead", "list, show, send again or discard descriptions that the server refused")
    parser.add_argument("--json", action="store_true", help="list as one JSON object a letter")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--show", type=_read_number, metavar="N", help="print the refused bytes")
    choice.add_argument(
        "--resend", type=_read_number, metavar="N", help="send with the next discovery"
    )
    choice.add_argument("--discard", type=_read_number, metavar="N", help="delete for good")


def _read_number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:  # noqa: PLR2004  # as SQLite has it
        raise argparse.ArgumentTypeError("give the number of a letter")
    return int(text)


def run_dead(arguments: argparse.Namespace) -> int:
    """Run the command; gives the process's exit code."""
    from .letters import DeadLetters

    file = open_spool(spool_path(arguments.spool))
    letters = DeadLetters(file)
    try:
        for line in _answer(letters, arguments):
            sys.stdout.write(line + "\n")
    finally:
        file.close()
    return 0


def open_spool(directory: Path) -> SpoolFile:
    """The spool of an agent, running or not. Raises NotHere."""
    from .spool import SpoolFile

    if not is_spool_there(directory):
        raise NotHere(f"There is no spool in {directory}.")
    return SpoolFile(directory, beside=True)


def _answer(letters: DeadLetters, arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.show is not None:
        body = letters.read(arguments.show)
        _require(body is not None, arguments.show)
        yield (body or b"").decode("utf-8", "replace").rstrip("\n")
    elif arguments.resend is not None:
        _require(letters.resend(arguments.resend), arguments.resend)
        yield f"Dead letter {arguments.resend} goes out with the next discovery of its source."
    elif arguments.discard is not None:
        _require(letters.discard(arguments.discard), arguments.discard)
        yield f"Dead letter {arguments.discard} is deleted."
    elif arguments.json:
        yield from (render_json(letter) for letter in letters.list_all())
    else:
        yield from list_lines(letters)


def list_lines(letters: DeadLetters) -> Iterator[str]:
    """One line a letter, and what can be done."""
    found = letters.list_all()
    if not found:
        yield "No dead letters: the server took everything that was sent."
        return
    yield from map(_describe, found)
    yield "Look with --show N, then --resend N or --discard N."


def _require(done: bool, number: int) -> None:  # noqa: FBT001 - reads as a sentence
    if not done:
        raise NotHere(f"There is no dead letter {number}.")


def _describe(letter: DeadLetter) -> str:
    # A name from the source is hostile text: nothing of it may steer a terminal.
    name = letter.path.encode("ascii", "backslashreplace").decode()
    name = "".join(char if char.isprintable() else "?" for char in name)
    why = f"{letter.code}: {letter.reason}" if letter.reason else letter.code
    return (
        f"{letter.id}  {letter.at[:19]}Z  {name}  {letter.size} bytes"
        f"  {STATES[letter.state]}  ({why})"
    )
