"""PURE: a case's bill as a draft for the deduction forecast (3101), and what that says as rows of a page, in the clerk's language.

It is asked before money is taken, while a line can still be mended. It holds up nothing: the settlement is the clerk's to make, whatever is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from central_sync.terms.languages import Language
from edge.console.desk.case import Case, Line

TAKING = ("reject", "deduct")
SEXES = ("male", "female")
"""Those that rules know."""
SHOWN_MAX = 20
FIELDS: Mapping[str, str] = {
    "doctor": "doctor",
    "relative_value": "relative_value_code",
    "quantity": "quantity",
    "amount": "price",
}
"""What a reason has in its name, and the field of a line's form that mends it; whatever has none of them: the item."""


class Row(NamedTuple):
    """One finding: on which line (empty: on the case), what a reviewer would say, what to do, what it takes. ``of_diagnosis``: the case's diagnosis mends it.
    ``field``: of the form of a line, where it is mended.
    """

    serial: str
    item: str
    text: str
    desk: str
    takes: int
    certain: bool
    of_diagnosis: bool = False
    field: str = ""


class Foresight(NamedTuple):
    """What a review would take off. ``open``: how many rules could not be judged for want of a record; ``more``: findings that are not shown."""

    deduction: int
    total: int
    currency: str
    rows: tuple[Row, ...]
    more: int
    open: int

    @property
    def takes_all(self) -> bool:
        """Whether nothing of the bill would be left."""
        return 0 < self.total <= self.deduction

    @property
    def mended_first(self) -> Row | None:
        """The finding that is mended before others: on the diagnosis, else the first one on a line."""
        return next(
            (row for row in self.rows if row.of_diagnosis), next((row for row in self.rows if row.serial), None)
        )


class About(NamedTuple):
    """What rules ask for besides the bill: the place of care, the kind of hospital, and of whose bill it is. Empty and ``None``: not known."""

    region: str = ""
    tier: str = ""
    sex: str = ""
    birth_date: date | None = None


def draft(
    case: Case, lines: Sequence[Line], currency: str, about: About, language: Language, until: date | None
) -> dict[str, Any] | None:
    """The packet of 3101 for ``lines``; ``None``: a draft cannot say what stands there (a line that takes something back)."""
    if not lines or any(line.fee.amount < 0 for line in lines):
        return None
    return {
        "care": str(case.care),
        "currency": currency,
        "from_day": case.day.isoformat(),
        "lines": [_line(line) for line in lines],
        "to_day": (until or max(line.fee.service_date for line in lines)).isoformat()
        if case.discharged or until
        else None,
        "patient": msgspec.to_builtins(case.person),
        "diagnoses": [msgspec.to_builtins(one) for one in case.diagnoses],
        "total": sum(line.fee.amount for line in lines),
        "line_count": len(lines),
        "region": about.region,
        "tier": about.tier,
        "sex": about.sex if about.sex in SEXES else "",
        "birth_date": about.birth_date.isoformat() if about.birth_date else None,
        "language": str(language),
    }


def _line(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(line.fee)
    facts = told.pop("facts", None) or {}
    return {**facts, **told}


def of_answer(answer: Mapping[str, Any], lines: Sequence[Line]) -> Foresight:
    """What is shown of 3101's answer, what takes most first."""
    called = {line.fee.serial: line.fee.name or line.fee.item for line in lines}
    rows = [
        Row(
            serial=str(one["serial"]),
            item=called.get(str(one["serial"]), ""),
            text=str(one["text"]),
            desk=str(one["desk"]),
            takes=int(one["takes"]),
            certain=one["severity"] in TAKING,
            of_diagnosis=not one["serial"] and "diagnosis" in str(one["reason"]),
            field=_field(str(one["reason"])) if one["serial"] else "",
        )
        for one in answer["findings"]
    ]
    rows.sort(key=lambda row: (not row.certain, -row.takes))
    return Foresight(
        deduction=int(answer["deduction"]),
        total=int(answer["total"]),
        currency=str(answer["currency"]),
        rows=tuple(rows[:SHOWN_MAX]),
        more=max(0, len(rows) - SHOWN_MAX),
        open=len(answer["open"]),
    )


def _field(reason: str) -> str:
    return next((field for part, field in FIELDS.items() if part in reason), "item")
