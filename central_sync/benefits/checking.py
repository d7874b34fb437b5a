"""An auditor's program: whether a settlement's trace holds, step by step, against the rulebook that it names.

PURE. It is not the engine: it reads what was answered, and asks of each sum, rule, day, source and figure whether it can be so. Rules
    * Everything adds up: lines to the bill, steps to their share, shares and patient to what is paid.
    * Each step's rule stands in that version, in that scheme, for that kind of step, with that day, source and value.
    * What a step took follows from its figures, and its figures from the steps before it.
    * The patient's reasons are what is left of a layer's own reasons, or of the bill's parts.
    * Who knows the case (``facts``) also has each value held against the one in force for it.
What was counted before (accumulators) is not in an answer: what depends on it is checked as far as it bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from central_sync.benefits.choices import After, Each, Hold, RoundedAt
from central_sync.benefits.document import PARTS, Payment, Settled
from central_sync.benefits.explain import Step
from central_sync.benefits.facts import CaseFacts
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.leavings import LOOKED, Mistake, is_part, patients
from central_sync.benefits.parameters import MONTHS, Rulebook, Scheme
from central_sync.benefits.slots import Slot, rows_of, slots
from central_sync.terms.money import Rounding
from central_sync.terms.money import share as part_of

ELIGIBILITY = frozenset(
    [Kind.NO_SUCH_SCHEME, Kind.OTHER_CURRENCY, Kind.LAYER_REQUIRED, Kind.NO_SUCH_BENEFIT, Kind.NO_BENEFIT_FOR_CASE]
)
_EITHER = (Kind.ROUNDING, Kind.SETTLED_BEFORE)
"""What may give as well as take."""
_ABOVE = (Kind.COUNTED_CAP, Kind.PAID_CAP, Kind.ACCOUNT, Kind.APPROVED, Kind.PAID_EARLIER, Kind.DEDUCTED_CAP)
_TEXTS = frozenset(["layer", "care", "parts", "until", "since", "cap", "ratio"])
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OWN = (
    Kind.DEDUCTIBLE,
    Kind.DEDUCTIBLE_LATER,
    Kind.DEDUCTIBLE_FLOOR,
    Kind.BAND,
    Kind.NO_BAND,
    Kind.LEAST,
    Kind.ROUNDING,
)
"""What is left as the patient's own part, as caps on it understand it."""
_LATER = (Kind.OWN_CAP, Kind.ROUNDING)
"""What is taken off own parts after they were computed."""


Known = Mapping[tuple[Kind, str], Sequence[Slot]]
"""Kind of step and rule → its places in a scheme."""


def check(settled: Settled, rulebook: Rulebook, facts: CaseFacts | None = None) -> list[Mistake]:
    """Everything in ``settled`` that does not hold; empty: it does."""
    return [*_sums(settled, rulebook), *_shares(settled, rulebook, facts), *patients(settled, rulebook)]


def _sums(settled: Settled, rulebook: Rulebook) -> Iterator[Mistake]:
    if settled.rulebook != rulebook.version:
        yield Mistake("rulebook", "the settlement names another version")
    for line in settled.lines:
        parts = [getattr(line, part) for part in PARTS]
        if sum(parts) != line.amount or min(parts) < 0:
            yield Mistake(f"line {line.serial}", "its parts are not its amount")
    if settled.lines and sum(line.amount for line in settled.lines) != settled.total:
        yield Mistake("lines", "do not add up to the bill")
    yield from _by_line(settled)
    shares = sum(share.amount for share in settled.shares)
    if shares + settled.patient != settled.total + settled.package_difference:
        yield Mistake("total", "shares and the patient's part are not the bill")
    gained = sum(
        step.amount - itemised
        for share in settled.shares
        for step in share.trace
        if step.kind == Kind.PACKAGE.value and isinstance(itemised := step.values.get("itemised"), int)
    )
    if gained != settled.package_difference and not is_part(settled):
        yield Mistake("package_difference", "is not what the fixed prices are above the bill")
    for share in settled.shares:
        if (share.amount < 0 and not is_part(settled)) or sum(step.amount for step in share.trace) != share.amount:
            yield Mistake(share.scheme, "its steps do not add up to its share")
    if sum(step.amount for step in settled.patient_trace) != settled.patient:
        yield Mistake("patient", "the steps do not add up to the patient's part")


def _by_line(settled: Settled) -> Iterator[Mistake]:
    """Whether what the shares pay of the lines adds up to the shares; the longest bills, and parts of a stay, do not say."""
    if is_part(settled) or not any(line.shares for line in settled.lines):
        return
    for line in settled.lines:
        own = line.amount + line.difference - sum(line.shares)
        if len(line.shares) != len(settled.shares) or own < 0 or min(line.shares, default=0) < 0:
            yield Mistake(f"line {line.serial}", "its shares are not what is paid of it")
            return
    for number, share in enumerate(settled.shares):
        if sum(line.shares[number] for line in settled.lines) != share.amount:
            yield Mistake(share.scheme, "what it pays of the lines is not its share")
    if sum(line.difference for line in settled.lines) != settled.package_difference:
        yield Mistake("package_difference", "is not that of the lines")


