"""What the edge finds wrong by itself, and what it leaves to the hub."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.wire import packets as p
from central_sync.wire.refusals import Refused
from edge.calls import Call
from edge.checks import check, check_presence
from tests.edge.world import HID, call, fees


def request(quantity: str, unit_price: str, amount: int) -> p.Fees:
    line = fees(HID)["lines"][0] | {"quantity": quantity, "unit_price": unit_price, "amount": amount}
    return msgspec.convert(fees(HID) | {"lines": [line]}, p.Fees)


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount"), [("2.5", "10.10", 2525), ("1", "0.005", 0), ("1", "0.005", 1), ("0", "1", 0)]
)
def test_an_amount_may_be_rounded_either_way(quantity: str, unit_price: str, amount: int) -> None:
    check(request(quantity, unit_price, amount), "CNY")


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount"), [("2.5", "10.10", 2526), ("1", "10.10", 10), ("1", "0.01", 0)]
)
def test_an_amount_that_is_a_coin_off_is_refused(quantity: str, unit_price: str, amount: int) -> None:
    with pytest.raises(Refused, match="amounts_do_not_add_up"):
        check(request(quantity, unit_price, amount), "CNY")


def test_the_first_line_whose_serial_stood_before_is_named() -> None:
    lines = [fees(HID)["lines"][0] | {"serial": serial} for serial in ("a", "b", "c", "b", "a")]
    with pytest.raises(Refused) as refusal:
        check(msgspec.convert(fees(HID) | {"lines": lines}, p.Fees), "CNY")
    assert (refusal.value.code, refusal.value.detail) == ("fee_serial_reused", "$.lines[3].serial")


def test_a_kind_of_identifier_that_is_not_known_here_is_left_to_the_hub() -> None:
    check(p.PersonRequest(person=p.PersonRef(kind="passport", number="X1")), "CNY")
    with pytest.raises(Refused, match="identifier_invalid"):
        check(p.PersonRequest(person=p.PersonRef(kind="ir_national_code", number="1")), "CNY")


class Asked:
    """A presence that keeps what it was asked, and agrees."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, tuple[str, str] | None]] = []

    def check(self, read_id: str, desk: str, person: tuple[str, str] | None) -> None:
        self.asked.append((read_id, desk, person))


def quoting(card_read: str) -> Call:
    return msgspec.structs.replace(call("1101", b"", "m1"), card_read=card_read)


def test_a_proof_is_held_against_the_person_that_the_packet_names_and_against_nobody_where_it_names_none() -> None:
    presence = Asked()
    person = p.PersonRequest(person=p.PersonRef(kind="passport", number="X1"))
    check_presence(quoting("r1"), person, presence)
    check_presence(quoting("r1"), p.CaseRef(hid=HID), presence)
    check_presence(quoting(""), person, presence)
    assert presence.asked == [("r1", "ws1", ("passport", "X1")), ("r1", "ws1", None)]


def test_where_no_cards_are_read_nothing_can_be_proven() -> None:
    check_presence(quoting(""), p.CaseRef(hid=HID), None)
    with pytest.raises(Refused, match="card_read_unknown"):
        check_presence(quoting("r1"), p.CaseRef(hid=HID), None)
