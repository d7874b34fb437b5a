"""What the journal keeps of a call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from central_sync.wire import codec
from edge.checks import opened
from edge.journal.shapes import Draft
from edge.taken import draft_of
from edge.uplink.items import CYCLE_LANE
from tests.edge.world import HID, PROFILE, call, fees, registration

NOW = datetime(2025, 6, 1, 8, tzinfo=UTC)


def drafted(number: str, packet: dict[str, Any], card_read: str = "") -> Draft:
    asked = call(number, packet, "m1", card_read=card_read)
    return draft_of(asked, *opened(asked, PROFILE), NOW)


def test_it_is_the_transaction_and_who_sent_it() -> None:
    kept = drafted("2204", fees(HID), "card-1")
    row, request = opened(call("2204", fees(HID), "m1"), PROFILE)
    assert msgspec.msgpack.decode(kept.packet, type=row.request) == request
    assert kept.digest == codec.digest("2204", request)
    assert (kept.institution, kept.msgid, kept.number, kept.recorded_at) == ("H1", "m1", "2204", NOW)
    assert (kept.operator, kept.workstation, kept.card_read) == ("op1", "ws1", "card-1")
    assert (kept.hid, kept.lane, kept.opens_case, kept.follows) == (HID, HID, False, "")


def test_what_opens_a_case_says_so_and_what_belongs_to_none_goes_in_the_lane_of_the_cycle() -> None:
    opens, signs_in = drafted("2201", registration()), drafted("9001", {"business_day": "2025-06-01"})
    assert (opens.opens_case, opens.hid, opens.lane) == (True, "", CYCLE_LANE)
    assert (signs_in.opens_case, signs_in.lane) == (False, CYCLE_LANE)


@pytest.mark.parametrize(
    ("number", "packet", "reverses"),
    [
        ("49", {"original_msgid": "m0", "his_result": 0}, False),
        ("2601", {"original_msgid": "m0", "original_number": "2204"}, True),
    ],
)
def test_a_confirmation_and_a_reversal_follow_their_original(
    number: str, packet: dict[str, Any], reverses: bool
) -> None:
    kept = drafted(number, packet)
    assert (kept.follows, kept.reverses) == ("m0", reverses)
