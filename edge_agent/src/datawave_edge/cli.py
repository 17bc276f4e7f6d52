"""The command `datawave-edge`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Final

from . import __version__, letters_cli
from .config import BadConfig, read_config, spool_path

EXIT_CONFIG: Final = 78


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; gives the process's exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=_level(arguments),
        format="%(asctime)s %(levelname)s %(message)s",
    )
    # urllib3 logs whole paths at debug level; the agent's own lines say enough.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    try:
        return _COMMANDS[arguments.command](arguments)
    except BadConfig as fault:
        sys.stderr.write(f"datawave-edge: {fault}\n")
        return EXIT_CONFIG


def _level(arguments: argparse.Namespace) -> int:
    if arguments.quiet:
        return logging.WARNING
    return logging.DEBUG if arguments.verbose else logging.INFO


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="datawave-edge", description="DataWave's edge agent.")
    parser.add_argument("--version", action="version", version=f"datawave-edge {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.add_argument("--quiet", action="store_true", help="log warnings alone")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve the server's jobs until stopped")
    run.add_argument("--server", help="address of the server (DATAWAVE_SERVER)")
    run.add_argument("--token-file", help="file with the agent's token (DATAWAVE_TOKEN_FILE)")
    run.add_argument("--embedded", action="store_true", help="end with the process that started it")
    egress = commands.add_parser("egress", help="print everything that was sent to the server")
    egress.add_argument("--bodies", action="store_true", help="print the exact bytes too")
    dead = letters_cli.add_parser(commands)
    for command in (run, egress, dead):
        command.add_argument("--spool", help="directory of the spool (DATAWAVE_SPOOL)")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from .agent import Agent
    from .spool import SpoolUnwritable

    config = read_config(
        server=arguments.server,
        token_file=arguments.token_file,
        spool=arguments.spool,
        embedded=arguments.embedded,
    )
    try:
        agent = Agent(config)
    except SpoolUnwritable:
        raise BadConfig(f"The spool in {config.spool} can't be written.") from None
    return agent.run()


def _egress(arguments: argparse.Namespace) -> int:
    from .outbox import Outbox

    directory = spool_path(arguments.spool)
    if not (directory / "outbox.sqlite3").is_file():
        raise BadConfig(f"There is no spool in {directory}.")
    for line in Outbox(directory).list_ledger():
        sys.stdout.write(
            f"{line.sent_at} {line.method} {line.path} {line.size} bytes sha256:{line.sha}\n"
        )
        if arguments.bodies and line.body is not None:
            sys.stdout.write(line.body.decode("utf-8", "replace").rstrip("\n") + "\n")
    return 0


_COMMANDS: Final = {"run": _run, "egress": _egress, "dead": letters_cli.run_dead}
