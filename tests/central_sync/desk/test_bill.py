"""What a case comes to: the day, the marks and the law that its computation is told, on both databases."""

from dataclasses import replace

from central_sync.benefits.bundle import versioned
from central_sync.benefits.parameters import Package, Parameter, Row
from central_sync.intake import Intake
from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY, RULEBOOK, Hospital


def amended(code: str, care: str, **changes):
    """The rulebook with the first benefit of one scheme for one care changed."""
    scheme = RULEBOOK.schemes[code]
    first, *rest = scheme.benefits[care]
    benefits = {**scheme.benefits, care: (replace(first, **changes), *rest)}
    return versioned(replace(RULEBOOK, schemes={**RULEBOOK.schemes, code: replace(scheme, benefits=benefits)}))


def test_what_a_fixed_price_differs_from_the_bill_by_stands_in_the_answer(store, hub):
    price = Parameter("t.package", "Fixed price", "CNY", (Row(DAY, 80_00, "x"),))
    law = amended("cn_employee", "outpatient", package=Package(price, ("YP0001",)))
    hospital = Hospital(store, Intake(store, law), "H1")
    hid = hospital.charged(100_00)
    pre = hospital.done("2206", p.PreSettle(hid=hid, currency="CNY", total=100_00))
    answer = hospital.done("2207", hospital.settle_request(hid, 100_00))
    assert pre.package_difference == answer.package_difference == -20_00
    assert answer.total + answer.package_difference == answer.patient + sum(share.amount for share in answer.shares)
    assert hospital.settled(50_00, business_day=DAY).package_difference == 30_00
