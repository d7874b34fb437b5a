"""Golden vectors: the line's bytes of every message and packet are those that stand in the repository."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import zstandard

from central_sync.wire import catalogue, codec, messages
from central_sync.wire.compression import KNOWN
from tests.wire_vectors import regenerate, samples

PACKETS: list[dict[str, Any]] = json.loads((regenerate.FOLDER / "packets.json").read_text(encoding="utf-8"))
MESSAGES_V3: list[dict[str, Any]] = json.loads((regenerate.FOLDER / "messages-v3.json").read_text(encoding="utf-8"))
MESSAGES_V2: list[dict[str, Any]] = json.loads((regenerate.FOLDER / "messages-v2.json").read_text(encoding="utf-8"))
FRAMES: list[dict[str, Any]] = json.loads((regenerate.FOLDER / "frames.json").read_text(encoding="utf-8"))


def _sample(entry: dict[str, Any]) -> str:
    return f"{entry.get('number', '')} {entry['sample']}".strip()


@pytest.mark.parametrize("name", ["packets.json", "messages-v3.json", "messages-v2.json"])
def test_the_code_still_writes_the_vectors_of_the_repository(name: str) -> None:
    assert regenerate.rendered()[name] == (regenerate.FOLDER / name).read_text(encoding="utf-8")


def test_every_row_of_the_catalogue_has_vectors() -> None:
    assert {entry["row"] for entry in PACKETS} == set(catalogue.BY_NAME)


def test_every_message_and_feed_body_has_vectors() -> None:
    assert {entry["kind"] for entry in MESSAGES_V3} == {
        "Batch", "BatchAnswer", "Feed", "EnrolRequest", "Enrolment", "Renewal", "Renewed", "RootsOffer", "RootsAnswer",
        "CompareRequest", "CompareAnswer", "EdgeReport",
    }  # fmt: skip
    text = json.dumps(MESSAGES_V3)
    for tag in ("transaction", "ask", "hid_block", "notice", "confirmation_change"):
        assert f'"type": "{tag}"' in text


@pytest.mark.parametrize("entry", PACKETS, ids=_sample)
def test_a_packet_reads_the_same_from_json_and_from_the_line(entry: dict[str, Any]) -> None:
    row = catalogue.BY_NUMBER[entry["number"]]
    from_line = codec.request_from_wire(row, bytes.fromhex(entry["request_hex"]))
    from_his = codec.request_from_json(row, json.dumps(entry["request"]).encode())
    assert from_line == from_his == samples.REQUESTS[row.name][entry["sample"]]
    assert codec.digest(row.number, from_line).hex() == entry["digest"]


@pytest.mark.parametrize("entry", PACKETS, ids=_sample)
def test_an_answer_reads_back_from_the_line(entry: dict[str, Any]) -> None:
    row = catalogue.BY_NUMBER[entry["number"]]
    answer = msgspec.msgpack.decode(bytes.fromhex(entry["answer_hex"]), type=row.answer)
    assert answer == samples.ANSWERS[row.name]
    assert msgspec.to_builtins(answer) == entry["answer"]


@pytest.mark.parametrize("entry", [*MESSAGES_V3, *MESSAGES_V2], ids=lambda entry: f"{entry['kind']} {entry['sample']}")
def test_a_message_of_either_version_is_unpacked(entry: dict[str, Any]) -> None:
    kind = regenerate.KINDS[entry["sample"]]
    body = zstandard.ZstdCompressor().compress(bytes.fromhex(entry["plain_hex"]))
    assert msgspec.to_builtins(codec.unpack(body, kind)) == entry["reads_as"]


@pytest.mark.parametrize("entry", FRAMES, ids=lambda entry: f"{entry['sample']} {entry['dictionary']}")
def test_a_body_that_once_stood_on_a_line_is_still_read(entry: dict[str, Any]) -> None:
    frame, sample = bytes.fromhex(entry["frame_hex"]), entry["sample"]
    assert zstandard.get_frame_parameters(frame).dict_id == entry["dictionary"]
    reads_as = next(one["reads_as"] for one in MESSAGES_V3 if one["sample"] == sample)
    assert msgspec.to_builtins(codec.unpack(frame, regenerate.KINDS[sample])) == reads_as


def test_every_message_has_a_body_with_each_dictionary_and_one_without() -> None:
    assert {(entry["sample"], entry["dictionary"]) for entry in FRAMES} == {
        (name, dictionary) for name in samples.all_messages() for dictionary in (0, *KNOWN)
    }


def test_an_ask_is_these_bytes_written_by_hand() -> None:
    """MessagePack by the book: a map of five, short strings by 0xa0 + length, 32 bytes of digest by 0xc4 0x20."""
    ask = messages.Ask(msgid="m-1", number="2207", lane="x", digest=bytes(range(32)))
    by_hand = b"\x85\xa4type\xa3ask\xa5msgid\xa3m-1\xa6number\xa42207\xa4lane\xa1x\xa6digest\xc4\x20" + bytes(range(32))
    assert msgspec.msgpack.encode(ask) == by_hand


def test_a_digest_is_the_sum_of_this_text_written_by_hand() -> None:
    """SHA-256 over the canonical number, a zero byte, and JSON with sorted keys and without defaults."""
    import hashlib

    by_hand = b'2204\x00{"currency":"CNY","hid":"HID","lines":[{"amount":2525,"item":"ZC01","name":"\xd8\xb3","quantity":"2.5","serial":"1","service_date":"2025-03-20","unit_price":"10.10"}]}'
    line = msgspec.structs.replace(samples.LINE, name="\u0633")
    fees = msgspec.structs.replace(samples.REQUESTS["outpatient_fees"]["least"], hid="HID", lines=[line])
    assert codec.digest("2204", fees) == hashlib.sha256(by_hand).digest()
