"""Checks step by step what an agent needs, and says what to do about each fault."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from .access import IdentityUnusable, connect
from .config import BadConfig, check_origin, make_config, secrets_path
from .connectors.certificates import ca_file, make_context, trusted_file
from .connectors.dialect_names import VARIABLE, list_allowed
from .faults import SourceFault
from .files import owner_of, replace_file
from .identity import Identity, IdentityFile
from .protocol import encode_message
from .protocol.identity import Challenge, ChallengeRequest
from .transport import AccessRefused, RequestRefused, ServerUnavailable, decode_reply
from .vitals import describe_refusal

Verdict = Literal["ok", "warning", "failed"]
CONNECT_SECONDS: Final = 5.0
CLOCK_TOLERANCE: Final = 60.0
CERTIFICATE_DAYS: Final = 14
MIB: Final = 1024 * 1024
DISK_NEEDED: Final = 64 * MIB
DISK_WANTED: Final = 640 * MIB
DRIVERS: Final = {"PostgreSQL": ("psycopg", "postgres"), "MySQL and MariaDB": ("pymysql", "mysql")}


@dataclass(frozen=True)
class Check:
    """One step: how it went, what was seen, and what to do when it is not well."""

    name: str
    verdict: Verdict
    seen: str
    fix: str = ""


def run_checks(directory: Path) -> Iterator[Check]:
    """All steps in order; those that need a failed one are left out."""
    yield from _check_directory(directory)
    yield _check_spool(directory)
    yield from _check_drivers()
    yield from _check_dialects()
    yield _check_authorities()
    try:
        identity = IdentityFile(directory).get()
        check_origin(identity.server)
    except BadConfig as error:
        yield Check("settings", "failed", str(error), "Enrol this agent, or correct what it names.")
        return
    yield Check("settings", "ok", f"{identity.name}, enrolled at {identity.server}")
    yield from _check_network(identity, directory)


# This host


def _check_directory(directory: Path) -> Iterator[Check]:
    private = [directory, directory / "identity.json", directory / "outbox.sqlite3"]
    secrets = secrets_path()
    with suppress(OSError):
        private += [secrets, *sorted(secrets.iterdir())]
    with suppress(OSError):
        if not directory.is_dir():
            return
    owner = owner_of(directory)
    faults = [fault for path in private if (fault := _find_fault(path, owner))]
    for path, seen, fix in faults:
        yield Check("permissions", "failed", f"{path} {seen}", fix)
    if not faults:
        yield Check("permissions", "ok", "only the agent's user can read its files")


def _find_fault(path: Path, owner: int) -> tuple[Path, str, str] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return path, "can't be looked at", "Run this as the agent's user."
    if os.name == "posix" and found.st_uid != owner:
        return path, "belongs to another user", f"chown {owner} {path}, or run as its owner."
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        mode = "0700" if path.is_dir() else "0600"
        return path, "can be read by other users", f"chmod {mode} {path}"
    return None


def _check_spool(directory: Path) -> Check:
    probe = directory / f".doctor-{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            replace_file(probe, b"x" * 4096)
        finally:
            probe.unlink(missing_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        fix = "Free some space, or give another directory with --spool."
        return Check("spool", "failed", f"{directory} can't be written ({error.strerror})", fix)
    seen = f"{directory} can be written, {free // MIB} MiB are free"
    if free < DISK_NEEDED:
        return Check("spool", "failed", seen, f"Free at least {DISK_NEEDED // MIB} MiB.")
    if free < DISK_WANTED:
        return Check("spool", "warning", seen, f"The spool may need {DISK_WANTED // MIB} MiB.")
    return Check("spool", "ok", seen)


def _check_drivers() -> Iterator[Check]:
    yield Check("driver", "ok", "SQLite is built in")
    for title, (module, extra) in DRIVERS.items():
        if find_spec(module) is not None:
            yield Check("driver", "ok", f"{title}: {module} is installed")
        else:
            fix = f'pip install "datawave-edge[{extra}]", should this agent serve such a database.'
            yield Check("driver", "warning", f"{title}: {module} is not installed", fix)


def _check_dialects() -> Iterator[Check]:
    """SQLAlchemy is loaded only where its dialects are allowed at all."""
    names = list_allowed()
    if not names:
        yield Check("dialect", "ok", f"none is allowed in {VARIABLE}")
        return
    from .connectors.dialects import load_dialect

    for name in names:
        try:
            load_dialect(name)
        except SourceFault as fault:
            yield Check("dialect", "failed", f"{name}: {fault.message}", fault.hint)
        else:
            yield Check("dialect", "ok", f"{name} is allowed and loads")


def _check_authorities() -> Check:
    """Whose certificates of databases are believed."""
    try:
        make_context(proven=True)
    except SourceFault as fault:
        return Check("authorities", "failed", f"{ca_file()} can't be used", fault.hint)
    if trusted := trusted_file():
        return Check("authorities", "ok", f"databases may prove themselves by {trusted}")
    fix = "Name a file of certificates in DATAWAVE_CA_FILE, else few databases can be believed."
    return Check("authorities", "warning", "this system has no file of authorities", fix)


# The way to the server


def _check_network(identity: Identity, directory: Path) -> Iterator[Check]:
    parts = urlsplit(identity.server)
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    steps: list[Callable[[], Check]] = [
        lambda: _check_name(host, port),
        lambda: _check_connection(host, port),
    ]
    if tls:
        steps.append(lambda: _check_certificate(host, port))
    for step in steps:
        check = step()
        yield check
        if check.verdict == "failed":
            return
    yield from _check_server(identity, directory)


def _check_name(host: str, port: int) -> Check:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        fix = "Correct the server's name, or this host's DNS (/etc/resolv.conf)."
        return Check("name", "failed", f"{host} can't be resolved", fix)
    addresses = sorted({str(each[4][0]) for each in found})
    return Check("name", "ok", f"{host} is {', '.join(addresses[:4])}")


def _check_connection(host: str, port: int) -> Check:
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        fix = f"Let this host connect to {host}:{port}, and see that the server runs."
        return Check("connection", "failed", f"no connection ({type(error).__name__})", fix)
    return Check("connection", "ok", f"{host}:{port} answers")


def _check_certificate(host: str, port: int) -> Check:
    try:
        with (
            socket.create_connection((host, port), timeout=CONNECT_SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            version, peer = secured.version(), secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        fix = "Add the issuer to this host's trusted certificates, or name it in SSL_CERT_FILE."
        return Check("certificate", "failed", f"not trusted: {error.verify_message}", fix)
    except OSError as error:
        fix = "See that the server's port speaks TLS, and that no proxy stands between."
        return Check("certificate", "failed", f"no TLS ({type(error).__name__})", fix)
    days = (ssl.cert_time_to_seconds(str(peer["notAfter"])) - time.time()) // 86_400
    seen = f"{version}, good for {days:.0f} days"
    if days < CERTIFICATE_DAYS:
        return Check("certificate", "warning", seen, "Renew the server's certificate.")
    return Check("certificate", "ok", seen)


def _check_server(identity: Identity, directory: Path) -> Iterator[Check]:
    transport = connect(make_config(server=identity.server, spool=directory))
    try:
        body = encode_message(ChallengeRequest(agent=identity.agent))
        told = decode_reply(transport.post_open("/challenge", body), Challenge)
    except (RequestRefused, AccessRefused, ServerUnavailable) as error:
        fix = f"See that {identity.server} is a DataWave server, of this version or newer."
        yield Check("server", "failed", str(error), fix)
        return
    yield Check("server", "ok", "it answers in the agents' protocol")
    yield _check_clock(told.server_time)
    try:
        transport.access.refresh()
    except AccessRefused as error:
        fix = "Make a code on the server's page of agents and enrol this agent again."
        yield Check("identity", "failed", describe_refusal(error.code), fix)
    except IdentityUnusable as error:
        fix = "Let this user write there, and free some space on the disk."
        yield Check("identity", "failed", str(error), fix)
    except ServerUnavailable as error:
        yield Check("identity", "failed", str(error), "Try again in a minute.")
    else:
        yield Check("identity", "ok", "the server lets this agent in")


def _check_clock(server_time: dt.datetime) -> Check:
    skew = (server_time - dt.datetime.now(dt.UTC)).total_seconds()
    seen = f"{skew:+.1f} s to the server's"
    if abs(skew) > CLOCK_TOLERANCE:
        return Check("clock", "warning", seen, "Set this host's clock; jobs still run.")
    return Check("clock", "ok", seen)
