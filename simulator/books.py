"""PURE: a hospital's own books: what its HIS sent, what it was told, what it billed and what money it believes in.

The books know nothing of edge or hub but the answers. They are one side of every comparison in :mod:`simulator.invariants`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import msgspec

from central_sync.wire.catalogue import BY_NUMBER

SETTLES = ("2207", "2304")
DECIDED = ("final", "refused")
ACKNOWLEDGED = ("final", "provisional")
Packet = dict[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """What a HIS hears of a transaction; ``outcome`` as on the wire, or ``unknown`` from a query."""

    outcome: str
    code: str = ""
    answer: Packet | None = None
    confirmation: str = "none"
    hid: str = ""


@dataclass(slots=True)
class Entry:
    """One transaction as the HIS knows it. ``refusal``: what it must meet; empty: nothing but being carried out.
    ``told`` holds every outcome in the order in which it was heard.
    """

    msgid: str
    number: str
    packet: Packet
    journey: str
    refusal: str = ""
    outcome: str = ""
    code: str = ""
    answer: Packet | None = None
    told: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def decided(self) -> bool:
        """Whether its last known outcome can change no more."""
        return self.outcome in DECIDED


@dataclass(slots=True)
class Sale:
    """A settlement in the hospital's books. ``state``: awaited, confirmed, annulled, cancelled or reversed."""

    settlement_id: str
    msgid: str
    hid: str
    business_day: date
    total: int
    funds: int
    patient: int
    state: str = "awaited"


@dataclass(slots=True)
class Books:
    """One hospital's books. ``bills``: HID → serial → amount of the lines that stand. ``surprises``: answers that no careful
    HIS could expect; each is a fault of somebody's.
    """

    hospital: str
    currency: str
    entries: dict[str, Entry] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    bills: dict[str, dict[str, int]] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)

    def surprise(self, entry: Entry, what: str) -> None:
        """Write down what should not have been."""
        self.surprises.append(f"{self.hospital} {entry.journey} {entry.number} {entry.msgid}: {what}")

    def hear(self, entry: Entry, told: Told) -> None:
        """Keep what was told of ``entry``; a decided outcome that changes is a surprise."""
        entry.told.append(told.outcome)
        answer = None if told.answer is None else whole(entry.number, told.answer)
        if entry.decided and told.outcome != entry.outcome:
            self.surprise(entry, f"was {entry.outcome} {entry.code}, then {told.outcome} {told.code}")
            return
        if entry.outcome == "final" and answer is not None and not alike(entry.answer, answer):
            self.surprise(entry, "its final answer changed")
            return
        if told.outcome == "unknown":
            return
        entry.outcome, entry.code = told.outcome, told.code
        if answer is not None:
            entry.answer = answer
        if entry.number in SETTLES and told.outcome == "final" and entry.answer is not None:
            self._book(entry, entry.answer)

    def _book(self, entry: Entry, answer: Packet) -> None:
        settlement_id = str(answer["settlement_id"])
        if settlement_id in self.sales:
            if self.sales[settlement_id].msgid != entry.msgid:
                self.surprise(entry, "has the settlement id of another")
            return
        total, patient = _amount(answer, "total"), _amount(answer, "patient")
        self.sales[settlement_id] = Sale(
            settlement_id=settlement_id,
            msgid=entry.msgid,
            hid=str(answer["hid"]),
            business_day=date.fromisoformat(str(answer["settled_on"])),
            total=total,
            funds=total - patient,
            patient=patient,
        )

    def confirmed(self) -> list[Sale]:
        """The settlements that the hospital counts on."""
        return [sale for sale in self.sales.values() if sale.state == "confirmed"]

    def open(self) -> list[Entry]:
        """What is not decided yet, as far as the HIS has heard."""
        return [entry for entry in self.entries.values() if not entry.decided]


def _amount(answer: Packet, name: str) -> int:
    value = answer[name]
    assert isinstance(value, int)
    return value


def whole(number: str, answer: Packet) -> Packet:
    """``answer`` with every field that its type has: whether a default is written out or left out says nothing. An answer that
    does not fit its type stays as it is, to differ from every one that does.
    """
    kind = BY_NUMBER[number].answer
    try:
        typed = msgspec.convert(answer, kind)
    except msgspec.ValidationError:
        return answer
    return {name: msgspec.to_builtins(getattr(typed, name)) for name in kind.__struct_fields__}


def alike(one: Packet | None, other: Packet | None) -> bool:
    """Whether two answers say the same, but for ``confirmation``, which moves on its own."""
    return {**(one or {}), "confirmation": ""} == {**(other or {}), "confirmation": ""}
