"""The codec: everything it encodes comes back, nothing broken gets through."""

from __future__ import annotations

import zlib
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datawave_edge.protocol import (
    MAX_BODY_BYTES,
    Ack,
    BatchRejected,
    ConnectionSpec,
    FailedRecord,
    FilteredRecord,
    Load,
    Record,
    UnchangedRecord,
    batch_sha256,
    decode_message,
    decode_records,
    encode_message,
    encode_records,
    unpack_body,
)
from datawave_edge.protocol.compression import (
    PREFERRED,
    Encoding,
    choose_encoding,
    find_encoding,
    pack,
    unpack,
)

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
codes = st.from_regex(r"\A[a-z][a-z0-9_]{0,20}\Z")
records: st.SearchStrategy[Record] = st.one_of(
    st.builds(FilteredRecord, container=names, name=names),
    st.builds(FailedRecord, container=names, name=names, code=codes, message=names),
    st.builds(UnchangedRecord, container=names, name=names, content_hash=st.just("a" * 64)),
)


@given(st.lists(records, max_size=20))
def test_records_come_back_when_encoded(given_records: list[Record]) -> None:
    body = encode_records(given_records)
    assert decode_records(body) == given_records
    assert encode_records(decode_records(body)) == body


@settings(max_examples=200)
@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_damage_is_seen_when_any_bit_flips(
    given_records: list[Record], data: st.DataObject
) -> None:
    body = bytearray(encode_records(given_records))
    place = data.draw(st.integers(0, len(body) * 8 - 1))
    whole = batch_sha256(bytes(body))
    body[place // 8] ^= 1 << place % 8
    assert batch_sha256(bytes(body)) != whole
    # Whatever is left is read as records or refused in the protocol's own words.
    with suppress(BatchRejected):
        assert all(isinstance(each, Record) for each in decode_records(bytes(body)))


BEGINNINGS: dict[Encoding, bytes] = {"gzip": b"\x1f\x8c", "zstd": b"\x28\xb5\x2f\xfd\xff"}


@pytest.mark.parametrize("encoding", PREFERRED)
@given(body=st.binary(max_size=5_000))
def test_body_comes_back_when_packed(encoding: Encoding, body: bytes) -> None:
    packed = pack(body, encoding)
    assert unpack_body(packed, encoding) == unpack(packed) == body
    assert find_encoding(packed) == encoding
    assert pack(body, encoding) == packed


@pytest.mark.parametrize("encoding", PREFERRED)
@given(raw=st.binary(max_size=300))
def test_noise_is_refused_with_a_code_when_unpacked(encoding: Encoding, raw: bytes) -> None:
    with pytest.raises(BatchRejected) as caught:
        unpack_body(BEGINNINGS[encoding] + raw, encoding)
    assert caught.value.code in (f"{encoding}_broken", "batch_too_large")


@pytest.mark.parametrize("encoding", PREFERRED)
def test_bomb_is_refused_when_it_would_unpack_too_far(encoding: Encoding) -> None:
    bomb = pack(b" " * (MAX_BODY_BYTES + 1), encoding)
    with pytest.raises(BatchRejected) as caught:
        unpack_body(bomb, encoding)
    assert (caught.value.code, caught.value.status) == ("batch_too_large", 413)


@pytest.mark.parametrize("encoding", PREFERRED)
@pytest.mark.parametrize("tail", [b"", b"more"])
def test_body_is_refused_when_it_is_cut_or_goes_on(encoding: Encoding, tail: bytes) -> None:
    packed = pack(b"{}", encoding)
    broken = packed + tail if tail else packed[:-4]
    with pytest.raises(BatchRejected, match=encoding):
        unpack_body(broken, encoding)


def test_frame_is_refused_when_it_asks_for_much_memory() -> None:
    frame = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"
    with pytest.raises(BatchRejected, match="zstd data is damaged"):
        unpack_body(frame, "zstd")


@given(st.lists(st.sampled_from(["gzip", "zstd", "teleport"])))
def test_encoding_is_one_that_the_server_has_when_chosen(capabilities: list[str]) -> None:
    chosen = choose_encoding(capabilities)
    assert chosen == ("zstd" if "zstd" in capabilities else "gzip")


def test_unknown_encoding_is_refused_when_unpacked() -> None:
    with pytest.raises(BatchRejected) as caught:
        unpack_body(zlib.compress(b"{}"), "deflate")
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "name", ["a\\u0000b", "\\\\u0000", "back\\", '"[{[{[{[{[{[{[{[{[{', '\\"[']
)
def test_name_passes_when_it_only_looks_dangerous(name: str) -> None:
    record = FilteredRecord(container="", name=name)
    assert decode_records(encode_records([record])) == [record]


@pytest.mark.parametrize("raw", [b'"\\u0000"', b'"\\\\\\u0000"', b'"\x00"'])
def test_nul_is_refused_when_it_is_one(raw: bytes) -> None:
    body = b'{"record":"filtered","container":"","name":' + raw + b"}"
    with pytest.raises(BatchRejected) as caught:
        decode_records(body)
    assert caught.value.code == "nul_character"


def test_depth_is_refused_when_beyond_the_limit() -> None:
    with pytest.raises(BatchRejected) as caught:
        decode_records(b"[" * 13 + b"]" * 13)
    assert caught.value.code == "too_deep"


def test_unclosed_quotes_cost_little_when_there_are_many() -> None:
    with pytest.raises(BatchRejected):
        decode_records(b'\\"' * 500_000)


@pytest.mark.parametrize("field", [b'"extra":1', b'"name":""', b'"name":7', b'"container":null'])
def test_record_is_refused_when_a_field_does_not_fit(field: bytes) -> None:
    body = b'{"record":"filtered","container":"","name":"x",' + field + b"}"
    with pytest.raises(BatchRejected) as caught:
        decode_records(body)
    assert caught.value.status == 422


@pytest.mark.parametrize("number", ["1e400", "NaN", "9223372036854775808", "-1"])
def test_count_is_refused_when_out_of_range(number: str) -> None:
    with pytest.raises(BatchRejected):
        decode_message(b'{"queries":' + number.encode() + b"}", Load)


def test_password_is_not_shown_when_a_spec_is_printed() -> None:
    spec = ConnectionSpec(engine="mysql", host="h", password="pass-4711")
    assert "4711" not in repr(spec)


def test_message_has_one_encoding_when_built_twice() -> None:
    ack = Ack(status="accepted", acked_seq=3)
    assert encode_message(ack) == encode_message(decode_message(encode_message(ack), Ack))
    assert msgspec.json.decode(encode_message(ack)) == {
        "acked_seq": 3, "rejected": [], "status": "accepted",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b'{"record":"%s"}',
        b'{"record":"table","table":{"kind":"%s"}}',
        b'{"record":"table","table":{"%s":1}}',
        b'{"record":"table","table":{"x` - at `$.%s":1}}',
        b'{"record":"table","%s":1}',
        b'{"record":"failed","container":"","name":"n","code":"%s","message":""}',
    ],
)
def test_reason_repeats_nothing_when_a_record_does_not_fit(body: bytes) -> None:
    with pytest.raises(BatchRejected) as caught:
        decode_records(body % b"canary 4111'1111` - at `$")
    assert "canary" not in str(caught.value)
    assert str(caught.value).startswith("Record 1: ")
