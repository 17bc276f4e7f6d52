"""The egress manifest: every field that an agent can send, and what it may reveal.

Made from the protocol's own types, so that it can't say less than what can travel. Its hash goes
with each discovery; who holds the agent can compare.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from . import protocol
from .protocol import identity

# Kind -> what a field of it may reveal, and why no value of a row can be rebuilt from it.
KINDS: Final = {
    "part": "Nothing by itself: it holds the fields listed under its own name.",
    "name": "A name from the database's catalogue: of a schema, table, column, key or sequence."
    " Control characters are removed; the name of an expression without an alias is replaced, and"
    " so is what looks like a value in the name of a file, of its folder or of its column.",
    "path": "Keys of documents that at least five of them and a fifth of the objects of their place"
    " have, and that do not look like data; every other key is told as *.",
    "type": "The kind of a column or an object. Members of enumerations are cut off.",
    "flag": "Yes or no about structure or state.",
    "count": "How many rows, columns or bytes; no row can be told from another.",
    "rate": "A share of many rows, rounded.",
    "coarse": "A size or an age in steps so wide that many different values share one.",
    "shape": "A pattern of classes such as Aa+ 9+ that at least five different values share.",
    "code": "One word of a fixed list.",
    "sentence": "A fixed sentence of the agent's own, at most with a name from the catalogue; a"
    " driver's text never passes.",
    "scrubbed": "A text that people wrote into the catalogue, without quoted words, addresses,"
    " numbers of five digits or more, and long codes.",
    "stripped": "SQL of the catalogue with ? for every literal and without comments; empty when it"
    " could be read in two ways.",
    "sketch": "Four bits for each of 128 groups of a column's values, under a salt that only this"
    " installation knows: how alike two columns are, and to who holds the salt and guesses a value,"
    " hardly more than chance. Never of sensitive columns, nor of fewer than 100 values.",
    "hash": "SHA-256 over what is sent anyway; of no value of a row alone.",
    "time": "A moment of the agent's clock, or seconds that the agent measured.",
    "key": "What the agent proves itself with: its name, one-time codes, public keys, signatures."
    " Private keys and passwords of sources never leave.",
    "host": "What the agent or the database server says of itself: version, name, encryption.",
}
# Messages that leave an agent; the server's own are not listed.
ROOTS: Final = (
    protocol.TableRecord,
    protocol.UnchangedRecord,
    protocol.FailedRecord,
    protocol.FilteredRecord,
    protocol.WorkRequest,
    protocol.OpenStream,
    protocol.JobProgress,
    protocol.JobClose,
    protocol.JobFailure,
    protocol.TestResult,
    protocol.Heartbeat,
    identity.EnrolRequest,
    identity.ChallengeRequest,
    identity.TokenRequest,
    identity.RotateRequest,
)
_DECLARED: Final = {
    "TableRecord": {"part": "table"},
    "UnchangedRecord": {"name": "container name", "hash": "content_hash"},
    "FailedRecord": {"name": "container name", "code": "code", "sentence": "message"},
    "FilteredRecord": {"name": "container name"},
    "TableSnapshot": {
        "name": "container name",
        "type": "kind",
        "part": "columns foreign_keys indexes constraints sequences parents partitioning grants"
        " counting anonymity paths",
        "hash": "content_hash",
        "scrubbed": "comment",
        "stripped": "definition",
        "flag": "row_security columns_hidden row_count_exact",
        "count": "row_count size_bytes",
        "code": "profile_error",
    },
    "ColumnSnapshot": {
        "name": "name",
        "type": "native_type base_type type identity",
        "count": "ordinal key_position members max_length",
        "flag": "nullable unique generated has_default",
        "scrubbed": "comment",
        "part": "profile",
    },
    "ColumnProfile": {
        "count": "rows nulls empty distinct min_length max_length length_quartiles rare",
        "coarse": "distinct_estimate",
        "rate": "unique_rate mean_length mean_words entropy letter_rate digit_rate space_rate"
        " symbol_rate hits own_hits mentions traits",
        "shape": "shapes",
        "part": "number date sketch",
        "code": "protection",
    },
    "Sketch": {"sketch": "bins", "hash": "key", "count": "values", "flag": "whole"},
    "NumberShape": {
        "coarse": "low_magnitude high_magnitude quartiles",
        "rate": "negative_rate integer_rate zero_rate sequential_rate",
    },
    "DateShape": {
        "coarse": "oldest_decade newest_decade oldest_age_days",
        "rate": "with_time_rate",
        "code": "precision",
    },
    "Anonymity": {
        "name": "columns",
        "coarse": "smallest",
        "rate": "under_rate",
        "count": "k",
        "flag": "whole",
    },
    "PathSnapshot": {
        "name": "column",
        "path": "path",
        "type": "native_type type",
        "rate": "rate",
        "part": "profile",
    },
    "Counting": {"code": "state", "rate": "share", "count": "columns"},
    "ForeignKey": {"name": "columns target_container target_name target_columns name"},
    "Index": {"name": "name columns", "flag": "unique partial", "code": "method"},
    "Constraint": {"code": "kind", "name": "name columns", "stripped": "expression"},
    "Sequence": {"name": "name column"},
    "DatasetName": {"name": "container name"},
    "Partitioning": {"code": "strategy", "name": "columns", "count": "partitions"},
    "Grants": {
        "flag": "public_read public_write",
        "count": "read_roles write_roles read_logins write_logins column_grants",
    },
    "WorkRequest": {"count": "wait", "flag": "tests_only"},
    "OpenStream": {"time": "agent_time", "hash": "egress_schema", "code": "needs"},
    "JobProgress": {
        "count": "listed done spool_bytes",
        "name": "current",
        "part": "log",
        "flag": "leaving",
    },
    "LogLine": {"code": "level", "sentence": "message", "time": "at"},
    "JobClose": {
        "count": "last_seq seen",
        "hash": "root_hash",
        "part": "containers load facts",
        "flag": "complete",
    },
    "ContainerListing": {"name": "name", "flag": "authoritative", "count": "tables sequences"},
    "Load": {
        "count": "queries rows_read",
        "time": "seconds busy_seconds slept_seconds paused_seconds by_kind slowest_seconds",
        "code": "slowest_kind",
    },
    "SourceFacts": {"host": "server_version", "flag": "tls read_only privileged audit_logging"},
    "JobFailure": {"code": "code", "sentence": "message hint", "flag": "retry"},
    "TestResult": {"part": "steps"},
    "TestStep": {"code": "name code", "sentence": "title message hint", "flag": "ok"},
    "EnrolRequest": {"key": "code public_key link signature", "host": "version host"},
    "ChallengeRequest": {"key": "agent"},
    "TokenRequest": {"key": "agent nonce link next_link signature"},
    "RotateRequest": {"key": "agent nonce public_key signature proof"},
    "Heartbeat": {
        "host": "version protocol host",
        "time": "agent_time oldest_spooled_seconds",
        "count": "spool_bytes",
    },
}


class Field(NamedTuple):
    """One field that can leave."""

    message: str
    name: str
    type: str
    kind: str

    @property
    def reveals(self) -> str:
        """What it may reveal."""
        return KINDS.get(self.kind, "")


@cache
def list_fields() -> tuple[Field, ...]:
    """Every field of every message that can leave, in the order of the messages."""
    return tuple(field for struct in _list_structs() for field in _fields_of(struct))


@cache
def schema_hash() -> str:
    """SHA-256 over all fields with their types, and what each is declared to reveal."""
    rows = [list(field) for field in list_fields()]
    text = json.dumps([rows, KINDS], separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def render() -> str:
    """The manifest as text for people: kinds first, then each message."""
    lines = [f"Egress schema sha256:{schema_hash()}", ""]
    lines += [f"{kind}: {reveals}" for kind, reveals in KINDS.items()]
    message = ""
    for field in list_fields():
        if field.message != message:
            message = field.message
            lines += ["", message]
        lines.append(f"  {field.name:<22} {field.kind:<9} {field.type}")
    return "\n".join(lines) + "\n"


def _list_structs() -> Iterator[msgspec.inspect.StructType]:
    seen: set[type[msgspec.Struct]] = set()
    # All at once: asked for one by one, each would be taken apart again with all that is in it.
    waiting = _structs_among(msgspec.inspect.multi_type_info(ROOTS))
    while waiting:
        struct = waiting.pop(0)
        if struct.cls not in seen:
            seen.add(struct.cls)
            yield struct
            waiting += _structs_among(_parts_of(struct))


def _structs_among(parts: Iterable[Any]) -> list[msgspec.inspect.StructType]:
    """Structs that types name directly, through lists, mappings and unions."""
    found: list[msgspec.inspect.StructType] = []
    for part in parts:
        if isinstance(part, msgspec.inspect.StructType):
            found.append(part)
        else:
            found += _structs_among(_parts_of(part))
    return found


def _parts_of(info: Any) -> list[Any]:
    if isinstance(info, msgspec.inspect.StructType):
        return [field.type for field in info.fields]
    if isinstance(info, msgspec.inspect.UnionType):
        return list(info.types)
    if isinstance(info, msgspec.inspect.ListType):
        return [info.item_type]
    return [info.value_type] if isinstance(info, msgspec.inspect.DictType) else []


def _fields_of(struct: msgspec.inspect.StructType) -> Iterator[Field]:
    message = struct.cls.__name__
    declared = _DECLARED.get(message, {})
    kinds = {name: kind for kind, names in declared.items() for name in names.split()}
    for field in struct.fields:
        yield Field(message, field.name, _name(field.type), kinds.get(field.name, ""))


def _name(info: Any) -> str:
    """A type in words that stay the same over versions of Python."""
    found = next((words for kind, words in _WORDS if isinstance(info, kind)), None)
    return found(info) if found else type(info).__name__.removesuffix("Type").lower()


def _name_text(info: msgspec.inspect.StrType) -> str:
    if info.max_length:
        return f"text up to {info.max_length:,}"
    return f"text like {info.pattern}" if info.pattern else "text"


_WORDS: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (
    (msgspec.inspect.StructType, lambda info: str(info.cls.__name__)),
    (msgspec.inspect.UnionType, lambda info: " or ".join(map(_name, info.types))),
    (msgspec.inspect.ListType, lambda info: f"list of {_name(info.item_type)}"),
    (
        msgspec.inspect.DictType,
        lambda info: f"mapping of {_name(info.key_type)} to {_name(info.value_type)}",
    ),
    (
        msgspec.inspect.LiteralType,
        lambda info: " | ".join(str(value) or '""' for value in info.values),
    ),
    (msgspec.inspect.StrType, _name_text),
)
