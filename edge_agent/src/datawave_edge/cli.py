"""The command `datawave-edge`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from . import __version__, egress_cli, letters_cli
from .answers import print_json
from .config import (
    AgentConfig,
    BadConfig,
    DiskUnready,
    NotHere,
    check_origin,
    is_token_given,
    make_config,
    read_config,
    spool_path,
)
from .spool import SpoolUnwritable

EXIT_UNWELL: Final = 1
EXIT_UNAVAILABLE: Final = 69
EXIT_REFUSED: Final = 77
SERVICE_DIRECTORY: Final = "/var/lib/datawave-edge"
SERVICE_USER: Final = "datawave-edge"
_EXIT_CODES: Final = (
    "Exit codes: 0 well; 1 a fault was found, or what was asked for is not here; 2 wrong arguments;"
    " 69 the server does not answer; 75 the spool can't be written; 77 refused by the server;"
    " 78 wrong settings."
)


_SPOOL_UNUSABLE: Final = (
    "The spool can't be used: its disk is full or read-only, or the file is damaged. Free space,"
    " then start the agent again; a damaged file is set aside at that start."
)


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
        code = _COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except BadConfig as fault:
        return _complain(str(fault), fault.exit_code)
    except SpoolUnwritable:
        return _complain(_SPOOL_UNUSABLE, DiskUnready.exit_code)
    except NotHere as fault:
        return _complain(str(fault), EXIT_UNWELL)
    except BrokenPipeError:
        # Who reads along, as `head`, has seen enough; the flush at the end must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"datawave-edge: {text}\n")
    return code


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _level(arguments: argparse.Namespace) -> int:
    if arguments.quiet:
        return logging.WARNING
    return logging.DEBUG if arguments.verbose else logging.INFO


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="datawave-edge", description="DataWave's edge agent.", epilog=_EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"datawave-edge {__version__}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.add_argument("--quiet", action="store_true", help="log warnings alone")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, epilog=_EXIT_CODES)
        # Before the command they are known too, so a default here must not undo them.
        for option, does in (("--verbose", "log more"), ("--quiet", "log warnings alone")):
            command.add_argument(option, action="store_true", default=argparse.SUPPRESS, help=does)
        command.add_argument(
            "--spool", help="directory of the identity and the spool (DATAWAVE_SPOOL)"
        )
        return command

    enroll = add("enroll", "trade a one-time code for an identity")
    enroll.add_argument("server", help="address of the server")
    enroll.add_argument("code", help="the code from the server's page of agents")
    enroll.add_argument("--replace", action="store_true", help="give up an identity elsewhere")
    run = add("run", "serve the server's jobs until stopped")
    run.add_argument("--server", help=argparse.SUPPRESS)
    run.add_argument("--token-file", help=argparse.SUPPRESS)
    run.add_argument("--embedded", action="store_true", help=argparse.SUPPRESS)
    for name, text in (
        ("status", "tell how the agent is"),
        ("doctor", "check step by step what the agent needs"),
    ):
        add(name, text).add_argument("--json", action="store_true", help="answer in JSON")
    egress_cli.add_parser(add)
    letters_cli.add_parser(add)
    add("rotate", "replace the agent's key")
    service = add("service", "print a systemd unit")
    service.add_argument("--user", default=SERVICE_USER, help="the user that runs it")
    return parser


def _enroll(arguments: argparse.Namespace) -> int:
    from .enrolment import EnrolmentRefused, enrol
    from .transport import ServerUnavailable

    server, directory = check_origin(arguments.server), spool_path(arguments.spool)
    try:
        identity = enrol(
            server=server, code=arguments.code, directory=directory, replace=arguments.replace
        )
    except EnrolmentRefused as error:
        return _complain(str(error), EXIT_REFUSED)
    except ServerUnavailable as error:
        return _complain(
            f"{server} does not answer ({error}). Try the same command again.", EXIT_UNAVAILABLE
        )
    _say(f"Enrolled as {identity.name} at {identity.server}. Start it with: datawave-edge run")
    return 0


def _dump_no_core() -> None:
    """The memory of an agent holds passwords and rows, and must never lie in a core file."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(arguments: argparse.Namespace) -> int:
    from .agent import Agent

    _dump_no_core()
    return Agent(_read_run_config(arguments)).run()


def _read_run_config(arguments: argparse.Namespace) -> AgentConfig:
    """With a token, as the server starts its own agent; else with the identity that is there."""
    from .identity import IdentityFile

    if is_token_given(arguments.token_file):
        return read_config(
            server=arguments.server,
            token_file=arguments.token_file,
            spool=arguments.spool,
            embedded=arguments.embedded,
        )
    directory = spool_path(arguments.spool)
    return make_config(server=IdentityFile(directory).get().server, spool=directory)


def _status(arguments: argparse.Namespace) -> int:
    from .status import describe_status, read_status

    status = read_status(spool_path(arguments.spool))
    if arguments.json:
        print_json(status, indent=2)
    else:
        for name, text in describe_status(status):
            _say(f"{name:<13} {text}")
    return 0 if status.well else EXIT_UNWELL


def _doctor(arguments: argparse.Namespace) -> int:
    from .doctor import Check, run_checks

    checks: list[Check] = []
    for check in run_checks(spool_path(arguments.spool)):
        checks.append(check)
        if not arguments.json:
            _say(f"{check.verdict:<8} {check.name}: {check.seen}")
            if check.fix:
                _say(f"{'':<8} -> {check.fix}")
    well = all(check.verdict != "failed" for check in checks)
    if arguments.json:
        print_json({"well": well, "checks": checks}, indent=2)
    return 0 if well else EXIT_UNWELL


def _rotate(arguments: argparse.Namespace) -> int:
    from .access import IdentityUnusable, connect
    from .identity import IdentityFile
    from .transport import AccessRefused, ServerUnavailable
    from .vitals import describe_refusal

    directory = spool_path(arguments.spool)
    config = make_config(server=IdentityFile(directory).get().server, spool=directory)
    try:
        connect(config).access.rotate()
    except AccessRefused as error:
        return _complain(describe_refusal(error.code), EXIT_REFUSED)
    except IdentityUnusable as error:
        raise error.reason from None
    except ServerUnavailable as error:
        return _complain(f"The server does not answer ({error}).", EXIT_UNAVAILABLE)
    return 0


def _service(arguments: argparse.Namespace) -> int:
    from .service import describe_unit

    directory = Path(arguments.spool or SERVICE_DIRECTORY).absolute()
    enrolled = _find_enrolled(but=directory)
    sys.stdout.write(describe_unit(directory=directory, user=arguments.user, enrolled=enrolled))
    return 0


def _find_enrolled(*, but: Path) -> Path | None:
    """Where this user's own agent is enrolled, if that is elsewhere."""
    with suppress(BadConfig, OSError):
        directory = spool_path(None).absolute()
        if directory != but and (directory / "identity.json").is_file():
            return directory
    return None


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "enroll": _enroll,
    "run": _run,
    "status": _status,
    "doctor": _doctor,
    "egress": egress_cli.run_egress,
    "dead": letters_cli.run_dead,
    "rotate": _rotate,
    "service": _service,
}
