"""Settlement with the patient, before, for good, and back (2206 – 2208, 2303 – 2305)."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import field

from central_sync.wire.packets.base import Amount, Answer, Code, CurrencyCode, Hid, Request, Text
from central_sync.wire.packets.fees import PricedLine


class PreSettle(Request, frozen=True, kw_only=True):
    """2206, 2303. What a settlement would be now; changes nothing. ``total`` must be the sum of the case's lines.

    ``until`` (2303 of a stay before its discharge): an interim settlement, of the lines up to and with that day. Lines that an
    interim settlement in force holds are no part of ``total``.
    """

    hid: Hid
    currency: CurrencyCode
    total: Amount
    until: date | None = None


class Settle(Request, frozen=True, kw_only=True):
    """2207, 2304. Settles the whole bill of the case; with ``until`` (2304) that day's part of a stay, which goes on: see 2303."""

    hid: Hid
    currency: CurrencyCode
    total: Amount
    invoice: Text = ""
    until: date | None = None


class TraceStep(Answer, frozen=True, kw_only=True):
    """One reason for one share: which rule, from which date and source, what it took and what it gave.

    ``text`` says it in English; ``kind``, ``values`` and ``times`` as data, ``less`` what was taken off it afterwards (docs/rulebook.md has the
    table). ``names``: what its rule (or scheme) is called in the language of the place of care, by language.
    """

    rule: str
    text: str
    amount: int
    from_day: date | None = None
    reference: str = ""
    kind: str = ""
    values: dict[str, str | int] = field(default_factory=dict)
    less: list[TraceStep] = field(default_factory=list)
    times: int = 1
    names: dict[str, str] = field(default_factory=dict)


class Deferral(Answer, frozen=True, kw_only=True):
    """The hub's signature under a deferred share, and what of the signed statement stands nowhere else in the answer: see
    ``central_sync/wire/deferrals.py``. ``day`` is the one whose benefits count.
    """

    day: date
    signed_at: datetime
    signer: str = ""
    signature: bytes = b""


class Share(Answer, frozen=True, kw_only=True):
    """What one layer pays, and why. ``deferred``: this payer decides later; ``deferral`` is the hub's signature under that."""

    layer: str
    scheme: str
    payer: str
    amount: int
    trace: list[TraceStep]
    deferred: bool = False
    deferral: Deferral | None = None


class Settlement(Answer, frozen=True, kw_only=True):
    """2206, 2207, 2303, 2304 (and 5203). total + package_difference = sum of shares + patient; the patient's parts add up to ``patient``.

    ``settlement_id`` is empty in a pre-settlement. ``confirmation``: none, awaited, confirmed, annulled, undone. ``package_difference`` is
    what a fixed price is above (or, negative, below) the itemised bill: the hospital's gain or loss. ``until`` is
    the last day of an interim settlement, ``after`` the settlement of the same stay that came before. Where there is one, shares and patient
    are what the stay up to now comes to, less what was settled before; a part may be negative.

    ``replaces``: the hub settled it again, in the place of that settlement; ``patient_due`` is what the patient is still to pay therefore, or
    (negative) to get back. Nothing is paid by itself.
    """

    hid: str
    currency: str
    total: int
    patient: int
    shares: list[Share]
    patient_trace: list[TraceStep]
    lines: list[PricedLine]
    rulebook: str
    settled_on: date
    settlement_id: str = ""
    confirmation: str = "none"
    package_difference: int = 0
    until: date | None = None
    after: str = ""
    replaces: str = ""
    patient_due: int = 0


class SettleCancel(Request, frozen=True, kw_only=True):
    """2208, 2305. Takes a settlement back by the hub's id."""

    hid: Hid
    settlement_id: Code
    reason: Text = ""


class SettleCancelled(Answer, frozen=True, kw_only=True):
    """2208, 2305. What went back, as negative amounts. ``settlement_id`` is the id that the hospital was given when it settled; where the
    hub had settled it again since, ``replaced_by`` is what went back.
    """

    hid: str
    settlement_id: str
    total: int
    patient: int
    funds: int
    replaced_by: str = ""
