"""The auditor's program: every worked case holds, and whatever is changed in one is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_sync.benefits.checking import check
from central_sync.benefits.choices import Each
from central_sync.benefits.document import PARTS, Settled, settled_of
from central_sync.benefits.explain import Step
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.settlement import settle
from tests.central_sync.benefits.dice import situation
from tests.central_sync.benefits.worked import Worked, worked

DENSE = 2000
BREADTH = 8
"""Every eighth case is changed in every way: each changed settlement is audited."""


@pytest.mark.parametrize("known", [False, True], ids=["from the answer alone", "with the case"])
def test_every_worked_case_holds(known: bool) -> None:
    for one in worked():
        assert check(one.settled, one.rulebook, one.facts if known else None) == [], one.name


def test_what_the_engine_settles_under_dense_rulebooks_holds() -> None:
    """Also where shares, or claims, are rounded to multiples, several benefits look, or a fixed price stands for some lines."""
    for seed in range(DENSE):
        rulebook, facts, lines, before = situation(seed)
        found = [one for scheme in rulebook.schemes.values() for one in scheme.benefits[facts.care]]
        if any(one.each is Each.LINE and one.deductible and one.deductible.continues for one in found):
            continue  # what goes on from line to line is no figure of each
        done = settle(rulebook, facts, lines, before)
        assert check(settled_of(done, rulebook, facts.region), rulebook) == [], seed


def _changed_steps(step: Step) -> Iterator[tuple[str, Step]]:
    for more in (1, -1, 100_000):
        yield f"amount {more:+}", replace(step, amount=step.amount + more)
    yield "unknown rule", replace(step, rule=f"{step.rule}.x")
    yield "another scheme's rule", replace(step, rule=f"zz_{step.rule}")
    yield "unknown source", replace(step, reference="hearsay")
    yield "no figures that add up", replace(step, values={**step.values, "odd": 1})
    if step.from_day:
        yield "the day after", replace(step, from_day=step.from_day + timedelta(days=1))
        yield "no day", replace(step, from_day=None)
    for name in ("ratio", "parts", "cap", "band", "bands", "number"):
        if name in step.values and (name, step.kind) not in (
            ("number", "deductible_later"),
            ("number", "deductible_floor"),
        ):
            value = step.values[name]
            yield (
                name,
                replace(step, values={**step.values, name: value + 1 if isinstance(value, int) else f"{value}1"}),
            )
    for kind in Kind:
        if kind.value != step.kind:
            yield f"as {kind}", replace(step, kind=kind.value)


def _changed(settled: Settled) -> Iterator[tuple[str, Settled]]:
    for place, share in enumerate(settled.shares):
        before, after = settled.shares[:place], settled.shares[place + 1 :]
        yield "share", replace(settled, shares=(*before, replace(share, amount=share.amount + 1), *after))
        yield "payer", replace(settled, shares=(*before, replace(share, payer="another"), *after))
        yield "layer", replace(settled, shares=(*before, replace(share, layer="another"), *after))
        for number, step in enumerate(share.trace):
            for what, changed in _changed_steps(step):
                trace = (*share.trace[:number], changed, *share.trace[number + 1 :])
                yield (
                    f"{share.scheme}[{number}]: {what}",
                    replace(settled, shares=(*before, replace(share, trace=trace), *after)),
                )
    for number, step in enumerate(settled.patient_trace):
        for what, changed in _changed_steps(step):
            trace = (*settled.patient_trace[:number], changed, *settled.patient_trace[number + 1 :])
            if what != "no figures that add up":
                yield f"patient[{number}]: {what}", replace(settled, patient_trace=trace)
    for name in ("total", "patient", "package_difference"):
        yield name, replace(settled, **{name: getattr(settled, name) + 1})
    for place, line in enumerate(settled.lines):
        for part in (*PARTS, "amount"):
            changed_line = replace(line, **{part: getattr(line, part) + 1})
            yield (
                f"line: {part}",
                replace(settled, lines=(*settled.lines[:place], changed_line, *settled.lines[place + 1 :])),
            )
        if line.shares:
            more = replace(line, shares=(line.shares[0] + 1, *line.shares[1:]))
            yield "line: shares", replace(settled, lines=(*settled.lines[:place], more, *settled.lines[place + 1 :]))
        more = replace(line, difference=line.difference + 1)
        if settled.shares:
            yield (
                "line: difference",
                replace(settled, lines=(*settled.lines[:place], more, *settled.lines[place + 1 :])),
            )
    yield "rulebook", replace(settled, rulebook="another")


@pytest.mark.parametrize("known", [False, True], ids=["from the answer alone", "with the case"])
def test_whatever_amount_rule_day_source_or_kind_is_changed_it_is_found(known: bool) -> None:
    tried = 0
    for one in worked()[::BREADTH]:
        for what, changed in _changed(one.settled):
            tried += 1
            assert check(changed, one.rulebook, one.facts if known else None), (one.name, what)
    assert tried > 5_000


def _case(name: str) -> Worked:
    return next(one for one in worked() if one.name == name)


def test_two_amounts_that_make_up_for_each_other_are_found_by_their_figures() -> None:
    found = 0
    for one in worked():
        for place, share in enumerate(one.settled.shares):
            left = [number for number, step in enumerate(share.trace) if step.amount < 0]
            if len(left) < 2 or share.trace[left[0]].times > 1:
                continue
            first, second = share.trace[left[0]], share.trace[left[1]]
            trace = list(share.trace)
            trace[left[0]] = replace(first, amount=first.amount - 500)
            trace[left[1]] = replace(second, amount=second.amount + 500)
            shares = (
                *one.settled.shares[:place],
                replace(share, trace=tuple(trace)),
                *one.settled.shares[place + 1 :],
            )
            assert check(replace(one.settled, shares=shares), one.rulebook), one.name
            found += 1
    assert found > 20


def test_a_value_that_was_in_force_for_others_or_before_is_found_by_who_knows_the_case() -> None:
    one = next(
        one
        for one in worked()
        if any(step.rule == "cn_employee.inpatient.bands" for share in one.settled.shares for step in share.trace)
        and one.facts.tier == "tier_3"
    )
    share = one.settled.shares[0]
    band = next(step for step in share.trace if step.kind == "band")
    ratio = {"83/100": "22/25", "22/25": "83/100"}[str(band.values["ratio"])]  # a retiree's, an employee's
    high, low = int(band.values["high"]), int(band.values["low"])
    left = round((high - low) * (0.17 if ratio == "83/100" else 0.12))
    off = band.amount + left
    told = replace(band, values={**band.values, "ratio": ratio}, amount=-left)
    trace = tuple(told if step is band else step for step in share.trace)
    patient = tuple(
        replace(step, amount=step.amount - off, values={**step.values, "ratio": ratio})
        if step.kind == "band" and step.rule == band.rule and step.values["band"] == band.values["band"]
        else step
        for step in one.settled.patient_trace
    )
    other = replace(
        one.settled,
        shares=(replace(share, trace=trace, amount=share.amount - off + 2 * off * 0), *one.settled.shares[1:]),
        patient_trace=patient,
    )

    assert check(other, one.rulebook, one.facts)


def test_a_cover_that_cannot_pay_pays_nothing_and_says_why() -> None:
    one = _case("on the last day of 1403 the old K holds")
    share = replace(
        one.settled.shares[0],
        scheme="gone",
        payer="",
        amount=0,
        trace=(Step(rule="eligibility", amount=0, kind=Kind.NO_SUCH_SCHEME.value),),
    )
    lines = tuple(replace(line, shares=(*line.shares, 0)) for line in one.settled.lines)
    settled = replace(one.settled, shares=(*one.settled.shares, share), lines=lines)

    assert check(settled, one.rulebook) == []
    for wrong in (
        replace(share, trace=(replace(share.trace[0], rule="x"),)),
        replace(share, trace=(replace(share.trace[0], values={"layer": "base"}),)),
        replace(share, trace=(*share.trace, *share.trace)),
    ):
        assert check(replace(settled, shares=(*one.settled.shares, wrong)), one.rulebook)


def test_a_part_of_a_stay_holds_against_the_whole_and_what_was_settled_before() -> None:
    for one in worked()[::BREADTH]:
        whole = one.settled
        before = Step(rule="", amount=-100, kind=Kind.SETTLED_BEFORE.value)
        shares = tuple(
            replace(
                share,
                amount=share.amount - 100,
                trace=(*share.trace, replace(before, rule=f"{share.scheme}.settled_before")),
            )
            for share in whole.shares
            if share.amount >= 100
        )
        rest = tuple(share for share in whole.shares if share.amount < 100)
        patient = (*whole.patient_trace, replace(before, rule="patient.settled_before"))
        part = replace(
            whole,
            total=whole.total - 100 * len(shares) - 100,
            shares=(*shares, *rest),
            patient=whole.patient - 100,
            patient_trace=patient,
            lines=(),
        )
        assert check(part, one.rulebook, one.facts) == [], one.name
        assert check(replace(part, patient_trace=whole.patient_trace), one.rulebook)
        wrong = replace(patient[-1], rule="patient.settled")
        assert check(replace(part, patient_trace=(*whole.patient_trace, wrong)), one.rulebook)


_names = sorted({name for says in SAYS.values() for name in (*says.values, *says.figures)})
_steps = st.builds(
    Step,
    rule=st.sampled_from(
        ["ir_social_security.outpatient.bands", "ir_social_security.outpatient.takes", "eligibility", ""]
    ),
    amount=st.integers(-5, 5),
    kind=st.sampled_from([kind.value for kind in Kind]) | st.text(max_size=4),
    values=st.dictionaries(st.sampled_from(_names), st.integers(-3, 3) | st.text(max_size=3), max_size=4),
    times=st.integers(-1, 2),
)


@given(st.lists(_steps, max_size=4), st.lists(_steps, max_size=3))
def test_an_audit_never_fails_whatever_it_is_given(trace: list[Step], patient: list[Step]) -> None:
    one = _case("on the last day of 1403 the old K holds")
    share = replace(one.settled.shares[0], trace=tuple(trace))

    assert isinstance(
        check(replace(one.settled, shares=(share,), patient_trace=tuple(patient)), one.rulebook, one.facts), list
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2025-11-20", ""),
        ("2025-13-20", "no day"),
        ("soon", "the rulebook has not this value from that day and source"),
        ("2024-01-01", "the period was over"),
        ("2026-12-24", "the period had not begun"),
    ],
)
def test_a_period_in_which_the_bill_cannot_lie_does_not_hold(since, said):
    one = next(case for case in worked() if case.name == "cn: it goes on over the end of the calendar's year")
    share = one.settled.shares[0]
    place = next(number for number, step in enumerate(share.trace) if step.kind == "period")
    steps = list(share.trace)
    steps[place] = replace(steps[place], values={"since": since})
    told = replace(one.settled, shares=(replace(share, trace=tuple(steps)),), settled_on=one.facts.day)
    assert [mistake.what for mistake in check(told, one.rulebook, one.facts)] == ([said] if said else [])
