"""PURE: the words of the desk: what each step is called, how it stands, and what happens next. Messages in English; the page puts them into
the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from central_sync.wire.catalogue import ROWS, Care
from edge.console.desk.case import BOOKED, Case, Part, Stage
from edge.console.views import N_, Condition
from edge.outcome import Confirmation, Outcome
from edge.steps import Step

STEPS: Mapping[str, str] = {
    "registration": N_("Visit opened"),
    "registration_cancel": N_("Visit cancelled"),
    "visit": N_("Diagnosis written"),
    "outpatient_fees": N_("Charges added"),
    "outpatient_fees_cancel": N_("Charges taken off"),
    "outpatient_settle": N_("Settlement"),
    "outpatient_settle_cancel": N_("Settlement cancelled"),
    "inpatient_fees": N_("Charges added"),
    "inpatient_fees_cancel": N_("Charges taken off"),
    "inpatient_settle": N_("Settlement"),
    "inpatient_settle_cancel": N_("Settlement cancelled"),
    "admission": N_("Admitted"),
    "discharge": N_("Discharged"),
    "stay_change": N_("Stay changed"),
    "admission_cancel": N_("Admission cancelled"),
    "discharge_cancel": N_("Discharge cancelled"),
    "confirm": N_("Said whether it is booked"),
    "reversal": N_("Taken back"),
    "sign_in": N_("Business day begun"),
    "sign_out": N_("Business day closed"),
}
"""What each transaction that is journaled is called at a desk."""

assert set(STEPS) == {row.name for row in ROWS if row.journaled}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.FINAL: N_("done"),
    Outcome.PROVISIONAL: N_("kept here, sent by itself"),
    Outcome.IN_DOUBT: N_("in doubt"),
    Outcome.REFUSED: N_("refused"),
}
CONFIRMATIONS: Mapping[Confirmation, str] = {
    Confirmation.AWAITED: N_("not booked yet"),
    Confirmation.CONFIRMED: N_("booked"),
    Confirmation.ANNULLED: N_("given back"),
    Confirmation.UNDONE: N_("taken back"),
}


class Banner(NamedTuple):
    """How a case stands, for the top of its page: a word, what that means, what happens next."""

    condition: Condition
    says: str
    next: str


BANNERS: Mapping[Stage, Banner] = {
    Stage.REFUSED: Banner(
        Condition.BROKEN, N_("This was not opened."), N_("Nothing happened. Go back to the start and begin again.")
    ),
    Stage.CANCELLED: Banner(Condition.UNKNOWN, N_("This case is cancelled."), N_("There is nothing more to do here.")),
    Stage.CHARGES: Banner(
        Condition.WELL, N_("The case is open."), N_("Add what was done, then show the patient the shares.")
    ),
    Stage.DOUBT: Banner(
        Condition.WARNING,
        N_("Nobody can say yet whether this was settled."),
        N_(
            "Do not settle again, and do not take money yet. The gateway asks by itself; the answer will be: settled, or never."
        ),
    ),
    Stage.AWAITED: Banner(
        Condition.WELL,
        N_("It is settled. Take the patient's part, then say that it is booked."),
        N_("Until you say so it waits here, and nothing is lost."),
    ),
    Stage.CLOSING: Banner(
        Condition.WELL,
        N_("It is settled and booked."),
        N_("The insurer hears of it as soon as the line allows. Nothing to do."),
    ),
    Stage.CONFIRMED: Banner(
        Condition.WELL, N_("It is settled and booked."), N_("Print the slip, then take the next patient.")
    ),
    Stage.GOING_BACK: Banner(
        Condition.WARNING,
        N_("The settlement is being taken back."),
        N_("The insurer's word on that follows by itself. Give no money back before it is here."),
    ),
}

GIVES_BACK = Banner(
    Condition.WELL,
    N_("It is settled. Give the patient back what stands there, then say that it is booked."),
    BANNERS[Stage.AWAITED].next,
)
"""A later part of a stay may be below zero."""
KEPT_HERE = Banner(
    Condition.WARNING,
    N_("Kept here: the insurer has not answered yet."),
    N_("Go on working. It is sent by itself, in its order, as soon as the line is back."),
)
STAY = N_("Add what was done. When the patient leaves, discharge, then show the patient the shares.")
DISCHARGED = N_("The patient is discharged: show the patient the shares.")
MAINTAINED = Banner(
    Condition.WARNING,
    N_("The gateway is being maintained."),
    N_("Nothing new is begun until that is over. What is settled can be booked or given back."),
)
PARKED = Banner(
    Condition.BROKEN,
    N_("An entry of this case waits for the technician."),
    N_("Call your IT desk. What follows in this case waits too."),
)
PARTS: Mapping[Stage, str] = {
    Stage.DOUBT: N_("in doubt"),
    Stage.AWAITED: N_("not booked yet"),
    Stage.CLOSING: N_("booked"),
    Stage.CONFIRMED: N_("booked"),
    Stage.GOING_BACK: N_("is being taken back"),
}
"""How an interim settlement that has not gone back stands."""
PARTS_FIRST = frozenset([Stage.DOUBT, Stage.AWAITED, Stage.GOING_BACK])
"""What is to be done about one of these goes before anything else in its case."""
GONE_BACK = N_("The last settlement of this case was taken back. It may be settled again.")


def part_first(case: Case) -> Part | None:
    """The interim settlement about which something is to be done before anything else."""
    return next((part for part in reversed(case.parts) if part.stage in PARTS_FIRST), None)


def banner(case: Case, *, maintained: bool = False) -> Banner:
    """What stands at the top of the case's page; ``maintained``: the gateway takes nothing new now."""
    if any(step.parked for step in case.waiting):
        return PARKED
    if case.stage is not Stage.CHARGES:
        return _banner(case.stage, case.settlement)
    part = part_first(case)
    if part is not None:
        return _banner(part.stage, part.step.answer)
    if maintained:
        return MAINTAINED
    if case.waiting:
        return KEPT_HERE
    told = BANNERS[case.stage]
    if case.care is Care.INPATIENT:
        return told._replace(next=DISCHARGED if case.discharged else STAY)
    return told


