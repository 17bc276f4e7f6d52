"""Encoding, decoding, hashing and the bounds on untrusted bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from .compression import DAMAGES, make_unpacker
from .limits import MAX_BODY_BYTES, MAX_DEPTH, MAX_PACKED_BYTES, MAX_RECORDS
from .records import Record, TableSnapshot
from .versions import drop_unknown

MessageT = TypeVar("MessageT")

_encoder = msgspec.json.Encoder(order="deterministic")
_RECORD: Any = Record
_record_decoder = msgspec.json.Decoder(Record)


# Text that is no UTF-8 is no msgspec error.
_MISFITS = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class BatchRejected(Exception):
    """The bytes of a batch break the protocol; `code` says how, the message names the place."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def encode_message(message: msgspec.Struct) -> bytes:
    """Canonical JSON of one message: the same message gives the same bytes."""
    return _encoder.encode(message)


def decode_message(raw: bytes, kind: type[MessageT], *, newer: bool = False) -> MessageT:
    """Read one message. Raises BatchRejected with the field's path when it does not fit.

    Of a `newer` sender, fields that are not known here are left out.
    """
    _check_text(raw)
    try:
        return _read_newer(raw, kind) if newer else msgspec.json.decode(raw, type=kind)
    except _MISFITS as error:
        raise _reject(raw, error) from None


def _read_newer(raw: bytes, kind: type[MessageT]) -> MessageT:
    if _is_deep(raw):
        raise RecursionError
    return msgspec.convert(drop_unknown(msgspec.json.decode(raw), kind), kind)


def encode_records(records: Iterable[Record]) -> bytes:
    """Body of a batch: one canonical JSON record a line."""
    return b"".join(_encoder.encode(record) + b"\n" for record in records)


def decode_records(body: bytes, *, newer: bool = False) -> list[Record]:
    """Read the records of a batch. Raises BatchRejected naming the first line that does not fit.

    Of a `newer` sender, fields that are not known here are left out.
    """
    _check_text(body)
    lines = body.splitlines()
    if len(lines) > MAX_RECORDS:
        raise BatchRejected("too_many_records", f"More than {MAX_RECORDS} records.", 413)
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(_read_newer(line, _RECORD) if newer else _record_decoder.decode(line))
        except _MISFITS as error:
            raise _reject(line, error, f"Record {number}: ") from None
    return records


def content_hash(table: TableSnapshot) -> str:
    """SHA-256 over the canonical encoding of the table with an empty hash."""
    blank = msgspec.structs.replace(table, content_hash="")
    return hashlib.sha256(encode_message(blank)).hexdigest()


def batch_sha256(body: bytes) -> str:
    """Hash of the uncompressed body."""
    return hashlib.sha256(body).hexdigest()


def root_hash(hashes: Sequence[str]) -> str:
    """Hash over the batches' hashes, in order of sequence."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def unpack_body(raw: bytes, encoding: str) -> bytes:
    """Decompress a body as a stream and stop at the limit, so that a bomb costs nothing.

    Raises BatchRejected: 413 when it is too large, 415 for an unknown encoding, 400 when broken.
    """
    if len(raw) > MAX_PACKED_BYTES:
        raise BatchRejected("batch_too_large", "The batch is larger than 1 MiB packed.", 413)
    if encoding in ("", "identity"):
        return raw
    unpacker = make_unpacker(encoding)
    if unpacker is None:
        raise BatchRejected("encoding_unsupported", "Content-Encoding must be gzip or zstd.", 415)
    try:
        body = unpacker.decompress(raw, MAX_BODY_BYTES + 1)
    except DAMAGES:
        raise BatchRejected(f"{encoding}_broken", f"The {encoding} data is damaged.") from None
    if len(body) > MAX_BODY_BYTES:
        raise BatchRejected("batch_too_large", "The batch is larger than 8 MiB unpacked.", 413)
    if not unpacker.eof or unpacker.unused_data:
        raise BatchRejected(
            f"{encoding}_broken", f"The {encoding} data ends early or goes on after its end."
        )
    return body


# Strings first, so that brackets inside them are passed over as text. The closing quote is
# optional, or a body of unclosed strings would be searched to its end once for each of them.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)

# "Invalid enum value 'x'", "Invalid value 'x'", "unknown field `x`": x is the sender's.
_MET = re.compile(r"(unknown field|Invalid (?:\w+ )?value) .*?(?:( - at `\$[^`]*`))?$", re.DOTALL)

# Only an odd number of backslashes before it makes "u0000" an escape and not the text itself.
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _check_text(raw: bytes) -> None:
    if b"\x00" in raw or (b"\\u0000" in raw and _NUL_ESCAPE.search(raw)):
        raise BatchRejected("nul_character", "A text holds a NUL character.", 422)


def _reject(raw: bytes, error: Exception, place: str = "") -> BatchRejected:
    # What fits a closed shape is no deeper than the shape, so only a misfit is looked through.
    if _is_deep(raw):
        return BatchRejected("too_deep", f"{place}Nested deeper than {MAX_DEPTH} levels.", 422)
    return BatchRejected("schema_invalid", f"{place}{_explain(error)}", 422)


def _is_deep(raw: bytes) -> bool:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        opener = match.group()
        if opener in (b"[", b"{"):
            depth += 1
        elif opener in (b"]", b"}"):
            depth -= 1
        if depth > MAX_DEPTH:
            return True
    return False


def _explain(error: Exception) -> str:
    """msgspec names the place and what it wanted; what it met instead is left out."""
    if isinstance(error, UnicodeDecodeError):
        return "Not UTF-8."
    return _MET.sub(r"\1\2", str(error))[:300]