def _shares(settled: Settled, rulebook: Rulebook, facts: CaseFacts | None) -> Iterator[Mistake]:
    for share in settled.shares:
        scheme = rulebook.schemes.get(share.scheme)
        told = {Kind(step.kind) for step in share.trace if step.kind in Kind.__members__.values()}
        if told & ELIGIBILITY:
            if share.amount or len(share.trace) != 1 or not _cannot(share, scheme, settled.currency):
                yield Mistake(share.scheme, "pays, though it cannot, or says otherwise")
            continue
        if scheme is None or (scheme.layer, scheme.payer) != (share.layer, share.payer):
            yield Mistake(share.scheme, "the rulebook has no such scheme, layer and payer")
            continue
        if scheme.currency != settled.currency:
            yield Mistake(share.scheme, "pays in another currency")
        known = slots(scheme)
        group = next((c.group for c in facts.covers if c.scheme == share.scheme), "") if facts else ""
        wrong = [
            Mistake(f"{share.scheme}[{number}]", what)
            for number, step in enumerate(share.trace)
            for one in (step, *step.less)
            for what in _step(one, known, scheme, facts, group, settled.settled_on)
        ]
        yield from wrong
        if wrong:
            continue  # what follows reads the figures of steps that are right by themselves
        for number, step in enumerate(share.trace):
            if step.amount and step.kind not in _EITHER and (step.amount < 0) == (step.kind in LOOKED):
                yield Mistake(f"{share.scheme}[{number}]", "stands on the wrong side")
        if not _apart(share, scheme, settled):
            yield from _flow(share, known, scheme)
            yield from _own_caps(share, scheme)


def _cannot(share: Payment, scheme: Scheme | None, currency: str) -> bool:
    """Whether a cover that cannot pay says so rightly."""
    step = share.trace[0]
    kind, say = Kind(step.kind), step.values
    if step.rule != "eligibility" or step.from_day or step.reference or step.times != 1:
        return False
    if say.keys() != set(SAYS[kind].values) or share.payer != (scheme.payer if scheme else ""):
        return False
    if scheme is None or scheme.layer != share.layer:
        return kind is Kind.NO_SUCH_SCHEME
    return {
        Kind.OTHER_CURRENCY: scheme.currency != currency,
        Kind.LAYER_REQUIRED: say.get("layer") == scheme.requires,
        Kind.NO_SUCH_BENEFIT: say.get("care") not in scheme.benefits,
        Kind.NO_BENEFIT_FOR_CASE: say.get("care") in scheme.benefits,
    }.get(kind, False)


def _step(
    step: Step, known: Known, scheme: Scheme, facts: CaseFacts | None, group: str, settled_on: date | None
) -> Iterator[str]:
    """What is wrong with one step by itself."""
    try:
        kind = Kind(step.kind)
    except ValueError:
        yield "a kind that nobody knows"
        return
    named = {*SAYS[kind].values, *SAYS[kind].figures}
    if not set(SAYS[kind].values) <= step.values.keys() <= named:
        yield "not the values of its kind"
        return
    if any((name in _TEXTS) != isinstance(value, str) for name, value in step.values.items()) or step.times < 1:
        yield "values of another type"
        return
    found = known.get((kind, step.rule))
    if not found:
        yield "the scheme has no such rule for such a step"
        return
    if not any(_right(slot, step, kind, scheme, facts, group) for slot in found):
        yield "the rulebook has not this value from that day and source"
        return
    figures = {name: int(step.values[name]) for name in SAYS[kind].figures if name in step.values}
    if step.times != 1 and not figures:
        yield "several, and no figures"
    if kind is Kind.PERIOD:
        yield from _period(step, scheme, facts, group, settled_on)
    if len(figures) == len(SAYS[kind].figures) and figures:
        yield from _amount(step, kind, figures, scheme)


def _right(slot: Slot, step: Step, kind: Kind, scheme: Scheme, facts: CaseFacts | None, group: str) -> bool:
    """Whether the rule has a row of that day and source (and, for a known case, in force) that gives the step's values."""
    if slot.parameter is None:
        return step.from_day is None and not step.reference and _plain(slot, kind, step, scheme)
    if kind is Kind.NO_BAND:
        return step.from_day is None and not step.reference
    rows = rows_of(slot.parameter, step.from_day, step.reference, facts, group)
    return any(_fits(slot, row, step, kind, scheme.rounding.mode) for row in rows)


