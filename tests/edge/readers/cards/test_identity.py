"""The identity on a card, as it leaves the edge."""

from __future__ import annotations

import msgspec

from edge.readers.cards.identity import CardIdentity


def test_what_a_card_does_not_say_is_left_out() -> None:
    identity = CardIdentity(kind="ir_national_code", number="0499370899", card="simulated")
    assert msgspec.to_builtins(identity) == {"kind": "ir_national_code", "number": "0499370899", "card": "simulated"}
