"""PURE: what a case has come to, from its steps: its charges, its settlement, and the one thing to do next.

A step that was refused has changed nothing and counts for nothing; one that is provisional counts as done, for it will be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME, Care
from edge.console.desk.changes import Missing, missing
from edge.outcome import Confirmation, Outcome
from edge.steps import Step

BOOKED = 0
"""``his_result`` of a 49 that says so; anything else gives the settlement back."""


class Stage(StrEnum):
    """Where a case stands."""

    REFUSED = "refused"
    """Its opening was refused: there is no case."""
    CANCELLED = "cancelled"
    CHARGES = "charges"
    """It is open, and nothing is settled."""
    DOUBT = "doubt"
    """It was settled, and nobody can say yet whether the hub did."""
    AWAITED = "awaited"
    """It is settled; whether that was booked is not said yet."""
    CLOSING = "closing"
    """It was said, and the hub's word on it follows."""
    CONFIRMED = "confirmed"
    GOING_BACK = "going_back"
    """A settlement is being taken back, and the hub's word on that follows."""


class Line(NamedTuple):
    """One line of the bill. ``provisional``: the hub has not decided it yet. ``held``: an interim settlement has it."""

    fee: p.FeeLine
    provisional: bool
    catalogue_class: str = ""
    held: bool = False


class Part(NamedTuple):
    """An interim settlement of a stay: its step, how it stands, the step that takes it back, if there is one."""

    step: Step
    stage: Stage
    back: Step | None

    @property
    def until(self) -> date:
        """The last day that it settles."""
        until: date | None = getattr(self.step.request, "until", None)
        assert until is not None  # else it is no part
        return until

    @property
    def over(self) -> bool:
        """Whether it has gone back."""
        return self.stage is Stage.CHARGES


