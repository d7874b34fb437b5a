"""2204, 2205, 2301, 2302: lines go on the bill all or none; on both databases."""

from datetime import date, timedelta

import msgspec
import pytest

from central_sync import limits
from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY


def test_lines_come_back_classified(hospital):
    hid = hospital.register()
    answer = hospital.done(
        "2204", hospital.fees(hid, hospital.line("1", 10_00), hospital.line("2", 5_00, item="CW0003"))
    )
    assert [(line.serial, line.catalogue_class) for line in answer.lines] == [("1", "A"), ("2", "C")]
    for line in answer.lines:
        assert line.amount == line.own_pay + line.over_tariff + line.over_ceiling + line.first_self_pay + line.in_scope


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 10_01}, "amounts_do_not_add_up"),
        ({"amount": 9_99}, "amounts_do_not_add_up"),
        ({"amount": 0}, "amounts_do_not_add_up"),
        ({"quantity": "2"}, "amounts_do_not_add_up"),
        ({"quantity": "0"}, "amounts_do_not_add_up"),
        ({"unit_price": "1000"}, "amounts_do_not_add_up"),
        ({"item": "NO-SUCH"}, "item_unknown"),
        ({"service_date": DAY + timedelta(days=1)}, "date_out_of_range"),
        ({"service_date": DAY - timedelta(days=1)}, "date_out_of_range"),
        ({"service_date": date.min}, "date_out_of_range"),
        ({"serial": "good"}, "fee_serial_reused"),
    ],
)
def test_one_wrong_line_refuses_them_all(hospital, store, changes, code):
    hid = hospital.register()
    wrong = msgspec.structs.replace(hospital.line("bad", 10_00), **changes)
    lines = hospital.line("good", 10_00), wrong
    assert hospital.refused("2204", hospital.fees(hid, *lines)) == code
    with store.read() as uow:
        assert uow.fees.standing(uow.cases.get("H1", hid)) == []


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [("0.5", "0.01", 0), ("0.5", "0.01", 1), ("3", "3.333333", 1000), ("1.5", "3.33", 499), ("1.5", "3.33", 500)],
)
def test_half_a_coin_may_be_rounded_either_way(hospital, quantity, price, amount):
    hid = hospital.register()
    line = hospital.line("1", amount, quantity=quantity, unit_price=price)
    assert hospital.done("2204", hospital.fees(hid, line)).lines[0].amount == amount


def test_money_without_coins_behind_the_point_adds_up_too(iranian):
    hid = iranian.register()
    iranian.done("2204", iranian.fees(hid, iranian.line("1", 8_200_000)))
    wrong = iranian.line("2", 82_000, unit_price="820")
    assert iranian.refused("2204", iranian.fees(hid, wrong)) == "amounts_do_not_add_up"


def test_a_modifier_changes_the_price_that_is_insured(iranian):
    hid = iranian.register()
    both, technical = (iranian.line(serial, 9_000_000, item="G0003") for serial in ("1", "2"))
    technical = msgspec.structs.replace(technical, facts=p.LineFacts(modifiers=["27"]))
    answer = iranian.done("2204", iranian.fees(hid, both, technical))
    whole, part = (line.amount - line.over_ceiling - line.over_tariff for line in answer.lines)
    assert 0 < part < whole


@pytest.mark.parametrize("modifier", ["99", "26x"])
def test_a_modifier_that_the_region_does_not_have_refuses_all_lines(hospital, iranian, modifier):
    for desk in (hospital, iranian):
        hid = desk.register()
        line = desk.line("1", 10_00, facts=p.LineFacts(modifiers=[modifier]))
        assert desk.refused("2204", desk.fees(hid, line)) == "modifier_unknown"


def test_a_serial_stands_once_and_is_free_again_after_its_cancel(hospital):
    hid = hospital.register()
    fees = hospital.fees(hid, hospital.line("1", 1_00), hospital.line("2", 2_00))
    hospital.done("2204", fees)
    assert hospital.refused("2204", hospital.fees(hid, hospital.line("2", 1_00))) == "fee_serial_reused"
    assert hospital.done("2205", p.FeesCancel(hid=hid, serials=["2", "2"])).cancelled == 1
    hospital.done("2204", hospital.fees(hid, hospital.line("2", 3_00)))
    hospital.done("2207", hospital.settle_request(hid, 4_00))


def test_cancelling_without_serials_takes_all_and_finds_nothing_the_second_time(hospital):
    hid = hospital.charged(1_00, 2_00, 3_00)
    assert hospital.done("2205", p.FeesCancel(hid=hid)).cancelled == 3
    assert hospital.done("2205", p.FeesCancel(hid=hid)).cancelled == 0


def test_cancelling_an_unknown_line_takes_none(hospital):
    hid = hospital.charged(1_00)
    assert hospital.refused("2205", p.FeesCancel(hid=hid, serials=["0", "9"])) == "fee_unknown"
    hospital.done("2207", hospital.settle_request(hid, 1_00))


def test_a_case_does_not_grow_without_end(hospital, monkeypatch):
    monkeypatch.setattr("central_sync.desk.charges.FEES_PER_CASE_LINES_MAX", 2)
    hid = hospital.charged(1_00, 2_00)
    assert hospital.refused("2204", hospital.fees(hid, hospital.line("9", 1_00))) == "packet_too_large"
    assert limits.FEES_PER_CASE_LINES_MAX > 2
