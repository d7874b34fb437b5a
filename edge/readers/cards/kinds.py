"""PURE: the kinds of smart cards that can be read, and which one a card is.

The order is the order of asking: what is cheap to tell comes first, and EMV last, because a card of social security or health often is a
bank card as well. A Chinese resident ID is not here: it speaks frames through its own reader, not APDUs.
"""

from __future__ import annotations

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards import (
    be_eid,
    cn_social_security,
    de_egk,
    ee_eid,
    emv,
    ir_national,
    mn_national,
    th_national,
    tw_nhi,
)
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import Conversation
from edge.readers.cards.identity import CardIdentity

__all__ = ["KINDS", "CardKind", "identify"]

KINDS: tuple[CardKind, ...] = (
    cn_social_security.KIND,
    th_national.KIND,
    tw_nhi.KIND,
    de_egk.KIND,
    be_eid.KIND,
    ee_eid.KIND,
    mn_national.KIND,
    ir_national.KIND,
    emv.KIND,
)


def identify(atr: bytes, wanted: Wanted, kinds: tuple[CardKind, ...] = KINDS) -> Conversation[CardIdentity]:
    """Who the card with this ``atr`` names: the kinds that suit the ATR are asked first, then the others.

    Raises:
        Refused: ``card_unknown``, with the ATR.
        CardFault: the card is of a known kind, and its bytes break the rules.
    """
    suiting = [kind for kind in kinds if kind.suits(atr)]
    for kind in [*suiting, *(kind for kind in kinds if kind not in suiting)]:
        identity = yield from kind.read(atr, wanted)
        if identity is not None:
            return identity
    raise Refused("card_unknown", f"ATR {atr.hex().upper()}")
