"""The lines of a bill: 2204 and 2301 put them on, 2205 and 2302 take them off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from central_sync.benefits.facts import BillLine
from central_sync.benefits.results import PricedLine
from central_sync.benefits.settlement import ItemUnknown, price
from central_sync.desk.checks import currency, facts, member_of, own_case, within
from central_sync.desk.lifecycle import Event, after
from central_sync.desk.work import Decision, Work
from central_sync.limits import FEES_PER_CASE_LINES_MAX
from central_sync.store.records import Case, FeeLine
from central_sync.terms.money import CURRENCIES
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from central_sync.wire.refusals import Refused

NOTHING = p.LineFacts()


def charge(work: Work, request: p.Fees) -> Decision:
    """2204, 2301. All lines or none."""
    case = own_case(work, request.hid, lock=True)
    after(case.state, Event.CHARGE, inpatient=case.care == Care.INPATIENT)
    currency(work, request.currency)
    places = work.uow.fees.places(case)
    if places + len(request.lines) > FEES_PER_CASE_LINES_MAX:
        raise Refused("packet_too_large", f"a case has {FEES_PER_CASE_LINES_MAX} lines at most")
    serials, today = work.uow.fees.serials(case), work.today
    for number, line in enumerate(request.lines):
        path = f"$.lines[{number}]"
        if line.serial in serials:
            raise Refused("fee_serial_reused", f"{path}.serial")
        serials.add(line.serial)
        within(line.service_date, case.opened_on, case.discharged_on or today, f"{path}.service_date")
        within(line.service_date, case.opened_on, today, f"{path}.service_date")
        _adds_up(line, request.currency, path)
        for place, modifier in enumerate(line.facts.modifiers if line.facts else ()):
            if modifier not in work.region.modifiers:
                raise Refused("modifier_unknown", f"{path}.facts.modifiers[{place}]")
    rows = [_row(case, work.msgid, places + number, line) for number, line in enumerate(request.lines)]
    priced = priced_lines(work, case, rows)
    work.uow.fees.add(rows)
    return Decision(p.FeesAnswer(hid=case.hid, lines=[on_wire(line) for line in priced]), case.member, case.hid)


def cancel_charges(work: Work, request: p.FeesCancel) -> Decision:
    """2205, 2302. Without serials, all that stand and that no interim settlement holds; none is no refusal."""
    case = own_case(work, request.hid, lock=True)
    after(case.state, Event.CHARGE, inpatient=case.care == Care.INPATIENT)
    lines = work.uow.fees.standing(case)
    standing = {line.serial: line.place for line in lines if not line.settled_by}
    settled = {line.serial for line in lines if line.settled_by}
    for number, serial in enumerate(request.serials):
        if serial not in standing:
            raise Refused("fee_settled" if serial in settled else "fee_unknown", f"$.serials[{number}]")
    places = sorted({standing[serial] for serial in request.serials or standing})
    if places:
        work.uow.fees.cancel(case, places, work.msgid)
    return Decision(p.FeesCancelled(hid=case.hid, cancelled=len(places)), case.member, case.hid)


def priced_lines(work: Work, case: Case, rows: Sequence[FeeLine]) -> tuple[PricedLine, ...]:
    """The rows as the catalogue of the place of care classifies them.

    Raises:
        Refused: ``item_unknown``.
    """
    told = facts(work, member_of(work, case), case.care, case.opened_on)
    try:
        return price(work.rulebook, told, bill(rows))
    except ItemUnknown as error:
        raise unknown(rows, error) from error


def unknown(rows: Sequence[FeeLine], error: ItemUnknown) -> Refused:
    """The refusal that names the line whose item the catalogue does not have."""
    number = next(n for n, row in enumerate(rows) if row.serial == error.serial)
    return Refused("item_unknown", f"$.lines[{number}].item")


def bill(rows: Sequence[FeeLine]) -> list[BillLine]:
    """The rows as the engine reads them."""
    return [
        BillLine(
            row.serial,
            row.item,
            Decimal(row.quantity),
            Decimal(row.unit_price),
            row.amount,
            row.service_date,
            tuple(besides(row).modifiers) if row.facts else (),
        )
        for row in rows
    ]


def besides(row: FeeLine) -> p.LineFacts:
    """What a line says besides."""
    return msgspec.msgpack.decode(row.facts, type=p.LineFacts) if row.facts else NOTHING


def on_wire(line: PricedLine) -> p.PricedLine:
    """The engine's line as an answer holds it."""
    return p.PricedLine(
        serial=line.serial,
        amount=line.amount,
        catalogue_class=line.catalogue_class,
        own_pay=line.own_pay,
        over_ceiling=line.over_ceiling,
        first_self_pay=line.first_self_pay,
        in_scope=line.in_scope,
        over_tariff=line.over_tariff,
    )


def _adds_up(line: p.FeeLine, code: str, path: str) -> None:
    """``amount`` is quantity × unit price (in main units) to less than one coin, however the HIS rounds."""
    (quantity, one), (price, part) = _whole(line.quantity), _whole(line.unit_price)
    coins, scale = quantity * price * 10 ** CURRENCIES[code].decimals, one * part
    if abs(line.amount * scale - coins) >= scale:
        raise Refused("amounts_do_not_add_up", f"{path}.amount")


def _whole(decimal: str) -> tuple[int, int]:
    """``12.50`` as (1250, 100): exact, and a tenth of what a Fraction costs."""
    whole, _, part = decimal.partition(".")
    return int(whole + part), 10 ** len(part)


def _row(case: Case, msgid: str, place: int, line: p.FeeLine) -> FeeLine:
    return FeeLine(
        member=case.member,
        hid=case.hid,
        place=place,
        serial=line.serial,
        item=line.item,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.amount,
        service_date=line.service_date,
        charged_by=msgid,
        facts=_packed(line),
    )


def _packed(line: p.FeeLine) -> bytes | None:
    return msgspec.msgpack.encode(line.facts) if line.facts not in (None, NOTHING) else None
