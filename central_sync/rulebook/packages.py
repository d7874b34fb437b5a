"""Reads a scheme's table of fixed prices: which item on the bill stands for which price, by day and kind of hospital.

Columns: ``item, from, text, price, reference, illustrative`` and any ``price.<tier>``; ``text`` is English, ``text.fa`` and ``text.zh`` (both, or none) say
the same. ``price`` speaks for every tier without a
column of its own. A row without any price ends the item's on that day.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from pathlib import Path

from central_sync.benefits.parameters import Parameter, Row
from central_sync.rulebook.documents import TextsFile
from central_sync.rulebook.strict import table
from central_sync.rulebook.texts import english
from central_sync.rulebook.values import Place, coins, day, number

COLUMNS = frozenset(["item", "from", "text", "price", "reference", "illustrative"])
TEXTS = frozenset(["text.fa", "text.zh"])


def packages(folder: Path, place: Place, rule: str, items: Container[str]) -> dict[str, Parameter[int]]:
    """The prices in ``place.file`` by item, in the order of the file.

    Raises:
        RulebookError: a row is wrong; the error names the line.
    """
    found: dict[str, Parameter[int]] = {}
    prices = frozenset(f"price.{tier}" for tier in place.tiers)
    for line, row in table(folder, place.file, COLUMNS, prices | TEXTS):
        item = row["item"]
        if item not in items:
            raise place.wrong(line, "the catalogue has no such item")
        if not row["text"]:
            raise place.wrong(line, "a price has a text")
        english(place.texts, f"{rule}.{item}", _wording(place, line, row))
        if row["reference"] not in place.references:
            raise place.wrong(line, "sources.yaml has no such source")
        if row["illustrative"] not in ("true", "false"):
            raise place.wrong(line, "illustrative is true or false")
        from_day = day(place, line, row["from"])
        known = found.get(item)
        if known and (known.text != row["text"] or known.rows[-1].from_day >= from_day):
            raise place.wrong(line, "rows of one item stand together, with one text, in the order of their days")
        earlier = known.rows if known else ()
        rows = _rows(place, line, row, from_day, {one.tier for one in earlier})
        found[item] = Parameter(f"{rule}.{item}", row["text"], place.currency.code, (*earlier, *rows))
    if not found:
        raise place.wrong("line 1", "there is no price")
    return found


def _wording(place: Place, line: str, row: dict[str, str]) -> str | TextsFile:
    told = {row.get(column, "") for column in TEXTS}
    if told == {""}:
        return row["text"]
    if "" in told:
        raise place.wrong(line, "a price has a text in every language, or in English alone")
    return TextsFile(en=row["text"], fa=row["text.fa"], zh=row["text.zh"])


def _rows(place: Place, line: str, row: dict[str, str], from_day: date, before: set[str]) -> list[Row[int]]:
    texts = {tier: row.get(f"price.{tier}" if tier else "price", "") for tier in ("", *place.tiers)}
    if not any(texts.values()):
        if not before:
            raise place.wrong(line, "no price, and none before that would end")
        named = dict.fromkeys(sorted(before))
        return [Row(from_day, None, row["reference"], row["illustrative"] == "true", tier) for tier in named]
    return [
        Row(
            from_day,
            coins(place, line, number(place, line, text)),
            row["reference"],
            row["illustrative"] == "true",
            tier,
        )
        for tier, text in texts.items()
        if text
    ]
