"""The auditor: which wording decides, how much is taken, what stays open, and that it changes and leaks nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.benefits.audit.auditor import LINES_AT_ONCE, Auditor
from central_sync.benefits.audit.bundle import Severity
from central_sync.benefits.audit.claim import Line
from central_sync.benefits.bundle import BundleBroken
from tests.central_sync.benefits.audit.cases import auditor, claim_of, shipped


def _fired(claim):
    return [(finding.rule.rule, finding.serial) for finding in auditor().judge(claim).findings]


def test_a_right_claim_has_no_finding_and_no_deduction():
    audit = auditor().judge(claim_of({"lines": [{"item": "T0003"}, {"item": "L0001"}]}))

    assert audit.findings == ()
    assert audit.deduction == 0
    assert audit.total > 0
    assert audit.version == shipped().version


@pytest.mark.parametrize(("day", "late_days", "fires"), [("2024-12-31", 120, False), ("2025-01-01", 120, True)])
def test_the_wording_in_force_on_the_last_day_of_the_case_decides(day, late_days, fires):
    first = date.fromisoformat(day)
    sent = date.fromordinal(first.toordinal() + late_days).isoformat()

    assert (("STA-10", "") in _fired(claim_of({"claim": {"from_day": day, "on": sent}}))) is fires


def test_a_line_loses_the_largest_of_what_its_findings_take_and_not_their_sum():
    claim = claim_of({"lines": [{"item": "D0003", "quantity": "60", "price": "10000"}]})

    audit = auditor().judge(claim)

    assert {finding.rule.rule: finding.takes for finding in audit.findings} == {"DRG-01": 600_000, "ITM-04": 60_000}
    assert audit.deduction == 600_000


def test_lines_lose_together_what_each_loses():
    lines = [{"item": "D0004", "price": "21000"}, {"item": "D0005", "price": "19000"}]

    assert auditor().judge(claim_of({"lines": lines})).deduction == 1_000 + 3_000


def test_a_rejected_case_loses_the_whole_bill_once():
    audit = auditor().judge(claim_of({"claim": {"identifier_right": False}, "lines": [{"item": "X1", "price": "7"}]}))

    assert audit.deduction == audit.total == 7


def test_refund_lines_take_nothing_off_twice():
    audit = auditor().judge(claim_of({"lines": [{"item": "T0003"}, {"item": "T0003", "refund_of": "9"}]}))

    assert [finding.rule.rule for finding in audit.findings] == ["CHG-06"]
    assert audit.deduction == 0


def test_what_is_not_known_fires_nothing_and_is_told_as_open():
    told = {"member": {"in_family": False, "sex": "male"}, "claim": {"sex": "female"}}
    claim = msgspec.structs.replace(claim_of(told), member=None, earlier=None)

    audit = auditor().judge(claim)

    assert audit.findings == ()
    assert {"COV-01", "COV-02", "IDN-04", "ITM-13", "ITM-20", "STA-01", "STA-04"} <= set(audit.open)
    assert "ITM-04" not in audit.open


def test_a_claim_of_which_only_the_lines_are_known_can_be_judged():
    claim = claim_of({})
    bare = type(claim)(
        region="ir",
        care="outpatient",
        on=claim.on,
        from_day=claim.from_day,
        lines=claim.lines,
        diagnoses=claim.diagnoses,
    )

    assert auditor().judge(bare).findings == ()


def test_judging_twice_says_the_same_and_leaves_the_claim_as_it_was():
    claim = claim_of({"lines": [{"item": "L0002"}, {"item": "L0002"}]})
    before = msgspec.json.encode(claim)

    assert auditor().judge(claim) == auditor().judge(claim)
    assert msgspec.json.encode(claim) == before


def test_two_auditors_of_one_bundle_agree_on_a_long_bill():
    lines = [{"item": item, "price": "1"} for item in sorted(shipped().places["ir"].items)]
    claim = claim_of({"claim": {"care": "inpatient"}, "lines": lines})

    assert Auditor(shipped()).judge(claim) == auditor().judge(claim)


def test_an_unknown_region_is_the_callers_mistake():
    with pytest.raises(KeyError):
        auditor().judge(msgspec.structs.replace(claim_of({}), region="atlantis"))


def test_tables_that_are_no_decision_model_are_not_taken():
    with pytest.raises(BundleBroken):
        Auditor(msgspec.structs.replace(shipped(), model={"nodes": [{"type": "nothing"}]}))


def test_a_table_that_fails_says_so_without_quoting_a_fact():
    audit = Auditor(shipped())

    with pytest.raises(BundleBroken) as caught:
        audit.fired(b'{"case": {}, "lines": "secret"}')

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_empty_bill_and_one_of_thousands_of_lines_are_judged():
    assert [f.rule.rule for f in auditor().judge(claim_of({"lines": []})).findings] == ["IDN-10"]
    many = [{"item": "T0003", "doctor": f"Dr {number}"} for number in range(5_000)]

    assert auditor().judge(claim_of({"lines": many})).findings == ()


def test_an_amount_taken_never_exceeds_its_line():
    lines = [{"item": "D0014", "quantity": quantity, "price": "3"} for quantity in ("500", "0.5", "7")]
    claim = claim_of({"claim": {"care": "inpatient"}, "lines": lines})

    audit = auditor().judge(claim)

    amounts = {line.serial: line.amount for line in claim.lines}
    assert all(0 <= finding.takes <= amounts[finding.serial] for finding in audit.findings if finding.serial)
    assert 0 < audit.deduction <= audit.total


def test_warnings_and_pends_take_nothing():
    assert all(
        rule.takes == "nothing" and rule.ratio == Decimal(0)
        for rule in shipped().rules.values()
        if rule.severity in (Severity.WARN, Severity.PEND)
    )


QUANTITIES = st.decimals(min_value=0, max_value=1_000, places=2)
LINES = st.builds(
    Line,
    serial=st.integers(1, 9).map(str),
    item=st.sampled_from(["X", *sorted(shipped().places["ir"].items)]),
    quantity=QUANTITIES,
    unit_price=QUANTITIES,
    amount=st.integers(0, 10**9),
    service_date=st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    modifiers=st.lists(st.sampled_from(["26", "27", "90", "?"]), max_size=2).map(tuple),
    percent=st.none() | st.integers(1, 300),
    doctor=st.sampled_from(["", "Dr 1", "Dr 2"]),
    daily_dose=st.none() | QUANTITIES,
    days=st.none() | st.integers(0, 400),
    refund_of=st.sampled_from(["", "", "", "1", "7"]),
    group=st.sampled_from(["", "drugs"]),
)


@given(lines=st.lists(LINES, max_size=12), total=st.none() | st.integers(0, 10**9), known=st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_bill_is_too_odd_to_be_judged_and_no_coin_is_taken_twice(lines, total, known):
    base = claim_of({"claim": {"care": "inpatient"}})
    claim = msgspec.structs.replace(base, lines=tuple(lines), total=total, member=base.member if known else None)

    audit = auditor().judge(claim)

    assert 0 <= audit.deduction <= audit.total == sum(line.amount for line in lines if not line.refund_of)
    assert audit == auditor().judge(claim)


def test_a_long_bill_is_found_the_same_as_its_lines_by_themselves():
    lines = [{"item": "D0004", "price": "21000", "doctor": f"Dr {number}"} for number in range(LINES_AT_ONCE * 2 + 1)]
    lines[LINES_AT_ONCE] = {"item": "X1", "price": "7"}

    audit = auditor().judge(claim_of({"lines": lines}))

    found = [(finding.rule.rule, finding.serial) for finding in audit.findings]
    odd = str(LINES_AT_ONCE + 1)
    assert [serial for rule, serial in found if rule == "ITM-01"] == [odd]
    assert [serial for rule, serial in found if rule == "ITM-04"] == [
        str(number + 1) for number in range(len(lines)) if str(number + 1) != odd
    ]


def test_many_threads_with_one_auditor_say_the_same():
    claim = claim_of({"lines": [{"item": "D0003", "price": "10000"}, {"item": "L0002"}, {"item": "L0002"}]})
    alone = auditor().judge(claim)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: msgspec.json.encode(auditor().judge(claim)), range(64))) == {
            msgspec.json.encode(alone)
        }


@pytest.mark.parametrize("day", ["0001-01-01", "1990-05-05", "2019-12-31", "9999-12-31"])
def test_no_line_escapes_by_an_absurd_day(day):
    found = _fired(claim_of({"lines": [{"item": "T0003"}, {"item": "T0003", "on": day, "price": "5"}]}))

    assert ("ITM-10", "2") in found


@pytest.mark.parametrize(
    ("first", "last"), [("0001-01-01", "0001-01-03"), ("9999-12-31", "0001-01-01"), ("1990-05-05", "1990-05-07")]
)
def test_no_case_escapes_by_absurd_days(first, last):
    told = {"claim": {"care": "inpatient", "from_day": first, "to_day": last, "on": "2025-06-20"}, "diagnoses": []}

    assert ("DIA-01", "") in _fired(claim_of(told))
