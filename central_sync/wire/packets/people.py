"""The business cycle (9001, 9002), the person (1101) and the cover (2001)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from central_sync.wire.packets.base import Answer, Code, Request


class PersonRef(Request, frozen=True, kw_only=True):
    """A person by a national identifier; ``kind`` is a key of :data:`central_sync.terms.identifiers.KINDS`."""

    kind: Code
    number: Annotated[str, Meta(min_length=1, max_length=64)]


class SignIn(Request, frozen=True, kw_only=True):
    """9001. Opens the business cycle of one workstation and operator for one business day."""

    business_day: date


class SignInAnswer(Answer, frozen=True, kw_only=True):
    """9001. ``sign_in_number`` names the cycle at the hub."""

    sign_in_number: str
    business_day: date


class SignOut(Request, frozen=True, kw_only=True):
    """9002. Closes the business cycle."""

    business_day: date


class SignOutAnswer(Answer, frozen=True, kw_only=True):
    """9002. ``settlements`` is how many the institution made on that business day so far."""

    settlements: int


class PersonRequest(Request, frozen=True, kw_only=True):
    """1101."""

    person: PersonRef


class Cover(Answer, frozen=True, kw_only=True):
    """One layer of cover: which scheme and contract, from when to when (both days included), and whether in force."""

    layer: str
    scheme: str
    contract: str
    from_day: date
    to_day: date | None
    in_force: bool


class PersonAnswer(Answer, frozen=True, kw_only=True):
    """1101. ``as_of`` is when the insurer last vouched for this record."""

    member: str
    name: str
    birth_date: date
    sex: str
    covers: list[Cover]
    as_of: datetime


class BenefitCheck(Request, frozen=True, kw_only=True):
    """2001. ``care`` is ``outpatient`` or ``inpatient``."""

    person: PersonRef
    care: Annotated[str, Meta(pattern=r"^(outpatient|inpatient)$(?!\n)")]
    service_date: date


class Balance(Answer, frozen=True, kw_only=True):
    """What a layer has paid this year under a cap, and what is left (``None``: no cap). ``owner``: whose use it is (``member``, ``family``
    or ``contract``). ``account``: it is the member's personal account, and ``cap`` is all that was ever paid into it.
    """

    layer: str
    name: str
    used: int
    cap: int | None
    owner: str = "member"
    account: bool = False


class BenefitAnswer(Answer, frozen=True, kw_only=True):
    """2001. ``reason`` is a refusal code when not entitled."""

    entitled: bool
    covers: list[Cover]
    balances: list[Balance]
    currency: str
    as_of: datetime
    reason: str = ""