def _period(step: Step, scheme: Scheme, facts: CaseFacts | None, group: str, settled_on: date | None) -> Iterator[str]:
    """Whether the bill can lie in a period that began on that day."""
    period = scheme.period
    try:
        since = date.fromisoformat(str(step.values["since"]))
    except ValueError:
        yield "no day"
        return
    if step.amount or step.less or period is None:
        yield "a period takes nothing"
    elif settled_on and since > settled_on:
        yield "the period had not begun"
    elif facts and period.after is After.FIRST:
        row = period.lasts.at(facts.day, facts.tier, group, facts.marks, facts.age)
        lasts = timedelta(days=(row.value if row and row.value else 0) * (31 if period.lasts.unit == MONTHS else 1))
        if abs((facts.admitted or facts.day) - since) > lasts:
            yield "the period was over"


def _plain(slot: Slot, kind: Kind, step: Step, scheme: Scheme) -> bool:
    if kind is Kind.LOOKED_AT:
        return step.values["parts"] == slot.name
    return kind is not Kind.ROUNDING or step.values["to"] == scheme.rounding.to


def _fits(slot: Slot, value: object, step: Step, kind: Kind, mode: Rounding) -> bool:
    """Whether a row's value can have given the step's values."""
    say = step.values
    if kind is Kind.BAND:
        assert isinstance(value, tuple)
        if slot.hold is Hold.ALL:
            return (say["band"], say["bands"]) == (1, 1) and any(str(band.ratio) == say["ratio"] for band in value)
        place = int(say["band"]) - 1
        return len(value) == say["bands"] and 0 <= place < len(value) and str(value[place].ratio) == say["ratio"]
    if kind is Kind.FIRST_PART:
        return str(value) == say["ratio"]
    if kind in (Kind.WAITING, Kind.PERIOD):
        return _DAY.fullmatch(str(say["until" if kind is Kind.WAITING else "since"])) is not None
    assert isinstance(value, int)
    whole = value * step.times
    if "cap" in say:
        return say["cap"] == slot.name and ("open" not in say or slot.many or int(say["open"]) <= whole)
    if kind is Kind.PACKAGE:
        return abs(step.amount) == whole
    if kind is Kind.LEAST:
        return "least" not in say or say["least"] == whole
    if kind is not Kind.DEDUCTIBLE and str(say["ratio"]) not in slot.ratios:
        return False
    if "floor" in say and int(say["floor"]) not in {floor * step.times for floor in slot.floors}:
        return False
    if "whole" not in say:
        return True
    if (
        say.get("met") and slot.ratios
    ):  # it goes on with the deductible of another bill, which may have been a later one
        most = {part_of(value, Fraction(ratio), one) for ratio in slot.ratios for one in {mode, Rounding.HALF_UP}}
        return say["whole"] in most | {value, *slot.floors}
    return int(say["whole"]) % value == 0 if slot.many and value else say["whole"] == whole


def slack_of(scheme: Scheme, steps: int) -> int:
    """By how many coins so many steps may be off: each is rounded by itself where layers are rounded together."""
    return 2 * (steps + 1) if scheme.rounding.at is RoundedAt.TOGETHER else 0


def _amount(step: Step, kind: Kind, figure: Mapping[str, int], scheme: Scheme) -> Iterator[str]:
    """Whether the amount follows from the figures."""
    if min(figure.values()) < 0 or min((less.amount for less in step.less), default=0) < 0:
        yield "a figure below nothing"
    took, mode = abs(step.amount) + sum(less.amount for less in step.less), scheme.rounding.mode
    right, slack = True, slack_of(scheme, step.times + len(step.less))

    def near(much: int) -> bool:
        return abs(took - much) <= slack

    if kind in _ABOVE:
        right = near(figure["of"] - figure["open"])
    elif kind in (Kind.WAITING, Kind.NO_BAND):
        right = near(figure["of"])
    elif kind is Kind.FIRST_PART and step.times == 1:
        right = near(part_of(figure["of"], Fraction(step.values["ratio"]), mode))
    elif kind is Kind.BAND:
        slice_, ratio = figure["high"] - figure["low"], Fraction(step.values["ratio"])
        far = abs(took - slice_ * (1 - ratio))
        most = step.times + slack  # a whole coin only where both ends of the slice may be rounded away from each other
        right = slice_ >= (0 if slack else 1) and (far < most or (far == most and mode is Rounding.HALF_EVEN))
    elif step.times == 1 and kind is Kind.DEDUCTIBLE:
        right = near(min(figure["of"], max(figure["whole"] - figure["met"], 0)))
    elif step.times == 1 and kind in (Kind.DEDUCTIBLE_LATER, Kind.DEDUCTIBLE_FLOOR):
        due = part_of(figure["whole"], Fraction(step.values["ratio"]), mode)
        if kind is Kind.DEDUCTIBLE_FLOOR:
            right = due < figure["floor"]
            due = min(figure["floor"], figure["whole"])
        right = right and near(min(figure["of"], due))
    elif step.times == 1 and kind is Kind.LEAST:
        right = near(min(figure["least"], figure["of"]) - figure["own"])
    if not right:
        yield "the amount does not follow from its figures"


