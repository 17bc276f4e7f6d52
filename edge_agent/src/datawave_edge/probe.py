"""The connection test that a person waits for: steps in order, up to the first that fails."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from .connectors import Connector, Listing, TableRef, make_connector
from .connectors.address import Addresses, dial, require_port, resolve
from .connectors.contract import ChecksPeer
from .connectors.missing_grants import HidesColumns, TellsGrants
from .connectors.places import check_place, is_file_engine
from .connectors.tls_offer import ASKED
from .credentials import find_password
from .egress import clean_text
from .entry_advice import NO_TLS
from .faults import SourceFault, fault_of
from .patterns import TableFilter
from .protocol import ConnectionSpec, RunSettings, TestResult, TestStep
from .protocol.control import MAX_HINT

CONNECT_SECONDS: Final = 8.0
_TITLES: Final = {
    "resolve": "Find the host",
    "connect": "Reach the port",
    "tls": "Secure the connection",
    "authenticate": "Sign in",
    "peer": "Compare the address",
    "file": "Find the file or folder",
    "open": "Open it",
    "read_only": "Read-only session",
    "list": "List tables",
    "grants": "Check the grants",
    "read_one": "Read one table",
}
_MORE: Final = "\n-- and {:,} more"
_SETTINGS: Final = RunSettings(sample_rows=1, statement_timeout_seconds=10)

# A step gives its message and, where there is advice though it went well, a hint.
Told = tuple[str, str]


def run_test(spec: ConnectionSpec) -> TestResult:
    """Try a connection step by step. Never raises."""
    return _Probe(spec).run()


class _Probe:
    def __init__(self, spec: ConnectionSpec) -> None:
        self._spec = spec
        self._addresses: Addresses = ()
        self._connector: Connector | None = None
        self._chosen: list[TableRef] = []
        self._steps: list[TestStep] = []

    def run(self) -> TestResult:
        names = _FILE_STEPS if is_file_engine(self._spec.engine) else _SERVER_STEPS
        try:
            all(self._try(name) for name in names)
        finally:
            if self._connector is not None:
                self._connector.close()
        return TestResult(steps=self._steps)

    def _try(self, name: str) -> bool:
        step: Callable[[], Told] = getattr(self, f"_{name}")
        try:
            message, hint = step()
        except _OtherFailed as failed:
            self._fail(name, failed)
            return False
        except Exception as error:
            self._steps.append(_failed(name, fault_of(error)))
            return False
        self._steps.append(_passed(name, message, hint))
        return True

    def _fail(self, name: str, failed: _OtherFailed) -> None:
        if failed.name == "tls":
            # The handshake itself failed, so the step before was too hopeful.
            self._steps[-1] = _failed("tls", failed.fault)
        else:
            self._steps.append(_passed(name, _SIGNED_IN, ""))
            self._steps.append(_failed(failed.name, failed.fault))

    def _resolve(self) -> Told:
        self._addresses = resolve(self._spec.host, require_port(self._spec))
        count = len(self._addresses)
        return f"{count} address{'' if count == 1 else 'es'} found.", ""

    def _connect(self) -> Told:
        with self._dial():
            return "The port answers.", ""

    def _tls(self) -> Told:
        if self._spec.tls == "disable":
            return "Switched off in the source's settings.", "Passwords and names travel readable."
        if self._spec.engine == "sqlalchemy":
            return "Left to the dialect's driver and its own configuration.", ""
        ask = ASKED.get(self._spec.engine)
        if ask is None:
            return "The server is asked for it while signing in.", ""
        with self._dial() as dialled:
            offered = ask(dialled)
        if offered:
            return "The server offers TLS.", ""
        if self._spec.tls == "prefer":
            return "The server offers no TLS.", "Passwords and names travel readable."
        raise SourceFault("tls_failed", hint=NO_TLS)

    def _authenticate(self) -> Told:
        try:
            self._open_session()
        except SourceFault as fault:
            if fault.code == "permission_denied":
                raise SourceFault(fault.code, hint=self._hint_of_entry(fault)) from None
            if fault.code in _STEP_OF:
                raise _OtherFailed(_STEP_OF[fault.code], fault) from None
            raise
        return _SIGNED_IN, ""

    def _peer(self) -> Told:
        connector: object = self._connected()
        if isinstance(connector, ChecksPeer) and connector.is_peer_checked:
            return "The connection ended at an address that was checked.", ""
        return "This engine’s driver does not tell where its connection ended.", ""

    def _file(self) -> Told:
        check_place(self._spec)
        return "It is there.", ""

    def _open(self) -> Told:
        self._open_session()
        return "Opened.", ""

    def _read_only(self) -> Told:
        facts = self._connected().read_facts()
        self._tell_tls(encrypted=facts.tls)
        hint = (
            "The role may do anything; a role that only reads is safer." if facts.privileged else ""
        )
        if facts.read_only is False:
            raise SourceFault("not_read_only")
        if facts.read_only is None:
            return "No read-only session is promised; the agent sends SELECT alone.", hint
        return "The session can only read.", hint

    def _tell_tls(self, *, encrypted: bool | None) -> None:
        """What the connection has, in place of what the server had offered."""
        at = next((n for n, step in enumerate(self._steps) if step.name == "tls"), None)
        if at is None or encrypted is None:
            return
        if not encrypted:
            told = "The connection is not encrypted.", "Passwords and names travel readable."
        elif self._spec.tls == "verify-full":
            told = "Encrypted, and the certificate proved that the host is the right one.", ""
        else:
            told = (
                "Encrypted; who answers was not proven.",
                "Choose “Required, certificate checked” in the source to have it proven.",
            )
        self._steps[at] = _passed("tls", *told)

    def _list(self) -> Told:
        listing = self._connected().list_tables()
        chosen = TableFilter(self._spec.include, self._spec.exclude)
        wanted = [ref for ref in listing.tables if chosen.lets(ref)]
        self._chosen = wanted
        if not listing.tables:
            return "No tables are visible.", "The database is empty, or the role sees none of it."
        told = f"{len(wanted):,} of {len(listing.tables):,} tables and views are chosen."
        return told + _tell_hits(chosen, listing.tables), self._hint_of_hidden(listing)

    def _hint_of_entry(self, fault: SourceFault) -> str:
        connector = self._connector
        return connector.connect_grant() if isinstance(connector, TellsGrants) else fault.hint

    def _hint_of_hidden(self, listing: Listing) -> str:
        """How to see what the server hides from a role that may not read it."""
        connector = self._connected()
        if all(each.authoritative for each in listing.containers):
            return ""
        if not isinstance(connector, TellsGrants):
            return "The list may not be whole, so nothing that it lacks is marked as dropped."
        return f"Tables without a grant are hidden. This shows all: {connector.connect_grant()}"

    def _grants(self) -> Told:
        """Name every grant that is missing, so that nobody has to test once for each."""
        connector = self._connected()
        if not isinstance(connector, TellsGrants):
            return "The grants of this engine are not looked up; one table is read instead.", ""
        missing = connector.list_missing_grants(self._chosen)
        if missing:
            raise SourceFault("permission_denied", hint=_join(missing))
        partly = (
            connector.list_column_grants(self._chosen)
            if isinstance(connector, HidesColumns)
            else []
        )
        if partly:
            return "Columns without a grant are hidden; these statements show them.", _join(partly)
        return "The role may read all that is chosen.", ""

    def _read_one(self) -> Told:
        if not self._chosen:
            return "There is nothing to read.", ""
        first = self._chosen[0]
        try:
            self._connected().read_one(first)
        except SourceFault as fault:
            if fault.code == "permission_denied":
                raise SourceFault(fault.code, hint=self._connected().grant_hint(first)) from None
            raise
        return f"{first.path[:200]} can be read.", ""

    def _open_session(self) -> None:
        password = find_password(self._spec)
        self._connector = make_connector(self._spec, password, _SETTINGS)
        self._connector.connect()

    def _connected(self) -> Connector:
        assert self._connector is not None  # noqa: S101 - an earlier step opened it
        return self._connector

    def _dial(self) -> socket.socket:
        return dial(self._addresses, require_port(self._spec), CONNECT_SECONDS)


class _OtherFailed(Exception):
    """What failed while signing in belongs to another step."""

    def __init__(self, name: str, fault: SourceFault) -> None:
        super().__init__(fault.message)
        self.name = name
        self.fault = fault


_FILE_STEPS: Final = ("file", "open", "read_only", "list", "read_one")
_SERVER_STEPS: Final = (
    "resolve", "connect", "tls", "authenticate", "peer", "read_only", "list", "grants", "read_one",
)  # fmt: skip
# What a session is given up for when it is opened -> the step that shows it.
_STEP_OF: Final = {"tls_failed": "tls", "address_changed": "peer", "not_read_only": "read_only"}
_SIGNED_IN: Final = "Signed in."
# A step's message is short.
_RULES_SHOWN, _PATTERN_SHOWN = 5, 50


def _tell_hits(chosen: TableFilter, tables: Sequence[TableRef]) -> str:
    """What each pattern hits at this moment, those first that hit nothing: a slip of the pen."""
    rules = [*chosen.include, *chosen.exclude]
    words = [*("" for _ in chosen.include), *("without " for _ in chosen.exclude)]
    counts = [sum(map(each.hits, tables)) for each in rules]
    told = sorted(zip(words, rules, counts, strict=True), key=lambda rule: rule[2] > 0)
    shown = ", ".join(
        f"{word}{rule.text[:_PATTERN_SHOWN]} {count:,}" for word, rule, count in told[:_RULES_SHOWN]
    )
    more = f" and {len(rules) - _RULES_SHOWN:,} more" if len(rules) > _RULES_SHOWN else ""
    return f" Patterns hit: {shown}{more}." if rules else ""


def _join(statements: list[str]) -> str:
    """Statements, a line each; where they are too many, whole ones and how many more there are."""
    room = MAX_HINT - len(_MORE.format(len(statements)))
    lengths = accumulate(len(each) + 1 for each in statements)
    kept = sum(length <= room for length in lengths)
    more = _MORE.format(len(statements) - kept) if kept < len(statements) else ""
    return "\n".join(statements[:kept]) + more


def _passed(name: str, message: str, hint: str) -> TestStep:
    return TestStep(
        name=name,
        title=_TITLES[name],
        ok=True,
        message=clean_text(message),
        hint=clean_text(hint[:MAX_HINT]),
    )


def _failed(name: str, fault: SourceFault) -> TestStep:
    return TestStep(
        name=name,
        title=_TITLES[name],
        ok=False,
        code=fault.code,
        message=fault.message,
        hint=clean_text(fault.hint[:MAX_HINT]),
    )
