"""PURE: what the edge can find wrong in a request by itself, before it is taken on.

Only what is certain without the hub: check digits, sums, the currency, serials that stand twice. What it lets through, the hub
checks again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from central_sync.terms import hid as hids
from central_sync.terms import identifiers
from central_sync.terms.money import CURRENCIES
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER, Row
from central_sync.wire.limits import DEADLINE_MS_MAX, DEADLINE_MS_MIN, MSGID_CHARACTERS_MAX
from central_sync.wire.refusals import Refused
from edge.calls import Call, Profile

_MSGID = re.compile(rf"[!-~]{{1,{MSGID_CHARACTERS_MAX}}}")


class Presence(Protocol):
    """Who knows which cards were read."""

    def check(self, read_id: str, desk: str, person: tuple[str, str] | None) -> None:
        """Whether ``read_id`` proves that ``person`` (kind and number) is at ``desk``.

        Raises:
            Refused: why not.
        """


def opened(call: Call, profile: Profile) -> tuple[Row, p.Request]:
    """The catalogue's row and the typed, checked request of ``call``.

    Raises:
        Refused: for whatever is wrong with it.
    """
    row = BY_NUMBER.get(call.number)
    if row is None:
        raise Refused("number_unknown")
    if not _MSGID.fullmatch(call.msgid):
        raise Refused("msgid_invalid")
    if not DEADLINE_MS_MIN <= call.deadline_ms <= DEADLINE_MS_MAX:
        raise Refused("deadline_invalid", f"{DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}")
    if call.context.institution != profile.institution:
        raise Refused("institution_wrong")
    request = codec.request_from_json(row, call.packet)
    check(request, profile.currency)
    return row, request


def check(request: p.Request, currency: str) -> None:
    """Raise :class:`Refused` for what cannot be right; ``detail`` is the path of a field, never a value.

    Args:
        request: decoded by the catalogue's row.
        currency: the institution's, a key of :data:`central_sync.terms.money.CURRENCIES`.
    """
    if getattr(request, "currency", currency) != currency:
        raise Refused("currency_wrong", "$.currency")
    if isinstance(request, p.Forecast):
        return  # a draft may be wrong: that is what is asked
    _check_person(getattr(request, "person", None))
    hid = getattr(request, "hid", "")
    if hid and hids.serial_of(hid) is None:
        raise Refused("hid_invalid", "$.hid")
    _check_diagnoses(getattr(request, "diagnoses", []))
    match request:
        case p.Fees():
            _check_lines(request.lines, currency)
        case p.ReconcileTotals():
            if request.funds + request.patient != request.total:
                raise Refused("amounts_do_not_add_up", "$.total")
            _check_days(request)
        case p.ReconcileDetails():
            for place, row in enumerate(request.rows):
                if row.funds + row.patient != row.total:
                    raise Refused("amounts_do_not_add_up", f"$.rows[{place}].total")
            _check_days(request)
        case _:
            pass


def check_presence(call: Call, request: p.Request, presence: Presence | None) -> None:
    """Hold the call's ``card_read``, if it has one, against what was read at its desk, and against the person that the packet names.

    Raises:
        Refused: it proves nothing.
    """
    if not call.card_read:
        return
    if presence is None:
        raise Refused("card_read_unknown")
    person: p.PersonRef | None = getattr(request, "person", None)
    named = (person.kind, person.number) if person is not None else None
    presence.check(call.card_read, call.context.workstation, named)


def _check_person(person: p.PersonRef | None) -> None:
    if person is None or person.kind not in identifiers.KINDS:
        return
    if identifiers.checked(person.kind, person.number) is None:
        raise Refused("identifier_invalid", "$.person.number")


def _check_diagnoses(diagnoses: list[p.Diagnosis]) -> None:
    if diagnoses and sum(diagnosis.main for diagnosis in diagnoses) != 1:
        raise Refused("packet_invalid", "$.diagnoses: exactly one is main")


def _check_lines(lines: list[p.FeeLine], currency: str) -> None:
    """``unit_price`` is in main units of the currency, ``amount`` in its smallest coins."""
    coins = 10 ** CURRENCIES[currency].decimals if currency in CURRENCIES else 1
    for line in lines:
        if not _adds_up(line.quantity, line.unit_price, line.amount, coins):
            raise Refused("amounts_do_not_add_up", f"$.lines[{_place(lines, line)}].amount")
    if len({line.serial for line in lines}) != len(lines):
        raise Refused("fee_serial_reused", f"$.lines[{_repeated(lines)}].serial")


def _place(lines: list[p.FeeLine], line: p.FeeLine) -> int:
    return next(place for place, one in enumerate(lines) if one is line)


def _repeated(lines: list[p.FeeLine]) -> int:
    """The place of the first line whose serial stood before."""
    seen: set[str] = set()
    for place, line in enumerate(lines):
        if line.serial in seen:
            return place
        seen.add(line.serial)
    raise AssertionError("no serial stands twice")


@lru_cache(maxsize=16_384)
def _adds_up(quantity: str, unit_price: str, amount: int, coins: int) -> bool:
    """Whether a line may come to ``amount``: ``"3", "12.505", 3751 or 3752, 100``, less than one coin from the product, however the HIS
    rounds, as the hub checks it. Exact, and many times faster than a fraction, of which a bill has a thousand.
    """
    whole, one = _whole(quantity)
    price, part = _whole(unit_price)
    product, one = whole * price * coins, one * part
    return abs(amount * one - product) < one


def _whole(decimal: str) -> tuple[int, int]:
    whole, _, part = decimal.partition(".")
    return int(whole + part), 10 ** len(part)


def _check_days(request: p.ReconcileTotals | p.ReconcileDetails) -> None:
    if request.from_day > request.to_day:
        raise Refused("date_out_of_range", "$.to_day")
