"""Whether each reason of the patient's part is what a layer has left for that reason, or a part of the bill that none has looked at.

PURE. The patient's half of the auditor's program (``checking.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from central_sync.benefits.choices import RoundedAt
from central_sync.benefits.document import PARTS, Settled
from central_sync.benefits.explain import Step
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.parameters import Rulebook

LOOKED = (Kind.LOOKED_AT, Kind.PACKAGE)
"""What a layer's trace begins with."""
_CATALOGUE = {f"catalogue.{part}": part for part in PARTS}

Reason = tuple[object, ...]
"""What a patient's step has in common with the layer's: everything but amount and figures."""


class Mistake(Struct, frozen=True):
    """What does not hold: where (a share's place, or ``patient``, and the step's place) and what."""

    where: str
    what: str


class Kept(Struct, frozen=True):
    """What the layers have left for each reason, and what was taken off it; which parts they took (``anywhere``: perhaps others too, of which a
    fixed price or the rounding of a whole claim took something), and what each scheme paid.
    """

    left: Counter[Reason]
    off: Counter[Reason]
    parts: set[str]
    paid: Counter[str]
    anywhere: bool


def is_part(settled: Settled) -> bool:
    """Whether it settles a part of a stay: then its traces are of the whole stay, less what was settled before."""
    traces = (settled.patient_trace, *(share.trace for share in settled.shares))
    return any(step.kind == Kind.SETTLED_BEFORE.value for trace in traces for step in trace)


def patients(settled: Settled, rulebook: Rulebook) -> Iterator[Mistake]:
    """What of the patient's reasons does not hold."""
    kept, left, slack = _kept(settled), Counter[Reason](), _slack(settled, rulebook)
    for number, step in enumerate(settled.patient_trace):
        where = f"patient[{number}]"
        if step.kind == Kind.SETTLED_BEFORE.value:
            if step.rule != "patient.settled_before" or step.from_day or step.reference or step.values:
                yield Mistake(where, "is not what was settled before")
            continue
        later = [less for less in step.less if less.kind == Kind.PAID_LATER.value]
        if step.amount < 0 or step.times != 1 or any(less.amount < 0 for less in later):
            yield Mistake(where, "stands on the wrong side, or for several")
        if any(less.amount > kept.paid[less.rule] + slack for less in later):
            yield Mistake(where, "names a payer that has not paid so much")
        key = _reason(step)
        left[key] += step.amount + sum(less.amount for less in later)
        part = _CATALOGUE.get(step.kind)
        wrong = (
            _of_layer(step, left[key] - slack, kept, slack)
            if part is None
            else _of_bill(step, part, (left[key], slack), kept, settled, rulebook)
        )
        yield from (Mistake(where, what) for what in wrong)


def _kept(settled: Settled) -> Kept:
    told = [step.kind for share in settled.shares for step in share.trace if step.amount > 0]
    kept = Kept(Counter(), Counter(), set(), Counter(), Kind.PACKAGE in told or Kind.ROUNDING in told)
    for share in settled.shares:
        for step in share.trace:
            if step.kind == Kind.LOOKED_AT.value:
                kept.parts.update(str(step.values.get("parts", "")).split(", "))
            given_back = step.kind == Kind.ROUNDING.value and step.amount < 0
            if step.kind != Kind.SETTLED_BEFORE.value and not given_back:
                kept.paid[share.scheme] += step.amount
            if step.kind not in LOOKED:
                kept.left[_reason(step)] += abs(step.amount)
                for less in step.less:
                    kept.off[_reason(step) + _reason(less)] += less.amount
    return kept


def _slack(settled: Settled, rulebook: Rulebook) -> int:
    """By how many coins a reason may be off: layers that are rounded together round each piece of what they leave by itself."""
    schemes = (rulebook.schemes.get(share.scheme) for share in settled.shares)
    together = any(scheme and scheme.rounding.at is RoundedAt.TOGETHER for scheme in schemes)
    return 2 * (len(settled.lines) + len(settled.patient_trace)) + 2 if together else 0


def _of_layer(step: Step, much: int, kept: Kept, slack: int) -> Iterator[str]:
    key = _reason(step)
    if key not in kept.left or much > kept.left[key]:
        yield "no layer has left so much for this reason"
    for less in step.less:
        whole = kept.off[key + _reason(less)]
        # A reason that lies on several parts of the bill carries what was taken off it with each; on several sections of one, a share of it.
        most = whole * max(len(kept.parts), 1)
        if less.kind != Kind.PAID_LATER.value and (whole <= -slack or not 0 <= less.amount <= most + slack):
            yield "no layer has taken this off"


def _of_bill(
    step: Step, part: str, left: tuple[int, int], kept: Kept, settled: Settled, rulebook: Rulebook
) -> Iterator[str]:
    """``left``: how much of the part, and by how many coins that may be off."""
    much, slack = left
    regions = (code for code, region in rulebook.regions.items() if region.currency == settled.currency)
    if step.from_day or step.reference or step.rule not in {f"{code}.catalogue.{part}" for code in regions}:
        yield "the rulebook has no such part of a bill"
    if not settled.lines or is_part(settled):
        return
    of_lines = sum(getattr(line, part) for line in settled.lines)
    if much > of_lines + slack or (part not in kept.parts and not kept.anywhere and much != of_lines):
        yield "is not this part of the bill's lines"


def _reason(step: Step) -> Reason:
    says = SAYS[Kind(step.kind)].values if step.kind in Kind.__members__.values() else ()
    return (step.kind, step.rule, step.from_day, step.reference, *(step.values.get(name) for name in says))
