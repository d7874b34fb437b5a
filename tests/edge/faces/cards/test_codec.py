"""What the readers' dialect says."""

from __future__ import annotations

from datetime import UTC, datetime

from edge.faces.cards import codec
from edge.readers import Change, ReaderEvent, ReaderState
from edge.readers.cards.identity import CardIdentity
from edge.readers.reads import Read


def test_an_event_says_which_reader_and_never_who() -> None:
    state = ReaderState(name="reader-1", driver="simulated", connected=True, card_present=True)
    assert codec.event_data(ReaderEvent(change=Change.INSERTED, state=state)) == {
        "reader": "reader-1",
        "change": "inserted",
        "connected": True,
        "card_present": True,
    }


def test_a_card_without_the_persons_number_names_no_person() -> None:
    read = Read(
        read_id="r", reader="reader-1", desk="", at=datetime(2026, 3, 1, tzinfo=UTC), digest=b"",
        identity=CardIdentity(kind="", number="", card="emv", card_number="411111******1111"),
    )  # fmt: skip
    answer = codec.read_body(read).answer
    assert answer is not None
    assert answer["person"] is None
    assert answer["card_number"] == "411111******1111"


def test_a_read_that_is_forgotten_says_nothing() -> None:
    assert codec.read_body(None).answer is None
