"""Writes the golden vectors from samples.py: ``python -m tests.wire_vectors.regenerate`` (or ``make vectors``).

``packets.json``: for each catalogue row its samples as JSON, as MessagePack in hexadecimal, and their digest; and its
answer. ``messages-v3.json`` and ``messages-v2.json``: each message as plain MessagePack in hexadecimal, and as the JSON it must read as.
``frames.json``: each message as a body on the line, with each shared dictionary and without. Other releases of zstd may write other
bytes for the same message; what once stood on a line must stay readable.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from central_sync.wire import catalogue, codec, messages, versions
from central_sync.wire.compression import KNOWN
from tests.wire_vectors import samples

FOLDER = Path(__file__).parent
KINDS: dict[str, type[messages.Message]] = {
    "batch": messages.Batch,
    "batch_card_read": messages.Batch,
    "batch_empty": messages.Batch,
    "batch_answer": messages.BatchAnswer,
    "batch_answer_refused": messages.BatchAnswer,
    "feed": messages.Feed,
    "feed_empty": messages.Feed,
    "feed_payers": messages.Feed,
    "feed_no_payers": messages.Feed,
    "edge_report": messages.EdgeReport,
    "edge_report_least": messages.EdgeReport,
    "compare_request": messages.CompareRequest,
    "compare_answer": messages.CompareAnswer,
    "enrol_request": messages.EnrolRequest,
    "enrolment": messages.Enrolment,
    "renewal": messages.Renewal,
    "renewal_ended": messages.Renewal,
    "renewed": messages.Renewed,
    "roots_offer": messages.RootsOffer,
    "roots_answer": messages.RootsAnswer,
}
"""Sample name → its message type."""


def packets() -> list[dict[str, Any]]:
    """One entry for each sample of each row, in the catalogue's order."""
    entries = []
    for row in catalogue.ROWS:
        answer = samples.ANSWERS[row.name]
        for name, request in samples.REQUESTS[row.name].items():
            entries.append(
                {
                    "row": row.name,
                    "number": row.number,
                    "sample": name,
                    "request": msgspec.to_builtins(request),
                    "request_hex": msgspec.msgpack.encode(request).hex(),
                    "digest": codec.digest(row.number, request).hex(),
                    "answer": msgspec.to_builtins(answer),
                    "answer_hex": msgspec.msgpack.encode(answer).hex(),
                }
            )
    return entries


def messages_v3() -> list[dict[str, Any]]:
    """Every message as we write it today."""
    return [_entry(name, message) for name, message in samples.all_messages().items()]


def messages_v2() -> list[dict[str, Any]]:
    """What a peer of the previous version writes, and what it reads as today."""
    entries = []
    for name, message in samples.previous_messages().items():
        entry, kind = _entry(name, message), KINDS[name]
        read = msgspec.convert(versions.lifted(msgspec.msgpack.decode(bytes.fromhex(entry["plain_hex"])), kind), kind)
        entries.append({**entry, "reads_as": msgspec.to_builtins(read)})
    return entries


def frames() -> list[dict[str, Any]]:
    """Every message of today as a whole body."""
    return [
        {"sample": name, "dictionary": dictionary, "frame_hex": codec.pack(message, dictionary=dictionary).hex()}
        for name, message in samples.all_messages().items()
        for dictionary in (0, *sorted(KNOWN))
    ]


def _entry(name: str, message: messages.Message) -> dict[str, Any]:
    return {
        "sample": name,
        "kind": type(message).__name__,
        "plain_hex": msgspec.msgpack.encode(message).hex(),
        "reads_as": msgspec.to_builtins(message),
    }


def rendered() -> dict[str, str]:
    """File name → its text, of what is the same with every release of every library."""
    made = {"packets.json": packets(), "messages-v3.json": messages_v3(), "messages-v2.json": messages_v2()}
    return {name: _text(entries) for name, entries in made.items()}


def _text(entries: list[dict[str, Any]]) -> str:
    return json.dumps(entries, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write the files; returns the exit status."""
    for name, text in {**rendered(), "frames.json": _text(frames())}.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
