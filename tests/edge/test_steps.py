"""What the journal tells of a case, as a page's steps."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from central_sync.wire import packets as p
from edge.journal.shapes import Standing, Told
from edge.outcome import Outcome
from edge.steps import step_of

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)


def told(number: str = "2202", packet: bytes = b"", outcome: Outcome = Outcome.FINAL, answer: bytes = b"") -> Told:
    standing = Standing(
        seq=1, institution="H1", msgid="m", number=number, digest=b"", hid="h", lane="h", recorded_at=NOW,
        outcome=outcome, answer=answer, code="" if outcome is Outcome.FINAL else "case_closed",
    )  # fmt: skip
    return Told(standing=standing, packet=packet, operator="op", workstation="desk")


def test_an_answer_is_there_when_it_is_the_last_word_and_not_before() -> None:
    packet = msgspec.msgpack.encode(p.CaseRef(hid="0000000000000195"))
    done = step_of(told(packet=packet, answer=msgspec.msgpack.encode(p.Done(hid="h"))))
    refused = step_of(told(packet=packet, outcome=Outcome.REFUSED))
    assert done
    assert refused
    assert (done.answer, done.row.name, done.operator) == ({"hid": "h"}, "registration_cancel", "op")
    assert (refused.answer, refused.code) == (None, "case_closed")


def test_what_this_program_cannot_read_is_left_out() -> None:
    assert step_of(told(number="9999")) is None
    assert step_of(told(packet=b"\xc1")) is None