def _banner(stage: Stage, settlement: Mapping[str, Any] | None) -> Banner:
    if stage is Stage.AWAITED and settlement is not None and settlement["patient"] < 0:
        return GIVES_BACK
    return BANNERS[stage]


def named(step: Step) -> str:
    """What the step is called."""
    said = getattr(step.request, "his_result", None)
    if said is not None:
        return N_("Booked") if said == BOOKED else N_("Given back: it could not be booked")
    if step.row.confirmed and getattr(step.request, "until", None) is not None:
        return N_("Settlement of a part")
    return STEPS[step.row.name]


def standing(step: Step) -> str:
    """How it stands."""
    if step.parked:
        return N_("waits for the technician")
    return CONFIRMATIONS.get(step.confirmation) or OUTCOMES[step.outcome]


def condition(step: Step) -> Condition:
    """How that is, as a sign."""
    if step.parked:
        return Condition.BROKEN
    if step.outcome is Outcome.FINAL:
        return Condition.UNKNOWN if step.confirmation is Confirmation.AWAITED else Condition.WELL
    return Condition.UNKNOWN if step.outcome is Outcome.REFUSED else Condition.WARNING


def next_of(step: Step) -> str:
    """What happens next with a step that has no last word."""
    if step.parked:
        return N_("Call your IT desk.")
    if step.outcome is Outcome.IN_DOUBT:
        return N_("The gateway asks by itself. Do not do it again.")
    if step.outcome is Outcome.PROVISIONAL:
        return N_("Go on working.")
    return N_("Say whether it is booked.")
