"""Batches that are cut, flipped, mistyped, over-long, badly packed or badly announced.

A case names every answer that is right for it: a refusal's code, "accepted", or "quarantined". What
is right is found by other means than the server's own: an independent JSON-schema validator, the
standard library's gzip, or by hand.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import msgspec

from datawave_edge.protocol import (
    MAX_BODY_BYTES,
    MAX_PACKED_BYTES,
    MAX_RECORDS,
    MAX_STRING,
    Record,
    TableRecord,
    batch_sha256,
    encode_records,
)
from datawave_edge.protocol.compression import pack
from tests.discovery.factories import make_table

from .case import (
    ACCEPTED,
    BROKEN,
    DAMAGED,
    EITHER,
    QUARANTINED,
    TOO_LARGE,
    ZSTD_BROKEN,
    Case,
    announce,
    make_case,
    seed_body,
)


def list_cases() -> list[Case]:
    """All of them, in an order that is always the same."""
    chance = random.Random(20260101)
    makers = (
        cut_packed, flip_packed, flip_body, cut_body, mistype, misnumber, write_text, repeat_keys,
        pack_badly, go_too_far, announce_badly, add_and_remove,
    )  # fmt: skip
    return [case for make in makers for case in _call(make, chance)]


def _call(make: Callable[..., Iterator[Case]], chance: random.Random) -> Iterator[Case]:
    return make(chance)


def cut_packed(chance: random.Random) -> Iterator[Case]:
    """The connection broke off in the middle."""
    body = seed_body("cut_packed")
    packed = gzip.compress(body, mtime=0)
    for place in sorted(chance.sample(range(len(packed)), 100)):
        yield Case(f"cut_packed[{place}]", BROKEN, packed[:place], announce(body))


def flip_packed(chance: random.Random) -> Iterator[Case]:
    """One bit is wrong on the way."""
    body = seed_body("flip_packed")
    packed = gzip.compress(body, mtime=0)
    for place in sorted(chance.sample(range(len(packed) * 8), 500)):
        hurt = bytearray(packed)
        hurt[place // 8] ^= 1 << (place % 8)
        # A time, flags and padding change no content.
        expected = DAMAGED | ACCEPTED if _unpack(bytes(hurt)) == body else DAMAGED
        yield Case(f"flip_packed[{place}]", expected, bytes(hurt), announce(body))


def _unpack(packed: bytes) -> bytes | None:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


def flip_body(chance: random.Random) -> Iterator[Case]:
    """The agent itself wrote one bit wrong and vouches for it."""
    body = seed_body("flip_body")
    for place in sorted(chance.sample(range((len(body) - 1) * 8), 300)):
        hurt = bytearray(body)
        hurt[place // 8] ^= 1 << (place % 8)
        yield make_case(f"flip_body[{place}]", bytes(hurt), EITHER)


def cut_body(chance: random.Random) -> Iterator[Case]:
    """The agent wrote half a record."""
    body = seed_body("cut_body")
    for place in sorted(chance.sample(range(1, len(body) - 1), 200)):
        yield make_case(f"cut_body[{place}]", body[:place], QUARANTINED)


WRONG: tuple[Any, ...] = (
    None, "", "x", 0, -1, 7, 1.5, True, False, [], {}, [1], {"a": 1}, 2**63, "x" * 9_000, -(2**63),
    10**30, "\u202e", {"$ref": "#"},
)  # fmt: skip


def mistype(chance: random.Random) -> Iterator[Case]:
    """Each field of the record gets values of each kind, right or wrong."""
    del chance
    validator = jsonschema.Draft202012Validator(_schema())
    raw = json.loads(seed_body("mistype"))
    for path in _list_paths(raw):
        for number, wrong in enumerate(WRONG):
            changed = _with(raw, path, wrong)
            fits = validator.is_valid(changed)
            # What fits the shape may still make no sense, as a key at place 7.
            expected = EITHER if fits else QUARANTINED
            body = json.dumps(changed).encode() + b"\n"
            yield make_case(f"mistype[{'.'.join(map(str, path))}={number}]", body, expected)


def _schema() -> dict[str, Any]:
    kind: Any = Record
    schema = msgspec.json.schema(kind)
    # "discriminator" is OpenAPI's word, which the validator does not know.
    schema.pop("discriminator", None)
    return schema


def _list_paths(raw: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(raw, dict):
        items = raw.items()
    elif isinstance(raw, list):
        items = enumerate(raw)
    for key, value in items:
        yield (*path, key)
        yield from _list_paths(value, (*path, key))


def _with(raw: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(raw)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


NUMBERS = {
    "1e400": QUARANTINED, "-1e400": QUARANTINED, "NaN": QUARANTINED, "Infinity": QUARANTINED,
    "-Infinity": QUARANTINED, str(2**63): QUARANTINED, str(-(2**63)): QUARANTINED,
    str(2**64): QUARANTINED, "9" * 5_000: QUARANTINED, "0x10": QUARANTINED, "01": QUARANTINED,
    "+1": QUARANTINED, ".5": QUARANTINED, "5.": QUARANTINED, "1_000": QUARANTINED,
    "1e": QUARANTINED, "--1": QUARANTINED, "١": QUARANTINED, '"1"': QUARANTINED,
    "1e-400": EITHER, "1e2": EITHER, "0.0": EITHER, "-0": EITHER, "1E+2": EITHER,
}  # fmt: skip
NUMERIC = ('"row_count":', '"size_bytes":', '"ordinal":', '"entropy":', '"email":', '"rows":')

FRACTIONS = ('"entropy":', '"email":')


def misnumber(chance: random.Random) -> Iterator[Case]:
    """Numbers that JSON, 64 bits or the field can't hold."""
    del chance
    text = seed_body("misnumber").decode()
    for mark in NUMERIC:
        start = text.index(mark) + len(mark)
        end = min(text.index(sign, start) for sign in ",}" if sign in text[start:])
        for number, expected in NUMBERS.items():
            # A field of fractions holds a whole number of any size that a double can hold.
            fits = mark in FRACTIONS and number.lstrip("-").isdecimal() and len(number) < 30
            body = (text[:start] + number + text[end:]).encode()
            yield make_case(f"misnumber[{mark}{number[:9]}]", body, EITHER if fits else expected)