class Case(NamedTuple):
    """A case. ``settled``: the settlement in force or in doubt. ``parts``: interim settlements, oldest first, also those that went back. ``refusal``: the last step, if it was refused, whatever was taken off the bill after it, and no line is missing for it. ``missing``: lines that were taken off for nothing. ``back``: the step that takes it back."""

    hid: str
    care: Care
    stage: Stage
    opening: Step
    person: p.PersonRef
    department: str
    day: date
    lines: tuple[Line, ...]
    diagnoses: tuple[p.Diagnosis, ...]
    discharged: bool
    settled: Step | None
    settlement: Mapping[str, Any] | None
    back: Step | None
    gone_back: bool
    refusal: Step | None
    waiting: tuple[Step, ...]
    parts: tuple[Part, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def due(self) -> tuple[Line, ...]:
        """The lines that a settlement would settle now."""
        return tuple(line for line in self.lines if not line.held)

    def due_until(self, until: date | None) -> tuple[Line, ...]:
        """Those up to and with a day; ``None``: all."""
        return tuple(line for line in self.due if until is None or line.fee.service_date <= until)

    def due_line(self, serial: str) -> Line | None:
        """The one of them whose serial that is."""
        return next((line for line in self.due if line.fee.serial == serial), None)

    def missing_line(self, serial: str) -> Missing | None:
        """The one that was taken off for nothing whose serial that is."""
        return next((line for line in self.missing if line.fee.serial == serial), None)

    def changeable(self, serial: str) -> Line | Missing | None:
        """The line in whose place another one may come: it is due, or it was taken off for nothing."""
        return self.due_line(serial) or self.missing_line(serial)

    @property
    def may_charge(self) -> bool:
        """Whether lines are added and changed: a stay whose patient was discharged has what it has."""
        return self.stage is Stage.CHARGES and not (self.care is Care.INPATIENT and self.discharged)

    @property
    def total(self) -> int:
        """What they come to, in smallest coins."""
        return self.total_until(None)

    @property
    def held(self) -> int:
        """What the lines come to that interim settlements have."""
        return sum(line.fee.amount for line in self.lines if line.held)

    def total_until(self, until: date | None) -> int:
        """What those up to and with a day come to."""
        return sum(line.fee.amount for line in self.due_until(until))

    @property
    def bill(self) -> str:
        """As :meth:`bill_until`, of all lines."""
        return self.bill_until(None)

    def bill_until(self, until: date | None) -> str:
        """Names what a settlement would settle now: another name when a line or a diagnosis is another, also where the total is the same."""
        told = msgspec.json.encode([[line.fee for line in self.due_until(until)], self.diagnoses])
        return hashlib.sha256(told).hexdigest()[:16]

    @property
    def parts_decided(self) -> bool:
        """Whether it is certain of each part whether it is in force."""
        return not any(part.stage in (Stage.DOUBT, Stage.GOING_BACK) for part in self.parts)

    @property
    def may_settle(self) -> bool:
        """Whether a settlement can be asked for."""
        ready = self.care is Care.OUTPATIENT or self.discharged
        rest = bool(self.due) or any(not part.over for part in self.parts)  # after parts also of nothing
        return self.stage is Stage.CHARGES and rest and ready and self.parts_decided

    @property
    def may_settle_part(self) -> bool:
        """Whether an interim settlement can be asked for: of a stay that goes on."""
        goes_on = self.care is Care.INPATIENT and not self.discharged
        return self.stage is Stage.CHARGES and bool(self.due) and goes_on and self.parts_decided

    def settlement_of(self, msgid: str) -> tuple[Step, Stage] | None:
        """The settlement ``msgid`` of this case, of the whole or of a part, and how it stands; ``None``: there is none such in force or in doubt."""
        if self.settled is not None and self.settled.msgid == msgid:
            return self.settled, self.stage
        return next(
            ((part.step, part.stage) for part in self.parts if part.step.msgid == msgid and not part.over), None
        )

    @property
    def may_cancel(self) -> bool:
        """Whether the case itself can be cancelled: it has nothing on its bill."""
        return self.stage is Stage.CHARGES and not self.lines and not self.discharged and not self.parts

    def asked_about(self, msgid: str) -> Step:
        """The step whose end is asked for: of the part whose settlement is ``msgid``, else of the whole, else the opening; whatever takes it back first."""
        part = next((part for part in self.parts if part.step.msgid == msgid), None)
        if part is not None:
            return part.back or part.step
        return self.back or self.settled or self.opening

    def number(self, business: str) -> str:
        """The catalogue's number of ``business`` (``fees``, ``settle`` …) for this kind of case."""
        return BY_NAME[f"{self.care}_{business}"].number


def case_of(steps: Sequence[Step]) -> Case | None:
    """The case of ``steps``, oldest first; ``None``: they do not begin with its opening."""
    if not steps or not steps[0].row.opens_case:
        return None
    opening, valid = steps[0], [step for step in steps if step.outcome is not Outcome.REFUSED]
    asked = opening.request
    assert isinstance(asked, p.Registration | p.Admission)
    settled, back = _settled(valid)
    held, gone = _held(valid, settled), missing(steps)
    refusal = _refusal(steps)
    stage = _stage(opening, valid, settled, back)
    kept = stage in (Stage.DOUBT, Stage.AWAITED, Stage.CLOSING, Stage.CONFIRMED, Stage.GOING_BACK)
    return Case(
        hid=opening.hid,
        care=opening.row.care or Care.OUTPATIENT,
        stage=stage,
        opening=opening,
        person=asked.person,
        department=_latest(valid, "department", asked.department),
        day=asked.service_date if isinstance(asked, p.Registration) else asked.admitted_on,
        lines=_lines(valid, held),
        diagnoses=tuple(_latest(valid, "diagnoses", [])),
        discharged=_discharged(valid),
        settled=settled if kept else None,
        settlement=settled.answer if settled and kept else None,
        back=back,
        gone_back=settled is not None and not kept,
        refusal=None if any(line.change is refusal for line in gone) else refusal,
        waiting=tuple(step for step in valid if not step.outcome.decided),
        parts=tuple(_part(valid, step) for step in valid if step.row.confirmed and _interim(step)),
        missing=gone,
    )


def _refusal(steps: Sequence[Step]) -> Step | None:
    """A line that is changed is taken off behind the one in its place: that this one was refused must not hide behind that."""
    for step in reversed(steps):
        if step.outcome is Outcome.REFUSED:
            return step
        if not isinstance(step.request, p.FeesCancel):
            return None
    return None


def _latest(steps: Sequence[Step], field: str, otherwise: Any) -> Any:
    for step in reversed(steps):
        value = getattr(step.request, field, None)
        if value:
            return value
    return otherwise


def _settled(steps: Sequence[Step]) -> tuple[Step | None, Step | None]:
    """The last settlement of the whole bill, and the step that takes it back, if there is one."""
    settled = next((step for step in reversed(steps) if step.row.confirmed and not _interim(step)), None)
    return settled, _back_of(steps, settled) if settled else None


def _back_of(steps: Sequence[Step], settled: Step) -> Step | None:
    reference = (settled.answer or {}).get("settlement_id", "")
    return next((step for step in reversed(steps) if _takes_back(step, settled.msgid, reference)), None)


def _part(steps: Sequence[Step], settled: Step) -> Part:
    back = _back_of(steps, settled)
    return Part(settled, _stage_of(steps, settled, back), back)


def _interim(step: Step) -> bool:
    return getattr(step.request, "until", None) is not None


def _takes_back(step: Step, msgid: str, reference: str) -> bool:
    match step.request:
        case p.SettleCancel(settlement_id=named):
            return bool(reference) and named == reference
        case p.Reversal(original_msgid=original):
            return original == msgid
        case p.Confirm(original_msgid=original, his_result=result):
            return original == msgid and result != BOOKED
        case _:
            return False


def _stage(opening: Step, steps: Sequence[Step], settled: Step | None, back: Step | None) -> Stage:
    if opening.outcome is Outcome.REFUSED:
        return Stage.REFUSED
    if any(_cancels(step, opening.msgid) for step in steps):
        return Stage.CANCELLED
    return Stage.CHARGES if settled is None else _stage_of(steps, settled, back)


def _stage_of(steps: Sequence[Step], settled: Step, back: Step | None) -> Stage:
    """How a settlement stands; ``CHARGES``: it has gone back."""
    if settled.confirmation in (Confirmation.ANNULLED, Confirmation.UNDONE):
        return Stage.CHARGES
    if back is not None and not back.outcome.decided:
        return Stage.GOING_BACK
    if settled.outcome is Outcome.IN_DOUBT:
        return Stage.DOUBT
    if settled.confirmation is Confirmation.AWAITED:
        said = any(
            isinstance(step.request, p.Confirm) and step.request.original_msgid == settled.msgid for step in steps
        )
        return Stage.CLOSING if said else Stage.AWAITED
    return Stage.CONFIRMED


def _cancels(step: Step, opening: str) -> bool:
    named = isinstance(step.request, p.CaseRef) and step.row.name in ("registration_cancel", "admission_cancel")
    return named or (isinstance(step.request, p.Reversal) and step.request.original_msgid == opening)


def _discharged(steps: Sequence[Step]) -> bool:
    last = next((step.row.name for step in reversed(steps) if step.row.name in ("discharge", "discharge_cancel")), "")
    return last == "discharge"


def _held(steps: Sequence[Step], whole: Step | None) -> set[str]:
    """Serials of lines that interim settlements in force hold."""
    return {
        str(line["serial"])
        for step in steps
        if step.row.confirmed and step is not whole and _interim(step) and step.answer
        if step.confirmation not in (Confirmation.ANNULLED, Confirmation.UNDONE)
        for line in step.answer.get("lines", ())
    }


def _lines(steps: Sequence[Step], held: set[str]) -> tuple[Line, ...]:
    found: dict[str, Line] = {}
    for step in steps:
        match step.request:
            case p.Fees(lines=lines):
                classes = {one["serial"]: one["catalogue_class"] for one in (step.answer or {}).get("lines", ())}
                for fee in lines:
                    known = classes.get(fee.serial, "")
                    found[fee.serial] = Line(fee, not step.outcome.decided, known, fee.serial in held)
            case p.FeesCancel(serials=serials):
                for serial in serials or [serial for serial, line in found.items() if not line.held]:
                    found.pop(serial, None)
            case _:
                pass
    return tuple(found.values())
