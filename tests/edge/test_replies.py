"""How a transaction stands, in the words of a reply."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import ItemAnswer, Verdict
from edge import replies
from edge.journal.shapes import Standing
from edge.outcome import Confirmation, Outcome

HID = "0000000000000197"


def standing(number: str, outcome: Outcome, **more: object) -> Standing:
    known = {
        "seq": 1, "institution": "H1", "msgid": "m1", "digest": b"", "hid": HID, "lane": HID,
        "recorded_at": datetime(2026, 1, 2, tzinfo=UTC),
    }  # fmt: skip
    return Standing(number=number, outcome=outcome, **{**known, **more})  # type: ignore[arg-type]


def test_a_final_answer_has_every_field_also_those_that_the_line_leaves_away() -> None:
    packet = msgspec.msgpack.encode(p.CaseOpened(hid=HID))
    assert b"covered" not in packet
    reply = replies.reply_of(standing("2401", Outcome.FINAL, answer=packet))
    assert reply.answer == {"hid": HID, "covered": True}
    assert reply.ticket == ""


def test_an_answer_of_a_newer_hub_is_passed_on_as_far_as_it_can_be_read() -> None:
    odd = msgspec.msgpack.encode({"something": 1})
    assert replies.plain(BY_NUMBER["2401"], odd) == {"something": 1}
    assert replies.plain(BY_NUMBER["2401"], b"\xc1") == {}


def test_a_provisional_admission_already_tells_its_hid() -> None:
    reply = replies.reply_of(standing("2401", Outcome.PROVISIONAL))
    assert (reply.answer, reply.ticket) == ({"hid": HID}, "m1")


def test_a_refusal_keeps_its_code_and_gives_no_ticket() -> None:
    reply = replies.reply_of(standing("2207", Outcome.REFUSED, code="line_down", detail="d"))
    assert (reply.code, reply.detail, reply.ticket, reply.answer) == ("line_down", "d", "", None)


def test_a_query_and_the_open_list_tell_the_same_as_the_reply() -> None:
    settled = standing("2207", Outcome.IN_DOUBT, confirmation=Confirmation.AWAITED)
    answer = replies.as_query_answer(settled)
    (listed,) = replies.open_transactions([settled])
    assert answer.outcome == listed.outcome == "in_doubt"
    assert answer.confirmation == listed.confirmation == "awaited"


def test_only_the_hubs_own_word_says_that_a_transaction_was_never_seen() -> None:
    def told(verdict: Verdict, packet: bytes) -> bool:
        return replies.never_seen(ItemAnswer(msgid="m1", verdict=verdict, packet=packet))

    unknown = msgspec.msgpack.encode(p.QueryAnswer(original_msgid="m0", outcome="unknown"))
    assert told(Verdict.FINAL, unknown)
    assert not told(Verdict.REFUSED, unknown)
    assert not told(Verdict.FINAL, msgspec.msgpack.encode(p.QueryAnswer(original_msgid="m0", outcome="final")))
    assert not told(Verdict.FINAL, b"\xc1")
