"""The table of what a step can say: whole, and each word once."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil, floor

from central_sync.benefits.choices import RoundedAt
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.settlement import settle
from tests.central_sync.benefits.dice import situation


def test_every_kind_says_what_its_values_and_figures_are():
    assert SAYS.keys() == set(Kind)


def test_no_value_has_the_name_of_a_figure():
    for says in SAYS.values():
        assert max(Counter(says.values + says.figures).values(), default=1) == 1


def follows(step, named):
    """The least and the most that the figures of a layer's step come to; ``None`` where it has none."""
    if step.kind in (Kind.WAITING, Kind.NO_BAND):
        return named["of"], named["of"]
    if step.kind in (Kind.COUNTED_CAP, Kind.PAID_CAP, Kind.ACCOUNT, Kind.APPROVED, Kind.PAID_EARLIER):
        return (named["of"] - named["open"],) * 2
    if step.kind is Kind.DEDUCTIBLE:
        return (min(named["of"], max(named["whole"] - named["met"], 0)),) * 2
    if step.kind is Kind.DEDUCTIBLE_FLOOR:
        return (min(named["of"], named["whole"], named["floor"]),) * 2
    if step.kind is Kind.LEAST:
        return (min(named["of"], named["least"]) - named["own"],) * 2
    if step.kind is Kind.DEDUCTIBLE_LATER:
        exact = Fraction(named["ratio"]) * named["whole"]
        return min(named["of"], floor(exact)), min(named["of"], ceil(exact))
    if step.kind is Kind.FIRST_PART:
        exact = Fraction(named["ratio"]) * named["of"]
        return floor(exact), ceil(exact)
    if step.kind is Kind.BAND:
        exact = (1 - Fraction(named["ratio"])) * (named["high"] - named["low"])
        return exact - 1, exact + 1
    return None


def test_every_amount_of_a_layers_trace_follows_from_its_values():
    seen = Counter()
    for seed in range(700):
        rulebook, *bill = situation(seed)
        for share in settle(rulebook, *bill).shares:
            together = rulebook.schemes[share.scheme].rounding.at is RoundedAt.TOGETHER
            for step in share.trace:
                bounds = follows(step, step.named)
                if bounds is None or step.times != 1:
                    continue
                seen[step.kind] += 1
                found = -step.amount + sum(less.amount for less in step.less)
                slack = 2 * (len(step.less) + 2) if together else 0  # amount and figures are rounded each by itself
                assert bounds[0] - slack <= found <= bounds[1] + slack, (seed, step)
                for less in step.less:
                    if less.kind is Kind.DEDUCTED_CAP and not together:
                        assert less.amount == less.named["of"] - less.named["open"]
    assert len(seen) >= 12