TEXTS = {
    r"\ud800": QUARANTINED, r"\udc00": QUARANTINED, r"\ud800\ud800": QUARANTINED,
    r"\udc00\ud800": QUARANTINED, r"\ud83d\ude00": ACCEPTED, r"\u0000": QUARANTINED,
    r"a\u0000b": QUARANTINED, r"\\u0000": ACCEPTED, r"\\\u0000": QUARANTINED, r"\x41": QUARANTINED,
    r"\u12": QUARANTINED, "\t": QUARANTINED, r"\t\n\r": ACCEPTED, "\u202eexe.txt": ACCEPTED,
    "\u2066\u2069": ACCEPTED, "\u200b": ACCEPTED, "\ufeff": ACCEPTED, "e\u0301": ACCEPTED,
    "\ufffe": ACCEPTED, "👨‍👩‍👧": ACCEPTED, "שלום": ACCEPTED, "%s{0}$x`": ACCEPTED,
    "'; DROP TABLE x; --": ACCEPTED, "<script>": ACCEPTED, "=1+1": ACCEPTED, "../../x": ACCEPTED,
    "x" * 1_000: ACCEPTED, "x" * 1_001: QUARANTINED, "😀" * 1_000: QUARANTINED,
}  # fmt: skip
BYTES = (
    b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\x80", b"\x00",
    b"\xc3", b"\xe2\x28\xa1", b"\x1b[2J",
)  # fmt: skip


def write_text(chance: random.Random) -> Iterator[Case]:
    """Names that no encoding, screen or index likes."""
    del chance
    places = {
        "table": '{"record":"filtered","container":"c","name":"@"}',
        "container": '{"record":"filtered","container":"@","name":"n"}',
        "failed": '{"record":"failed","container":"f","name":"@","code":"no","message":"m"}',
    }
    for place, frame in places.items():
        for number, (text, expected) in enumerate(TEXTS.items()):
            body = frame.replace("@", f"{text}").encode("utf-8", "surrogatepass")
            yield make_case(f"write_text[{place},{number}]", body + b"\n", expected)
        for number, raw in enumerate(BYTES):
            body = frame.encode().replace(b"@", raw)
            yield make_case(f"write_bytes[{place},{number}]", body + b"\n", QUARANTINED)
    whole = seed_body("text_frame")
    for name, body in {
        "mark": b"\xef\xbb\xbf" + whole,
        "utf16": whole.decode().encode("utf-16"),
        "utf32": whole.decode().encode("utf-32"),
        "latin1": whole.replace(b"people", b"\xe9\xe8"),
    }.items():
        yield make_case(f"write_frame[{name}]", body, QUARANTINED)


def repeat_keys(chance: random.Random) -> Iterator[Case]:
    """A key twice: the last one counts, for the server and for whoever looks at the bytes."""
    del chance
    for number, body in enumerate((
        b'{"record":"filtered","container":"k","name":"a","name":"b1"}',
        b'{"record":"filtered","container":"x","container":"k","name":"b2"}',
        b'{"record":"filtered","record":"filtered","container":"k","name":"b3"}',
        b'{"record":"filtered","container":"k","n\\u0061me":"b4"}',
    )):  # fmt: skip
        yield make_case(f"repeat_keys[{number}]", body, EITHER)
    body = b'{"record":"filtered","container":"k","name":"a","name":1}'
    yield make_case("repeat_keys[typed]", body, QUARANTINED)


