"""What a step of a trace says, as a sentence. Settling pays nothing for it: a step holds data, and is told when somebody reads it.

PURE.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.kinds import Kind
from central_sync.benefits.results import TraceStep

_SENTENCES: dict[Kind, str] = {
    Kind.OWN_PAY: "Not in the insured catalogue (class C)",
    Kind.OVER_CEILING: "Above the insured price",
    Kind.OVER_TARIFF: "Above the tariff of this kind of hospital",
    Kind.FIRST_SELF_PAY: "First self-pay of class B items",
    Kind.IN_SCOPE: "In scope, but no layer in force looks at it",
    Kind.NO_SUCH_SCHEME: "The rulebook has no such scheme in this layer",
    Kind.OTHER_CURRENCY: "The scheme pays in another currency",
    Kind.LAYER_REQUIRED: "The scheme needs a {layer} layer in force",
    Kind.NO_SUCH_BENEFIT: "The scheme has no {care} benefit",
    Kind.NO_BENEFIT_FOR_CASE: "The scheme has no {care} benefit for such a case",
    Kind.LOOKED_AT: "What {wording} looks at: {parts}",
    Kind.NOTHING: "Nothing on the bill is for it",
    Kind.WAITING: "{wording}: over on {until}",
    Kind.COUNTED_CAP: "{wording}: nothing above it is counted",
    Kind.DEDUCTIBLE: "{wording}",
    Kind.DEDUCTIBLE_LATER: "{wording}; number {number} of the year: {ratio} of it",
    Kind.DEDUCTIBLE_FLOOR: "{wording}; number {number} of the year: {ratio} of it, but not below the floor",
    Kind.DEDUCTED_CAP: "{wording} is reached",
    Kind.BAND: "{wording}; band {band} of {bands}: the layer pays {ratio}",
    Kind.NO_BAND: "{wording}: none in force for this case",
    Kind.LEAST: "{wording}",
    Kind.OWN_CAP: "{wording}: nothing above it is the patient's",
    Kind.PAID_CAP: "{wording}: nothing above it",
    Kind.ACCOUNT: "The account holds no more",
    Kind.APPROVED: "The payer has approved no more",
    Kind.PAID_EARLIER: "Paid by earlier payers",
    Kind.PAID_LATER: "what {wording} pays",
    Kind.PACKAGE: "{wording}, in the place of the itemised bill",
    Kind.ROUNDING: "Rounded to a multiple of {to} coins",
}

_LESS = {Kind.DEDUCTED_CAP: "; {}", Kind.PAID_LATER: "; less {}"}
"""How what was taken off a step is joined to it."""


def sentence(step: TraceStep) -> str:
    """``step`` as a person reads it."""
    named = step.named
    if "ratio" in named:
        named["ratio"] = percent(Fraction(named["ratio"]))
    said = _SENTENCES[step.kind].format(wording=step.wording, **named)
    return said + "".join(_LESS.get(less.kind, "; less by: {}").format(sentence(less)) for less in step.less)


def percent(ratio: Fraction) -> str:
    """A ratio as a person reads it: ``9/10`` is ``90 %``."""
    hundred = ratio * 100
    return f"{Decimal(hundred.numerator) / Decimal(hundred.denominator):f} %"
