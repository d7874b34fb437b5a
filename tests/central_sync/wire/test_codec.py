"""The codec against a hostile or broken peer: every answer is a refusal with a code, and none repeats what was sent."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.wire import catalogue, codec, limits, messages
from central_sync.wire.refusals import Refused
from tests.wire_vectors import samples

SETTLE = catalogue.BY_NUMBER["2207"]
FEES = catalogue.BY_NUMBER["2204"]


def _code(call: object, *arguments: object) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value


def _zstd(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(plain)


@pytest.mark.parametrize("message", samples.all_messages().values(), ids=samples.all_messages())
def test_what_is_packed_is_unpacked_the_same(message: messages.Message) -> None:
    assert codec.unpack(codec.pack(message), type(message)) == message


@given(body=st.binary(max_size=300))
def test_random_bytes_are_refused(body: bytes) -> None:
    assert _code(codec.unpack, body, messages.Batch).code == "packet_invalid"


@given(plain=st.binary(max_size=300))
def test_random_bytes_in_a_good_frame_are_refused(plain: bytes) -> None:
    assert _code(codec.unpack, _zstd(plain), messages.Batch).code in ("packet_invalid", "version_unsupported")


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(0, 9), inner),
    max_leaves=20,
)


@given(version=st.sampled_from([2, 3]), items=_PLAIN, sent_at=_PLAIN, institution=_PLAIN)
def test_any_other_shape_of_a_batch_is_refused(
    version: int, items: object, sent_at: object, institution: object
) -> None:
    plain = {
        "version": version,
        "institution": institution,
        "sent_at": sent_at,
        "items": items,
    }
    if not isinstance(items, list) or items:
        assert _code(codec.unpack, _zstd(msgspec.msgpack.encode(plain)), messages.Batch).code == "packet_invalid"


@given(data=st.data())
@settings(max_examples=60)
def test_a_damaged_body_is_refused_or_reads_as_a_batch(data: st.DataObject) -> None:
    """A flipped byte may hit text, so that it still reads; it never raises anything but a refusal."""
    plain = bytearray(msgspec.msgpack.encode(samples.all_messages()["batch"]))
    plain[data.draw(st.integers(0, len(plain) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = codec.unpack(_zstd(bytes(plain)), messages.Batch)
    except Refused as refused:
        code = refused.code
    else:
        code = type(read).__name__
    assert code in ("packet_invalid", "version_unsupported", "Batch")


@given(cut=st.integers(0, 200))
def test_a_truncated_body_is_refused(cut: int) -> None:
    body = codec.pack(samples.all_messages()["batch"])
    cut = min(cut, len(body) - 1)
    assert _code(codec.unpack, body[:cut], messages.Batch).code == "packet_invalid"


def test_a_compression_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = _zstd(b"\x00" * (256 * 1024 * 1024))
    assert len(bomb) < 64 * 1024
    assert _code(codec.unpack, bomb, messages.Batch).code == "packet_too_large"


def test_a_body_of_many_frames_reads_no_further_than_the_limit() -> None:
    bomb = _zstd(b"\x00" * limits.BODY_BYTES_MAX) * 50
    assert _code(codec.unpack, bomb, messages.Batch).code in ("packet_too_large", "packet_invalid")


def test_a_frame_that_asks_for_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = stream.compress(b"\x00" * 1024 * 1024) + stream.flush()
    assert _code(codec.unpack, frame, messages.Batch).code == "packet_invalid"


def test_deep_nesting_on_the_line_is_refused() -> None:
    nested = b"\x91" * 100_000 + b"\x90"
    assert _code(codec.unpack, _zstd(nested), messages.Batch).code == "packet_invalid"
    assert _code(codec.request_from_wire, SETTLE, nested).code == "packet_invalid"


@pytest.mark.parametrize("version", [0, -1, 1, 4, 99, "2", None, 1.5, True])
def test_a_version_that_we_do_not_read_is_refused(version: object) -> None:
    plain = {"version": version, "institution": "H001", "sent_at": datetime.now(UTC), "items": []}
    refused = _code(codec.unpack, _zstd(msgspec.msgpack.encode(plain)), messages.Batch)
    assert refused.code == "version_unsupported"


@pytest.mark.parametrize(
    "plain", [{"version": 2}, {"version": 2, "institution": "H", "items": 7}, {"version": 2, "items": [3]}]
)
def test_a_broken_map_of_the_previous_version_is_refused(plain: dict[str, object]) -> None:
    assert _code(codec.unpack, _zstd(msgspec.msgpack.encode(plain)), messages.Batch).code == "packet_invalid"


@pytest.mark.parametrize(
    ("packet", "path"),
    [
        (b'{"totl": 1}', "$.totl: unknown field"),
        (b'{"lines": [{"serial": "1", "colour": 2}]}', "$.lines[0].colour: unknown field"),
        (b'{"lines": [{"0499370899": 2}]}', "$.lines[0]: unknown field"),
        (b'{"lines": [{"n0499": 2}]}', "$.lines[0]: unknown field"),
        ('{"lines": [{"张三": 2}]}'.encode(), "$.lines[0]: unknown field"),
        (b'{"x` - at `0499370899": 2}', "$: unknown field"),
        (b'{"x` - at `$.n0499370899": 2}', "$: unknown field"),
        (b'{"x\\u000a": 2}', "$: unknown field"),
        (b'{"' + b"x" * 41 + b'": 2}', "$: unknown field"),
    ],
)
def test_a_field_that_nobody_knows_is_told_with_its_path_and_nothing_that_may_be_a_person(
    packet: bytes, path: str
) -> None:
    row = catalogue.BY_NUMBER["3101"]
    assert _code(codec.request_from_json, row, packet).detail == path
    plain = msgspec.msgpack.encode(msgspec.json.decode(packet))
    assert _code(codec.request_from_wire, row, plain).detail == path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "packet_missing"),
        (b"  \n ", "packet_missing"),
        (b"nonsense", "packet_invalid"),
        (b"[]", "packet_invalid"),
        (b"null", "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY"}', "packet_invalid"),
        (b'{"hid": "1", "currency": "CNY", "total": 1}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": -1}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1.5}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": "1"}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1000000000000001}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1, "totl": 1}', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1} x', "packet_invalid"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1, "invoice": "\xff"}', "packet_not_utf8"),
        (b'{"hid": "0000000000010109", "currency": "CNY", "total": 1, "totl": "\xff"}', "packet_not_utf8"),
        (b'{"hid": "0000000000010109", "currency": "\xff", "total": 1}', "packet_not_utf8"),
        (b'{"\xff": 1}', "packet_not_utf8"),
        (b"\xff" * 100, "packet_not_utf8"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "packet_too_deep"),
        (b"[" * 100_000, "packet_too_deep"),
        (b'{"invoice": "' + b"a" * limits.PACKET_BYTES_MAX + b'"}', "packet_too_large"),
    ],
)
def test_a_bad_packet_of_the_his_is_refused_with_its_code(text: bytes, code: str) -> None:
    assert _code(codec.request_from_json, SETTLE, text).code == code


@pytest.mark.parametrize("number", catalogue.BY_NUMBER)
def test_every_text_in_a_request_is_decoded_so_that_one_that_was_read_is_utf8(number: str) -> None:
    assert _reads_all(msgspec.json.schema(catalogue.BY_NUMBER[number].request))


def _reads_all(schema: object) -> bool:
    """Whether nothing in what fits is passed over: neither a field of any value nor one that is not known."""
    if isinstance(schema, list):
        return all(_reads_all(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    known = "properties" not in schema or schema.get("additionalProperties") is False
    parts = [part for name, part in schema.items() if name not in ("default", "properties", "$defs")]
    parts += [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return bool(schema) and known and _reads_all(parts)


@pytest.mark.parametrize("number", catalogue.BY_NUMBER)
def test_every_number_in_a_request_is_one_that_the_line_can_carry(number: str) -> None:
    bounds = _numbers(msgspec.json.schema(catalogue.BY_NUMBER[number].request))
    assert all(least >= -(2**63) and most < 2**64 for least, most in bounds)


def _numbers(schema: object) -> Iterator[tuple[float, float]]:
    """The least and the most of every number in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number"):
            yield schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        for part in schema.values():
            yield from _numbers(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _numbers(part)


def test_a_nul_in_a_text_is_refused_here_and_its_spelling_is_not() -> None:
    packet = {"hid": samples.HID, "currency": "CNY", "total": 1, "invoice": "a\0b"}
    refused = _code(codec.request_from_json, SETTLE, json.dumps(packet).encode())
    assert (refused.code, refused.detail) == ("packet_invalid", codec.NUL)
    spelt = {**packet, "invoice": r"a\u0000b"}
    assert codec.request_from_json(SETTLE, json.dumps(spelt).encode()).invoice == spelt["invoice"]


def test_brackets_in_a_string_are_not_depth() -> None:
    text = json.dumps({"hid": samples.HID, "currency": "CNY", "total": 1, "invoice": '[[[[[[[[["{{{{{{{{{\\'}).encode()
    assert codec.depth(text) == 1
    assert codec.request_from_json(SETTLE, text)


@pytest.mark.parametrize("planted", ["0013542419", "Planted Name"])
def test_a_refusal_names_the_field_and_never_the_value(planted: str) -> None:
    text = json.dumps({"hid": samples.HID, "currency": "CNY", "lines": [{"serial": planted}]}).encode()
    refused = _code(codec.request_from_json, FEES, text)
    assert planted not in str(refused)
    assert refused.detail.startswith("$.lines[0]")


@given(keys=st.permutations(["hid", "currency", "total", "invoice"]), spaces=st.integers(0, 4))
def test_spelling_of_the_json_does_not_change_the_digest(keys: list[str], spaces: int) -> None:
    packet = {"hid": samples.HID, "currency": "CNY", "total": 2525, "invoice": ""}
    text = json.dumps({key: packet[key] for key in keys}, indent=spaces).encode()
    digest = codec.digest("2207", codec.request_from_json(SETTLE, text))
    assert digest == codec.digest("2207", samples.REQUESTS["outpatient_settle"]["least"])


def test_all_spellings_of_a_number_have_one_digest() -> None:
    query = samples.REQUESTS["query"]["least"]
    assert codec.digest("43", query) == codec.digest("5203", query)


def test_digests_of_different_numbers_or_packets_differ() -> None:
    digests = {
        codec.digest(row.number, request) for row in catalogue.ROWS for request in samples.REQUESTS[row.name].values()
    }
    assert len(digests) == sum(len(requests) for requests in samples.REQUESTS.values())
    assert all(len(digest) == hashlib.sha256().digest_size for digest in digests)


def test_a_packet_over_the_limit_is_refused_on_the_line_too() -> None:
    assert _code(codec.request_from_wire, SETTLE, b"\x00" * (limits.PACKET_BYTES_MAX + 1)).code == "packet_too_large"


@given(packet=st.binary(max_size=200))
def test_random_packets_on_the_line_are_refused(packet: bytes) -> None:
    assert _code(codec.request_from_wire, FEES, packet).code == "packet_invalid"


@pytest.mark.parametrize("field", ["hid", "serial", "item", "quantity", "unit_price"])
def test_a_line_feed_behind_a_value_does_not_pass(field: str) -> None:
    line = {
        "serial": "1",
        "item": "A1",
        "quantity": "1",
        "unit_price": "1",
        "amount": 100,
        "service_date": "2026-01-02",
    }
    plain = {"hid": "0000000000000197", "currency": "CNY", "lines": [line]}
    if field == "hid":
        plain["hid"] = "0000000000000197\n"
    else:
        line[field] = f"{line[field]}\n"
    with pytest.raises(Refused, match="packet_invalid"):
        codec.request_from_json(catalogue.BY_NUMBER["2204"], msgspec.json.encode(plain))