def pack_badly(chance: random.Random) -> Iterator[Case]:
    """Compression that is another, doubled, concatenated, damaged or a bomb."""
    del chance
    body = seed_body("pack_badly")
    packed = gzip.compress(body, mtime=0)
    head = announce(body)
    ways = {
        "twice": (gzip.compress(packed, mtime=0), frozenset({"hash_mismatch"})),
        "zlib": (zlib.compress(body), BROKEN),
        "deflate": (zlib.compress(body)[2:-4], BROKEN),
        "plain": (body, BROKEN),
        "nothing": (b"", BROKEN),
        "two_members": (packed + packed, BROKEN),
        "rest": (packed + b"\x00", BROKEN),
        "checksum": (packed[:-8] + b"\x00" * 4 + packed[-4:], BROKEN),
        "size": (packed[:-4] + b"\xff" * 4, BROKEN),
        "header": (packed[:10], BROKEN),
        "method": (packed[:2] + b"\x07" + packed[3:], BROKEN),
        "bomb": (_bomb(b"\x00"), TOO_LARGE),
        "bomb_of_lines": (_bomb(b"\n"), TOO_LARGE),
        "bomb_of_keys": (_bomb(b'{"a":'), TOO_LARGE),
        "large": (b"\x00" * (MAX_PACKED_BYTES + 1), TOO_LARGE),
    }
    for name, (raw, expected) in ways.items():
        yield Case(f"pack_badly[{name}]", expected, raw, head)
    yield from _pack_zstd_badly(body)
    for name in ("br", "deflate", "x-gzip", "gzip, gzip", "GZIP;q=1", "zstd;q=1", "\u00e9"):
        other = {**head, "Content-Encoding": name}
        yield Case(f"encoding[{name}]", frozenset({"encoding_unsupported"}), packed, other)
    same = {**head, "Content-Encoding": "identity"}
    yield Case("encoding[identity]", ACCEPTED, seed_body("plain"), {**same, **_sha("plain")})
    yield Case("encoding[untrue]", frozenset({"hash_mismatch"}), packed, same)


def _pack_zstd_badly(body: bytes) -> Iterator[Case]:
    packed = pack(body, "zstd")
    head = {**announce(body), "Content-Encoding": "zstd"}
    ways = {
        "gzip": (gzip.compress(body, mtime=0), ZSTD_BROKEN),
        "plain": (body, ZSTD_BROKEN),
        "nothing": (b"", ZSTD_BROKEN),
        "cut": (packed[:-1], ZSTD_BROKEN),
        "two_frames": (packed + packed, ZSTD_BROKEN),
        "rest": (packed + b"\x00", ZSTD_BROKEN),
        "dictionary": (packed[:4] + b"\xe3" + packed[5:], ZSTD_BROKEN),
        # A frame without content that asks for two gigabytes of memory first.
        "window": (packed[:4] + b"\x00\xa8" + b"\x01\x00\x00", ZSTD_BROKEN),
        "bomb": (pack(b"\x00" * (MAX_BODY_BYTES * 3), "zstd"), TOO_LARGE),
    }
    for name, (raw, expected) in ways.items():
        yield Case(f"pack_zstd_badly[{name}]", expected, raw, head)
    good = pack(seed_body("zstd"), "zstd")
    yield Case("encoding[zstd]", ACCEPTED, good, {**head, **_sha("zstd")})


def _sha(name: str) -> dict[str, str]:
    return {"DataWave-Batch-Sha256": batch_sha256(seed_body(name))}


