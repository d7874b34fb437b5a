"""Day roots: the bytes that edge and hub sign, written down by hand."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import msgspec

from central_sync.wire import roots
from central_sync.wire.messages import DayRoot

AT = datetime(2025, 3, 21, 0, 5, 0, 7, tzinfo=UTC)
ROOT = DayRoot(
    life=bytes(range(16)), day=date(2025, 3, 20), first=258, last=70_000, root=bytes(range(32)), signature=b"signature"
)
STATEMENT = (
    b"pishkhan day root 3\x00"
    b"\x04H001"
    + bytes(range(16))
    + b"2025-03-20"
    + b"\x00\x00\x00\x00\x00\x00\x01\x02"
    + b"\x00\x00\x00\x00\x00\x01\x11\x70"
    + bytes(range(32))
)


def _stated(institution: str = "H001", root: DayRoot = ROOT) -> bytes:
    return roots.statement(institution, root.life, root.day, root.first, root.last, root.root)


def test_a_statement_is_these_bytes() -> None:
    assert _stated() == STATEMENT


def test_the_hub_signs_the_statement_and_its_time() -> None:
    by_hand = (
        b"pishkhan day root countersigned 3\x00"
        + hashlib.sha256(STATEMENT).digest()
        + (1742515500000007).to_bytes(8, "big")
    )
    assert roots.countersigned("H001", ROOT, AT) == by_hand


def test_whatever_is_changed_changes_the_statement() -> None:
    changed = [
        {"life": bytes(16)},
        {"day": date(2025, 3, 21)},
        {"first": 259},
        {"last": 70_001},
        {"root": bytes(32)},
    ]
    texts = {_stated(root=msgspec.structs.replace(ROOT, **one)) for one in changed} | {_stated("H002"), _stated()}
    assert len(texts) == len(changed) + 2
