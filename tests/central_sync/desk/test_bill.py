"""What a case comes to: the day, the marks and the law that its computation is told, on both databases."""

from dataclasses import replace
from datetime import timedelta

from central_sync.benefits.bundle import versioned
from central_sync.benefits.choices import After, Per
from central_sync.benefits.parameters import Package, Parameter, Period, Row
from central_sync.desk.resettlement import resettle
from central_sync.insight.settled_cases import export
from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.rulebook.settled import settled_cases
from central_sync.rulebook.simulation import run
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import LAW, provinces
from tests.central_sync.hospital import DAY, NOW, RULEBOOK, Hospital, books_agree


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


def rolling(**changes):
    """The law of the provinces with another deductible of stays in the east, which may count by a period of 60 days after the last bill."""
    scheme = LAW.schemes["east_base"]
    [stay] = scheme.benefits["inpatient"]
    assert stay.deductible
    deductible = replace(stay.deductible, later=None, **changes)
    lasts = Parameter("east_base.period", "Period", "days", (Row(DAY.replace(year=2020), 60, "illustrative"),))
    changed = replace(
        scheme,
        benefits={**scheme.benefits, "inpatient": (replace(stay, deductible=deductible),)},
        period=Period(lasts, After.LAST),
        marks=(*scheme.marks, "moved"),
    )
    return versioned(replace(LAW, schemes={**LAW.schemes, "east_base": changed}))


def left(answer) -> int:
    """What the deductible leaves to the patient of a stay."""
    return sum(-step.amount for step in answer.shares[0].trace if step.kind == "deductible")


def cancelled(east, answer):
    east.done("2305", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))


def test_a_deductible_of_a_period_goes_on_from_stay_to_stay_and_back_in_any_order(store):
    law = rolling(per=Per.PERIOD, counter="met")
    east, west = provinces(store, law)
    first = east.stayed(600_00, days=50)
    second = east.stayed(900_00, days=20)
    assert [left(one) for one in (first, second)] == [600_00, 400_00]
    step = next(step for step in second.shares[0].trace if step.kind == "period")
    assert step.values == {"since": str(DAY - timedelta(days=50))}
    books_agree(store)
    cancelled(east, first)
    books_agree(store)
    third = east.stayed(900_00, days=5)
    assert left(third) == 600_00, "400 were met by the second, which stays where it was settled"
    for one in (second, third):
        cancelled(east, one)
        books_agree(store)
    with store.read() as uow:
        assert uow.accumulators.all() == {}
    assert law.schemes["east_base"].period is not None
    assert west is not east


def test_what_is_used_of_a_period_is_told_before_anything_is_settled(store):
    scheme = LAW.schemes["east_base"]
    law = rolling(per=Per.PERIOD, counter="met")
    changed = law.schemes["east_base"]
    caps = tuple(replace(cap, per=Per.PERIOD) for cap in scheme.benefits["inpatient"][0].caps)
    benefits = {**changed.benefits, "inpatient": (replace(changed.benefits["inpatient"][0], caps=caps),)}
    law = versioned(replace(law, schemes={**law.schemes, "east_base": replace(changed, benefits=benefits)}))
    east, _ = provinces(store, law)
    answer = east.stayed(3_000_00, days=50)
    check = p.BenefitCheck(person=east.person, care="inpatient", service_date=DAY)
    balances = east.done("2001", check).balances
    assert answer.shares[0].amount in [balance.used for balance in balances]


def test_a_chain_of_stays_survives_the_cancelling_of_an_earlier_one(store):
    law = rolling(continues=("moved",), chain="met_before")
    east, _ = provinces(store, law)
    first, second = east.stayed(3_000_00, days=40), east.stayed(200_00, days=20)
    cancelled(east, first)
    books_agree(store)
    with store.read() as uow:
        met = {key.name: amount for key, amount in uow.accumulators.all().items() if key.name == "met_before"}
    assert met == {"met_before": 200_00}
    referred = east.stayed(2_000_00, days=10, marks=["moved"])
    assert left(referred) == 800_00
    for one in (second, referred):
        cancelled(east, one)
        books_agree(store)
    with store.read() as uow:
        assert uow.accumulators.all() == {}


def test_a_stay_of_a_chain_settled_again_comes_to_the_same(store):
    law = rolling(continues=("moved",), chain="met_before")
    east, _ = provinces(store, law)
    answers = [
        east.stayed(300_00, days=40),
        east.stayed(700_00, days=30, marks=["moved"]),
        east.stayed(100_00, days=20),
    ]
    assert [left(one) for one in answers] == [300_00, 700_00, 100_00]
    for one in answers:
        with store.write() as uow:
            done = resettle(uow, law, Payers(), one.settlement_id, actor="o", reason="looked at again", now=NOW)
        assert not done.differs


def test_the_export_of_a_period_can_be_simulated(store, tmp_path):
    law = rolling(per=Per.PERIOD, counter="met")
    east, _ = provinces(store, law)
    for days in (50, 20, 5):
        answer = east.stayed(600_00, days=days)
    file = tmp_path / "settled.jsonl"
    lines = list(export(store, law, DAY, DAY))
    file.write_bytes(b"\n".join(lines))
    cases = settled_cases(file, [law])
    pairs = list(run(law, law, enumerate(cases)))
    assert not [pair.problem for pair in pairs if pair.problem]
    last = next(pair for pair in pairs if cases[pair.place].case == answer.settlement_id)
    assert last.before.patient == answer.patient
    file.write_bytes(lines[-1])
    [alone] = settled_cases(file, [law])
    assert alone.periods == {} or alone.periods["east_base"]