def _bomb(piece: bytes) -> bytes:
    """More than is let in, in few bytes."""
    return gzip.compress(piece * (MAX_BODY_BYTES * 3 // len(piece)), 9, mtime=0)


def go_too_far(chance: random.Random) -> Iterator[Case]:
    """More records, deeper, longer and wider than the protocol lets."""
    del chance
    line = '{"record":"filtered","container":"%s","name":"n%d"}\n'
    full = "".join(line % ("full", number) for number in range(MAX_RECORDS)).encode()
    over = "".join(line % ("over", number) for number in range(MAX_RECORDS + 1)).encode()
    yield make_case("records[full]", full, ACCEPTED)
    yield make_case("records[over]", over, QUARANTINED)
    for depth in (13, 1_000, 10_000, 1_000_000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            body = (opening * depth + "1" + closing * depth).encode()
            yield make_case(f"depth[{opening}{depth}]", body[: MAX_BODY_BYTES - 1], QUARANTINED)
    for name, body in {
        "unclosed": b"[" * 100_000,
        "quotes": b'"' * 1_000_000,
        "keys": b"{" + b",".join(b'"k%d":0' % number for number in range(150_000)) + b"}",
        "same_keys": b"{" + b",".join([b'"record":"table"'] * 300_000) + b"}",
        "long_key": b'{"' + b"k" * 5_000_000 + b'":1}',
        "spaces": b" " * 5_000_000,
        "backslashes": b'"' + b"\\" * 2_000_000,
    }.items():
        yield make_case(f"width[{name}]", body, QUARANTINED)
    for length, expected in ((MAX_STRING, ACCEPTED), (MAX_STRING + 1, QUARANTINED)):
        table = make_table(f"long_{length}", comment="people")
        body = encode_records([TableRecord(table=table)])
        body = body.replace(b'"people"', b'"%s"' % (b"c" * length), 1)
        yield make_case(f"string[{length}]", body, expected)


def announce_badly(chance: random.Random) -> Iterator[Case]:
    """Hash, count, number and version that are wrong or no such thing."""
    del chance
    body = seed_body("announce_badly")
    sha = batch_sha256(body)
    mismatch = frozenset({"hash_mismatch"})
    for wrong in ("", "0" * 64, sha[:-1], sha + "0", sha.upper(), f" {sha[1:]}", "x" * 64, "é"):
        yield make_case("sha", body, mismatch, **{"DataWave-Batch-Sha256": wrong})
    for wrong in ("", "0", "2", "-1", "1.0", "1e0", "one", "²", "9" * 30, "0x1", "1,1", "+1"):
        yield make_case("count", body, mismatch, **{"DataWave-Batch-Records": wrong})
    window = frozenset({"window_exceeded"})
    for seq in ("100000", str(2**31), str(2**63), str(2**64), "9" * 40):
        yield Case(f"seq[{seq[:12]}]", window, gzip.compress(body), announce(body), seq=seq)
    for seq in ("-1", "one", "1.5", "0x1", "%00", "1/2", "..", ""):
        packed = gzip.compress(body)
        yield Case(f"seq[{seq}]", frozenset({"not_there"}), packed, announce(body), seq=seq or "/")
    for version in ("", "1", "x", "1.0.0", "1.-1", "é"):
        other = {"DataWave-Edge": version}
        yield make_case("version", body, frozenset({"protocol_malformed"}), **other)
    for version in ("0.1", "2.0", "999.9"):
        other = {"DataWave-Edge": version}
        yield make_case("version", body, frozenset({"protocol_unsupported"}), **other)


def add_and_remove(chance: random.Random) -> Iterator[Case]:
    """Fields that nobody declared, fields that lack, records of no kind, lines that are none."""
    del chance
    raw = json.loads(seed_body("add_and_remove"))
    validator = jsonschema.Draft202012Validator(_schema())
    holders = [(), *[path for path in _list_paths(raw) if isinstance(_at(raw, path), dict)]]
    for path in holders:
        if path and path[-1] in ("hits", "shapes", "mentions"):
            continue
        for name in ("value", "__proto__", "Name", "", "sample"):
            body = json.dumps(_with(raw, (*path, name), "x")).encode()
            yield make_case(f"add[{path}{name}]", body, QUARANTINED)
    for path in _list_paths(raw):
        changed = copy.deepcopy(raw)
        del _at(changed, path[:-1])[path[-1]]
        expected = EITHER if validator.is_valid(changed) else QUARANTINED
        yield make_case(f"remove[{path}]", json.dumps(changed).encode(), expected)
    for number, line in enumerate((
        "null", "true", "1", '"x"', "[]", "{}", '{"record":"other"}', '{"record":null}', "{} {}",
        "{},", "//", "{'record':'table'}", "record", "\x0c", "[{}]", '{"record":"table"}',
    )):  # fmt: skip
        yield make_case(f"line[{number}]", line.encode() + b"\n", QUARANTINED)
    good = seed_body("lines")
    yield make_case("lines[blank]", good + b"\n", QUARANTINED)
    yield make_case("lines[blank_first]", b"\n" + good, QUARANTINED)
    yield make_case("lines[crlf]", seed_body("crlf").replace(b"\n", b"\r\n"), ACCEPTED)
    yield make_case("lines[no_end]", seed_body("no_end").rstrip(), ACCEPTED)
    yield make_case("lines[twice]", good + good, QUARANTINED)
    yield make_case("lines[none]", b"", ACCEPTED)


def _at(raw: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        raw = raw[key]
    return raw
