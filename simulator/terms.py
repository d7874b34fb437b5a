"""PURE: what the world's generator takes from the rulebook: items with usual prices, covers, groups, and bills that press on caps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from central_sync.benefits.choices import Owner
from central_sync.benefits.parameters import (
    LAYERS,
    Region,
    Rulebook,
    Scheme,
)
from central_sync.terms.money import CURRENCIES
from simulator.journeys import Item
from simulator.world import Terms

CARES = ("outpatient", "inpatient")
PRESSURE = {"base": 2, "critical_illness": 4, "supplementary": 8}
"""How many times a layer's cap a person's bills of the day should come to, roughly: each layer pays a part only."""
VISITS = 4


def terms_of(rulebook: Rulebook, day: date) -> dict[str, Terms]:
    """The terms of each region on ``day``."""
    return {code: _terms(region, rulebook.schemes.values(), day) for code, region in sorted(rulebook.regions.items())}


def _terms(region: Region, schemes: Iterable[Scheme], day: date) -> Terms:
    here = sorted((s for s in schemes if s.region == region.code), key=lambda s: (LAYERS.index(s.layer), s.code))
    groups = next(scheme.groups for scheme in here if scheme.layer == LAYERS[0])
    here = [scheme for scheme in here if set(groups) <= set(scheme.groups)]  # a person is of one group in every cover
    bases = [scheme for scheme in here if scheme.layer == LAYERS[0]]
    decimals = CURRENCIES[region.currency].decimals
    covers = []
    for base in bases:
        alone = ((base.layer, base.code),)
        covers += [alone, *((*alone, (other.layer, other.code)) for other in here if other not in bases)]
    prices = {
        item.code: (version.price, version.catalogue_class)
        for item in region.items.values()
        if (version := item.at(day)) is not None
    }
    insured = [code for code, (_, catalogue_class) in prices.items() if catalogue_class == "A"]
    dearest = max(insured, key=lambda code: (prices[code][0], code))
    return Terms(
        items=tuple(Item(code, price, decimals) for code, (price, _) in sorted(prices.items()) if price > 0),
        dearest=Item(dearest, prices[dearest][0], decimals),
        covers=tuple(covers),
        groups=groups,
        tiers=region.tiers,
        heavy_bills=tuple((care, _heavy_bill(here, care, day)) for care in CARES),
    )


def _heavy_bill(schemes: list[Scheme], care: str, day: date) -> int:
    """The largest bill that the first capped layer calls for, for one of :data:`VISITS` visits."""
    for scheme in schemes:
        for cap in (cap for benefit in scheme.benefits.get(care, ()) for cap in benefit.caps):
            row = cap.amount.at(day, group=scheme.groups[0])
            if cap.owner is Owner.MEMBER and row is not None and row.value:
                return row.value * PRESSURE.get(scheme.layer, 2) // VISITS * 2
    return 0
