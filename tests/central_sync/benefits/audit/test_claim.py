"""A line of a bill becomes one that the audit reads, wherever it comes from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from central_sync.benefits.audit.claim import Line, line_of
from central_sync.wire import packets as p

CHARGED = {
    "serial": "1",
    "item": "YP0001",
    "quantity": "2.5",
    "unit_price": "10.10",
    "amount": 2525,
    "service_date": date(2026, 3, 20),
}
SAID = {"national_code": "XJ01", "modifiers": ["26"], "daily_dose": "1.5", "days": 7, "doctor": "D7", "group": "drugs"}
BEGAN = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)


def test_every_field_of_the_line_is_filled_from_one_or_the_other() -> None:
    assert set(Line.__struct_fields__) == set(CHARGED) | set(p.LineFacts.__struct_fields__)


def test_a_draft_and_a_line_of_fees_that_say_the_same_are_the_same() -> None:
    draft = p.DraftLine(**CHARGED, **SAID, started_at=BEGAN)
    fees = p.FeeLine(**CHARGED, facts=p.LineFacts(**SAID, started_at=BEGAN))
    line = line_of(draft, draft)
    assert line == line_of(fees, fees.facts)
    assert (line.quantity, line.unit_price, line.daily_dose) == (Decimal("2.5"), Decimal("10.10"), Decimal("1.5"))
    assert line.modifiers == ("26",)
    assert line.started_at == BEGAN.replace(tzinfo=None)
    assert line.ended_at is None
