"""Certainty: confirm, query, what is uncertain, reversal (49, 43, 5203, 44, 2601)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from central_sync.wire.packets.base import Answer, Code, Msgid, Request

HisResult = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Whatever a program's whole number can be; the line carries no larger one."""


class Confirm(Request, frozen=True, kw_only=True):
    """49. ``his_result`` 0: the HIS has booked the settlement; anything else: it could not, and the hub annuls it."""

    original_msgid: Msgid
    his_result: HisResult
    hid: Annotated[str, Meta(pattern=r"^([0-9]{16})?$(?!\n)")] = ""


class Confirmed(Answer, frozen=True, kw_only=True):
    """49. ``confirmation`` is ``confirmed`` or ``annulled``. ``settlement_id`` is the id that the hospital was given when it settled;
    ``replaced_by``: the hub has settled it again since, and this is what was confirmed or annulled.
    """

    settlement_id: str
    confirmation: str
    replaced_by: str = ""


class Query(Request, frozen=True, kw_only=True):
    """43, 5203. What became of a transaction."""

    original_msgid: Msgid


class QueryAnswer(Answer, frozen=True, kw_only=True):
    """43, 5203. ``outcome`` is final, provisional, refused, in_doubt, or unknown (never seen). ``packet``: the original's answer."""

    original_msgid: str
    outcome: str
    number: str = ""
    code: str = ""
    confirmation: str = "none"
    packet: dict[str, object] | None = None


class Uncertain(Request, frozen=True, kw_only=True):
    """44. Lists what is open: in doubt, provisional, or a settlement that awaits its confirmation."""


class OpenTransaction(Answer, frozen=True, kw_only=True):
    """One open transaction. ``parked``: it waits for a technician."""

    msgid: str
    number: str
    outcome: str
    confirmation: str = "none"
    hid: str = ""
    recorded_at: datetime | None = None
    parked: bool = False


class UncertainAnswer(Answer, frozen=True, kw_only=True):
    """44. ``at_edge`` is what the edge still has to bring home, ``at_hub`` what awaits confirmation there (``None``: line down). Each tells the oldest
    1,000: a list as long as that may have gone on.
    """

    at_edge: list[OpenTransaction]
    at_hub: list[OpenTransaction] | None = None


class Reversal(Request, frozen=True, kw_only=True):
    """2601. Takes a transaction back by the sender's own msgid, whether or not it ever arrived."""

    original_msgid: Msgid
    original_number: Code
    hid: Annotated[str, Meta(pattern=r"^([0-9]{16})?$(?!\n)")] = ""


class Reversed(Answer, frozen=True, kw_only=True):
    """2601. ``effect``: ``reversed`` (it had been applied and was taken back) or ``never_applied`` (and never will be)."""

    original_msgid: str
    effect: str
