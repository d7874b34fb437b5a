"""What an answer of the hub decides."""

from __future__ import annotations

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.journal.decisions import decision_of
from edge.outcome import Confirmation, Event, Mark
from tests.sim.hub import settlement


def final(answer: p.Answer, **more: str) -> ItemAnswer:
    return ItemAnswer(msgid="m", verdict=Verdict.FINAL, packet=msgspec.msgpack.encode(answer), **more)  # type: ignore[arg-type]


def test_a_settlement_awaits_its_confirmation_whatever_the_hub_leaves_out() -> None:
    decided = decision_of("2207", final(settlement("h", 1, "S1")))
    assert (decided.event, decided.confirmation, decided.reference) == (Event.APPLIED, Confirmation.AWAITED, "S1")
    assert decision_of("2207", final(settlement("h", 1, "S1"), confirmation="confirmed")).confirmation == "confirmed"


def test_a_refusal_code_of_a_newer_hub_is_kept_as_a_detail() -> None:
    decided = decision_of("2207", ItemAnswer(msgid="m", verdict=Verdict.REFUSED, code="moon_phase"))
    assert (decided.code, decided.detail) == ("hub_fault", "the hub refused with moon_phase")


def test_an_answer_that_cannot_be_read_is_a_receipt_all_the_same() -> None:
    decided = decision_of("2207", ItemAnswer(msgid="m", verdict=Verdict.FINAL, packet=b"\xc1"))
    assert decided.event is Event.APPLIED


def test_a_reversal_lifts_the_tombstone_only_if_it_took_something_back() -> None:
    taken = decision_of("2601", final(p.Reversed(original_msgid="o", effect="reversed")))
    assert taken.lifts == "o"
    assert [m.mark for m in taken.markings] == [Mark.UNDO, Mark.REINSTATE]
    never = decision_of("2601", final(p.Reversed(original_msgid="o", effect="never_applied")))
    assert (never.lifts, never.markings) == ("", ())
