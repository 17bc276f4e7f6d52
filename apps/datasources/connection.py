"""What a connection may be made of, engine by engine; each refusal names the field and the fix."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from django.conf import settings

from datawave.common.errors import InputInvalid
from datawave_edge.connectors.address import is_host, is_loopback, is_reachable
from datawave_edge.connectors.dialect_names import (
    find_refusal,
    is_plain_name,
    is_plain_password,
)

from .types import ENGINES, Engine, Environment, Tls

SECRET_REF = re.compile(
    r"(env:(?!DATAWAVE_)[A-Za-z_][A-Za-z0-9_]*|file:[A-Za-z0-9_][A-Za-z0-9_.-]*"
    r"|helper:[A-Za-z0-9_][A-Za-z0-9_./-]*)"
)
REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
MAX_PORT = 65_535
MAX_PATTERNS = 200
MAX_PATTERN = 500
MAX_PASSWORD = 1_000
# Longest text of each field, as the tables hold it.
LENGTHS = {
    "name": 100, "description": 10_000, "host": 255, "database": 1_000, "username": 200,
    "secret_ref": 200, "region": 40, "dialect": 64,
}  # fmt: skip
# Greatest value of each number.
LIMITS = {"counting_seconds": 86_400, "run_minutes": 10_080}
# What DuckDB and SQLite would open elsewhere than at a path.
FOREIGN_SCHEMES = ("file:", "sqlite:", "duckdb:", "md:", "motherduck:", ":memory:")
SERVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$#-]{0,127}")
WILD = re.compile(r"[*?\[]")
NETWORK_FIELDS = ("host", "port", "username", "secret_ref")


class SourceInvalid(InputInvalid):
    """Some fields of the source can't be used."""

    def __init__(self, problems: dict[str, str]) -> None:
        """`problems` gives a message for each field; the first one is the error's own."""
        field, message = next(iter(problems.items()))
        super().__init__(message, field=field)
        self.problems = problems


def check_fields(values: dict[str, Any]) -> None:
    """Raise SourceInvalid with every field that can't be used. `password` may be absent."""
    problems = dict(_find_common(values))
    if not problems:
        engine = Engine(values["engine"])
        is_server = ENGINES[engine].needs_host
        problems |= _find_server(values, engine) if is_server else _find_place(values, engine)
        problems |= _find_dialect(values, engine)
    if problems:
        raise SourceInvalid(problems)


def check_patterns(*, include: str, exclude: str) -> None:
    """Raise SourceInvalid when the patterns can't be used."""
    if problems := _find_pattern_problems({"include": include, "exclude": exclude}):
        raise SourceInvalid(problems)


def _find_common(values: dict[str, Any]) -> dict[str, str]:
    problems = {
        name: f"Use at most {longest:,} characters."
        for name, longest in LENGTHS.items()
        if len(values[name]) > longest
    }
    for name in ("name", "host", "database", "username", "secret_ref", "region", "dialect"):
        if CONTROL.search(values[name]):
            problems[name] = "Remove line breaks and other control characters."
    for name, choices in (("engine", Engine), ("tls", Tls), ("environment", Environment)):
        if values[name] not in choices.values:
            problems[name] = f"Choose one of: {', '.join(choices.values)}."
    if not values["name"].strip():
        problems["name"] = "Give the source a name."
    if values["region"] and not REGION.fullmatch(values["region"]):
        problems["region"] = "Use letters, digits and hyphens, such as DE or eu-west-1."
    problems |= _find_pattern_problems(values)
    return problems | _find_numbers(values) | _find_secret(values)


def _find_numbers(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: f"Give a whole number from 0 to {most:,}."
        for name, most in LIMITS.items()
        if not 0 <= values.get(name, 0) <= most
    }


def _find_secret(values: dict[str, Any]) -> dict[str, str]:
    password, reference = values.get("password") or "", values["secret_ref"]
    if "\x00" in password or len(password) > MAX_PASSWORD:
        return {"password": f"Use at most {MAX_PASSWORD:,} characters, without NUL."}
    if reference and not SECRET_REF.fullmatch(reference):
        return {
            "secret_ref": "Write env:NAME, file:NAME or helper:NAME, as the agent's host knows it."
        }
    if reference and password:
        return {"secret_ref": "Give either a password or a reference to one, not both."}
    return {}


def _find_pattern_problems(values: dict[str, Any]) -> dict[str, str]:
    found = {name: _find_pattern_problem(values[name]) for name in ("include", "exclude")}
    return {name: problem for name, problem in found.items() if problem}


def _find_pattern_problem(text: str) -> str:
    lines = text.splitlines()
    if len(lines) > MAX_PATTERNS:
        return f"Use at most {MAX_PATTERNS} patterns."
    if any(len(line) > MAX_PATTERN or "\x00" in line for line in lines):
        return f"Use one pattern a line, at most {MAX_PATTERN} characters each."
    return ""


