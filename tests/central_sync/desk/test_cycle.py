"""9001 and 9002, on both databases."""

from datetime import timedelta

from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY


def test_signing_in_gives_a_number_and_signing_out_counts_settlements(hospital, other, store):
    first = hospital.done("9001", p.SignIn(business_day=DAY))
    second = hospital.done("9001", p.SignIn(business_day=DAY), workstation="two")
    assert first.sign_in_number != second.sign_in_number
    assert first.business_day == DAY
    hospital.settled(100_00, msgid="A")
    hospital.settled(100_00, msgid="B")
    hospital.done("49", p.Confirm(original_msgid="B", his_result=1))
    other.settled(100_00)
    assert hospital.done("9002", p.SignOut(business_day=DAY)).settlements == 1
    with store.read() as uow:
        assert [c.closed_at is None for c in sorted(uow.cycles.of("H1", DAY), key=lambda c: c.workstation)] == [
            True,
            False,
        ]


def test_signing_out_without_signing_in_is_no_refusal(hospital):
    assert hospital.done("9002", p.SignOut(business_day=DAY - timedelta(days=3))).settlements == 0


def test_tomorrow_is_no_business_day(hospital):
    assert hospital.refused("9001", p.SignIn(business_day=DAY + timedelta(days=1))) == "date_out_of_range"