def _apart(share: Payment, scheme: Scheme, settled: Settled) -> bool:
    """Whether lines are, or may be, computed each by itself: steps that then do not follow each other are not always added up."""
    if any(step.times != 1 for step in share.trace):
        return True
    rules = {step.rule.split(".")[1] for step in share.trace if step.rule.count(".") >= 2}
    each = [one for found in scheme.benefits.values() for one in found if one.name in rules and one.each is Each.LINE]
    return bool(each) and len(settled.lines) != 1


def _flow(share: Payment, known: Known, scheme: Scheme) -> Iterator[Mistake]:
    """Whether each step begins with what the steps before it left; only where one benefit has looked."""
    looked = [step for step in share.trace if step.kind in LOOKED]
    if len(looked) != 1:
        return
    slack = slack_of(scheme, len(share.trace))
    left = before = looked[0].amount
    moved = 0  # what rounding to a multiple has moved so far
    bands = [step for step in share.trace if step.kind == Kind.BAND.value and "low" in step.values]
    if any(int(one.values["high"]) > int(other.values["low"]) + slack for one, other in pairwise(bands)):
        yield Mistake(share.scheme, "its bands lie across each other")
    for number, step in enumerate(share.trace):
        if step.kind == Kind.ROUNDING.value:
            left, moved = left + step.amount, moved + step.amount
        if step is looked[0] or step.amount == 0 or step.kind in _EITHER:
            continue
        own = step.kind in (Kind.DEDUCTIBLE, Kind.DEDUCTIBLE_LATER, Kind.DEDUCTIBLE_FLOOR, Kind.NO_BAND)
        off_payment = own and any(one.kind in (Kind.BAND, Kind.ROUNDING) for one in share.trace[:number])
        begun = before + (moved if off_payment else 0) if own else left
        if "of" in step.values and step.kind != Kind.LEAST.value and abs(int(step.values["of"]) - begun) > slack:
            yield Mistake(f"{share.scheme}[{number}]", "does not begin with what is left of the bill")
        if step is (bands[0] if bands else None):
            sliced = sum(int(one.values["high"]) - int(one.values["low"]) for one in bands)
            if sliced > before + slack or (_complete(bands, known) and abs(sliced - before) > slack):
                yield Mistake(f"{share.scheme}[{number}]", "its bands are not what is left of the bill")
        left += step.amount
        before += step.amount - sum(less.amount for less in step.less if less.kind in _LATER)
        moved += sum(less.amount for less in step.less if less.kind == Kind.ROUNDING.value)


def _complete(bands: Sequence[Step], known: Known) -> bool:
    """Whether no band is missing: none that leaves nothing lies before, between or after those in the trace."""
    first, last = bands[0], bands[-1]
    numbers = [int(one.values["band"]) for one in bands]
    edges = {
        band.over
        for slot in known.get((Kind.BAND, first.rule), ())
        if slot.parameter and slot.hold is Hold.SLICE
        for value in rows_of(slot.parameter, first.from_day, first.reference, None, "")
        for band in value
    }
    begins = numbers[0] == 1 or first.values["low"] not in edges
    return begins and last.values["high"] not in edges and numbers == list(range(numbers[0], numbers[-1] + 1))


def _own_caps(share: Payment, scheme: Scheme) -> Iterator[Mistake]:
    """Whether caps on the own part begin with what it was, each with what the one before left, and end with what is left of it; only
    where one benefit has looked. The patient's part of a whole claim is rounded after them.
    """
    caps = [step for step in share.trace if step.kind == Kind.OWN_CAP.value and "own" in step.values]
    if not caps or sum(step.kind in LOOKED for step in share.trace) != 1:
        return
    slack = slack_of(scheme, len(share.trace))
    later = Kind.ROUNDING if scheme.rounding.at is RoundedAt.CLAIM else None
    own = [step for step in share.trace if step.kind in _OWN and step.kind != later]
    left = sum(-step.amount for step in own)
    was = left + sum(less.amount for step in own for less in step.less if less.kind == Kind.OWN_CAP.value)
    for number, cap in enumerate(caps):
        # A reason of which nothing is left is not in the trace: then the first cap began with more.
        if int(cap.values["own"]) < was - slack or (number and abs(int(cap.values["own"]) - was) > slack):
            yield Mistake(share.scheme, "a cap on the own part does not begin with it")
        was = int(cap.values["open"])
    if abs(was - left) > slack:
        yield Mistake(share.scheme, "a cap on the own part does not end with what is left of it")
