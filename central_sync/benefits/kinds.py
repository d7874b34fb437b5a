"""What a step of a trace can say, as data: its kinds, and what each tells besides its rule, day, source and amount.

PURE. Rules
    * ``values`` are what the step's sentence tells (the n-th band, a ratio as exact text, a day). Steps are one reason if rule, day,
      source, kind and values are the same.
    * ``figures`` are whole coins from which the amount follows; where steps of one reason are added up, so are their figures. A
      patient's trace has none: there a step is what is left of one in a layer's trace.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """One thing that a step says."""

    __hash__ = str.__hash__  # Enum's own is not native, and steps are told apart by their kinds

    OWN_PAY = "catalogue.own_pay"
    OVER_CEILING = "catalogue.over_ceiling"
    OVER_TARIFF = "catalogue.over_tariff"
    FIRST_SELF_PAY = "catalogue.first_self_pay"
    IN_SCOPE = "catalogue.in_scope"
    NO_SUCH_SCHEME = "no_such_scheme"
    OTHER_CURRENCY = "other_currency"
    LAYER_REQUIRED = "layer_required"
    NO_SUCH_BENEFIT = "no_such_benefit"
    NO_BENEFIT_FOR_CASE = "no_benefit_for_case"
    PERIOD = "period"
    LOOKED_AT = "looked_at"
    NOTHING = "nothing"
    WAITING = "waiting"
    COUNTED_CAP = "counted_cap"
    FIRST_PART = "first_part"
    DEDUCTIBLE = "deductible"
    DEDUCTIBLE_LATER = "deductible_later"
    DEDUCTIBLE_FLOOR = "deductible_floor"
    DEDUCTED_CAP = "deducted_cap"
    BAND = "band"
    NO_BAND = "no_band"
    LEAST = "least"
    OWN_CAP = "own_cap"
    PAID_CAP = "paid_cap"
    ACCOUNT = "account"
    APPROVED = "approved"
    PAID_EARLIER = "paid_earlier"
    PAID_LATER = "paid_later"
    PACKAGE = "package"
    ROUNDING = "rounding"
    SETTLED_BEFORE = "settled_before"


class Says(NamedTuple):
    """The names of a kind's values and figures, in their order."""

    values: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


SAYS: dict[Kind, Says] = {
    Kind.OWN_PAY: Says(),
    Kind.OVER_CEILING: Says(),
    Kind.OVER_TARIFF: Says(),
    Kind.FIRST_SELF_PAY: Says(),
    Kind.IN_SCOPE: Says(),
    Kind.NO_SUCH_SCHEME: Says(),
    Kind.OTHER_CURRENCY: Says(),
    Kind.LAYER_REQUIRED: Says(("layer",)),
    Kind.NO_SUCH_BENEFIT: Says(("care",)),
    Kind.NO_BENEFIT_FOR_CASE: Says(("care",)),
    # In which of the scheme's own periods the bill counts: the day on which it began.
    Kind.PERIOD: Says(("since",)),
    Kind.LOOKED_AT: Says(("parts",)),
    Kind.NOTHING: Says(),
    # Everything until that day.
    Kind.WAITING: Says(("until",), ("of",)),
    # What is above ``open``.
    Kind.COUNTED_CAP: Says(("cap",), ("of", "open")),
    # ``ratio`` of what is counted.
    Kind.FIRST_PART: Says(("ratio",), ("of",)),
    # ``whole`` less what was met before, and no more than there is (``of``).
    Kind.DEDUCTIBLE: Says((), ("of", "whole", "met")),
    # ``ratio`` of ``whole`` for the n-th bill, and no more than there is; ``DEDUCTIBLE_FLOOR``: the floor, where that is more.
    Kind.DEDUCTIBLE_LATER: Says(("number", "ratio"), ("of", "whole")),
    Kind.DEDUCTIBLE_FLOOR: Says(("number", "ratio"), ("of", "whole", "floor")),
    # Off a deductible: what is above ``open``.
    Kind.DEDUCTED_CAP: Says(("cap",), ("of", "open")),
    # What ``ratio`` of the slice from ``low`` to ``high`` leaves, within one coin for each of ``times``.
    Kind.BAND: Says(("band", "bands", "ratio"), ("low", "high")),
    Kind.NO_BAND: Says((), ("of",)),
    # What the own part (``own``) is below ``least``; no more than can be counted (``of``).
    Kind.LEAST: Says((), ("of", "least", "own")),
    # Off the own part (``own``): what is above ``open``.
    Kind.OWN_CAP: Says(("cap",), ("own", "open")),
    # What is above ``open`` of what the layer would pay (``of``).
    Kind.PAID_CAP: Says(("cap",), ("of", "open")),
    Kind.ACCOUNT: Says((), ("of", "open")),
    Kind.APPROVED: Says((), ("of", "open")),
    # What the layer would pay (``of``) above what earlier ones left for it (``open``).
    Kind.PAID_EARLIER: Says((), ("of", "open")),
    Kind.PAID_LATER: Says(),
    # The price, in the place of ``itemised``.
    Kind.PACKAGE: Says((), ("itemised",)),
    Kind.ROUNDING: Says(("to",)),
    # Off the sum: what earlier settlements of the same stay came to.
    Kind.SETTLED_BEFORE: Says(),
}

STAGE: dict[Kind, str] = {
    Kind.OWN_PAY: "catalogue",
    Kind.OVER_CEILING: "catalogue",
    Kind.OVER_TARIFF: "catalogue",
    Kind.FIRST_SELF_PAY: "catalogue",
    Kind.IN_SCOPE: "catalogue",
    Kind.WAITING: "waiting",
    Kind.COUNTED_CAP: "counted_cap",
    Kind.FIRST_PART: "first_part",
    Kind.DEDUCTIBLE: "deductible",
    Kind.DEDUCTIBLE_LATER: "deductible",
    Kind.DEDUCTIBLE_FLOOR: "deductible",
    Kind.BAND: "bands",
    Kind.NO_BAND: "bands",
    Kind.PAID_EARLIER: "bands",
    Kind.LEAST: "least",
    Kind.PAID_CAP: "paid_cap",
    Kind.ACCOUNT: "paid_cap",
    Kind.APPROVED: "paid_cap",
    Kind.ROUNDING: "rounding",
}
"""The stage (of :data:`~central_sync.benefits.parameters.STAGES`) at which a reason leaves something to the patient; no other kind does."""