def _find_place(values: dict[str, Any], engine: Engine) -> dict[str, str]:
    problems = {
        name: f"{engine.label}: no server is asked, so leave this empty."
        for name in (*NETWORK_FIELDS, "password")
        if values.get(name)
    }
    what = ENGINES[engine].database_label.lower()
    path = values["database"]
    if not path.strip():
        problems["database"] = f"Give the path of the {what}."
    elif path.lower().startswith(FOREIGN_SCHEMES) or "://" in path:
        problems["database"] = f"Give the path of a {what} alone, such as /data/crm, not a URL."
    elif engine is not Engine.SQLITE and not _is_plain_path(path):
        problems["database"] = f"Give the absolute path of the {what}, without .. * ? and [."
    elif is_own_file(path) or (engine is Engine.FILES and _holds_own_files(path)):
        problems["database"] = f"This {what} belongs to DataWave itself. Choose another one."
    return problems


def _is_plain_path(path: str) -> bool:
    """Whether a path, of any system, starts at its root and neither climbs nor is a pattern."""
    kinds = (PurePosixPath(path), PureWindowsPath(path))
    is_absolute = any(each.is_absolute() for each in kinds)
    climbs = any(".." in each.parts for each in kinds)
    return is_absolute and not climbs and not WILD.search(path)


def _holds_own_files(path: str) -> bool:
    """Whether this installation's own files are below the folder, or it is below them."""
    home, folder = Path(settings.HOME).resolve(), Path(path).resolve()
    return home.is_relative_to(folder) or folder.is_relative_to(home)


def is_own_file(path: str) -> bool:
    """Whether the path leads to this installation's own database or keys."""
    home = Path(settings.HOME).resolve()
    own = Path(str(settings.DATABASES["default"]["NAME"])).resolve()
    target = Path(path).expanduser().resolve()
    if target.parent == own.parent and target.name.startswith(own.name):
        return True
    return target.is_relative_to(home / "keys")


def _find_server(values: dict[str, Any], engine: Engine) -> dict[str, str]:
    problems = {}
    if is_host(values["host"]) and not _may_hold_database(values["host"]):
        problems["host"] = "No database may be at a link-local, multicast or unspecified address."
    elif not is_host(values["host"]):
        problems["host"] = (
            "Give a host name or an IP address alone, such as db.example.org; "
            "the port and the database have fields of their own."
        )
    port = values["port"]
    if port is not None and not 1 <= port <= MAX_PORT:
        problems["port"] = f"Give a number from 1 to {MAX_PORT}, or leave it empty."
    what = ENGINES[engine].database_label.lower()
    if ENGINES[engine].database_required and not values["database"].strip():
        problems["database"] = f"Give the name of the {what}."
    is_foreign = any(mark in values["database"] for mark in ("=", "?", "://"))
    if is_foreign or (engine is Engine.ORACLE and not SERVICE.fullmatch(values["database"])):
        problems["database"] = f"Give the name of the {what} alone, without options or a URL."
    if not values["username"].strip():
        problems["username"] = "Give the name of a user who may read the database."
    return problems


def _find_dialect(values: dict[str, Any], engine: Engine) -> dict[str, str]:
    if not ENGINES[engine].needs_dialect:
        told = f"Only {Engine.SQLALCHEMY.label} takes a dialect: leave it empty."
        return {"dialect": told} if values["dialect"] else {}
    problems = {}
    if refusal := find_refusal(values["dialect"]):
        problems["dialect"] = refusal
    if values["port"] is None:
        problems["port"] = "Give the port: a dialect has no usual one."
    if values["tls"] in (Tls.REQUIRE, Tls.VERIFY_FULL):
        problems["tls"] = (
            "A dialect’s encryption is set up in its driver’s own configuration: "
            f"choose “{Tls.PREFER.label}”."
        )
    if values["database"] and not is_plain_name(values["database"]):
        problems["database"] = "Give the name or alias alone: letters, digits and . _ $ # @ -"
    if not is_plain_name(values["username"]):
        problems["username"] = "Give a user of letters, digits and . _ $ # @ - alone."
    if not is_plain_password(values.get("password") or ""):
        problems["password"] = "A dialect takes no password with spaces, quotes, ; { } or \\."  # noqa: S105  # a sentence
    return problems


def _may_hold_database(host: str) -> bool:
    try:
        return is_reachable(host)
    except ValueError:
        return True  # a name, which the agent resolves


def fill_tls(values: dict[str, Any]) -> None:
    """Where nothing was said, ask for a server's certificate; not on the agent's own host, where
    nobody is between and certificates are rare.
    """
    if values["tls"] or values["engine"] not in Engine.values:
        values["tls"] = values["tls"] or Tls.PREFER
        return
    spec = ENGINES[Engine(values["engine"])]
    is_asked = spec.needs_host and not spec.needs_dialect and not is_loopback(values["host"])
    values["tls"] = Tls.VERIFY_FULL if is_asked else Tls.PREFER


def fill_port(values: dict[str, Any]) -> None:
    """Give a server the usual port of its engine when none was given."""
    if values["port"] is None:
        values["port"] = ENGINES[Engine(values["engine"])].default_port
