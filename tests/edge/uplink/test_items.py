"""Journal rows as work for the lanes, and as items of a batch."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from central_sync.wire.messages import Ask, Transaction
from edge.journal.shapes import Pending, Sendable
from edge.uplink.items import item_of, work_of

ENTRY = Sendable(
    seq=7, msgid="m7", number="2207", digest=b"d" * 32, hid="0000000000000197", lane="0000000000000197", packet=b"\x80",
    operator="op", workstation="ws", recorded_at=datetime(2026, 1, 2, tzinfo=UTC), business_day=date(2026, 1, 2),
)  # fmt: skip


@pytest.mark.parametrize(("number", "ask"), [("2207", True), ("2204", False)])
def test_what_an_earlier_life_left_may_have_left_the_house_and_a_fence_is_asked(number: str, ask: bool) -> None:
    work = work_of(Pending(seq=7, lane=3, number=number, size=10))
    assert (work.ask, work.left, work.key, work.lane) == (ask, True, 7, 3)


def test_an_entry_goes_on_the_line_whole() -> None:
    item = item_of(ENTRY, ask=False)
    assert isinstance(item, Transaction)
    assert {name: getattr(item, name) for name in item.__struct_fields__} == {
        name: getattr(ENTRY, name) for name in item.__struct_fields__
    }


def test_a_question_carries_the_digest_and_nothing_of_the_packet() -> None:
    assert item_of(ENTRY, ask=True) == Ask(msgid="m7", number="2207", lane=ENTRY.lane, digest=ENTRY.digest)
