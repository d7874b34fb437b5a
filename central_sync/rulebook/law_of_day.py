"""The law of one day, held for all days: what a month would have cost under rules that begin only later.

Every value keeps those rows, and every item that version, that are in force on the day, as if they had always been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

from central_sync.benefits.parameters import Item, Parameter, Region, Row, Rulebook, Scheme

ALWAYS = date(1, 1, 1)


def held(rulebook: Rulebook, day: date) -> Rulebook:
    """``rulebook`` as it stands on ``day``, for every day."""
    regions = {code: _region(region, day) for code, region in rulebook.regions.items()}
    schemes: dict[str, Scheme] = {code: _still(scheme, day) for code, scheme in rulebook.schemes.items()}
    return replace(rulebook, regions=regions, schemes=schemes)


def _region(region: Region, day: date) -> Region:
    rest: Region = _still(replace(region, items={}), day)
    return replace(rest, items={code: _item(item, day) for code, item in region.items.items()})


def _item(item: Item, day: date) -> Item:
    version = item.at(day)
    return replace(item, versions=(replace(version, from_day=ALWAYS),) if version else ())


def _still(value: Any, day: date) -> Any:
    """``value`` with all parameters in it as they stand on ``day``."""
    if isinstance(value, Parameter):
        latest: dict[object, Row[Any]] = {}
        for row in sorted(value.rows, key=lambda one: one.from_day):
            if row.from_day <= day:
                latest[row.tier, row.group, row.mark, row.ages] = row
        # In the order of the rows: of two that differ in their mark alone, the first wins.
        kept = [row for row in value.rows if row in latest.values()]
        return replace(value, rows=tuple(replace(row, from_day=ALWAYS) for row in kept))
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_still(one, day) for one in value)
    if isinstance(value, Mapping):
        return {key: _still(one, day) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _still(getattr(value, f.name), day) for f in fields(value)}
        return replace(value, **changed)
    return value
