"""Good cards of every kind that speaks APDUs, by the kind's name: for tests that hold all kinds to one rule, and for drivers to play."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tests.cards_played import (
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


class Played(Protocol):
    """What every played card offers."""

    atr: bytes

    def apdu(self, command: bytes) -> bytes: ...

    def reset(self) -> None: ...


PLAYED: dict[str, tuple[Callable[[], Played], ...]] = {
    "cn_social_security": (cn_social_security.Card,),
    "th_national": (th_national.Card, th_national.OtherCard),
    "tw_nhi": (tw_nhi.Card, tw_nhi.Card2025),
    "de_egk": (de_egk.EgkCard,),
    "be_eid": (be_eid.BelgianCard,),
    "ee_eid": (ee_eid.EstonianCard2018, ee_eid.EstonianCard2025, ee_eid.EstonianCard2002),
    "mn_national": (mn_national.MongolianCard, mn_national.ContactlessCard),
    "ir_national": (ir_national.Card,),
    "emv": (emv.Card,),
}
"""The first of each kind is the ordinary one; the others are batches that behave in another way."""
BY_ATR_ONLY = (th_national.OtherCard, mn_national.ContactlessCard)
"""Batches that want to be asked in another way, which only their ATR tells."""
