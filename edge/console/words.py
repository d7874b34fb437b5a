"""What transactions and their states are called on a page. Texts are messages in English; the page puts them into the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from central_sync.wire.catalogue import ROWS
from edge.console.views import N_
from edge.entries import State

TRANSACTIONS: Mapping[str, str] = {
    "sign_in": N_("Sign-in of a desk"),
    "sign_out": N_("Sign-out of a desk"),
    "registration": N_("Registration"),
    "registration_cancel": N_("Registration cancelled"),
    "visit": N_("Diagnosis of a visit"),
    "outpatient_fees": N_("Fees, outpatient"),
    "outpatient_fees_cancel": N_("Fees cancelled, outpatient"),
    "outpatient_settle": N_("Settlement, outpatient"),
    "outpatient_settle_cancel": N_("Settlement cancelled, outpatient"),
    "inpatient_fees": N_("Fees, inpatient"),
    "inpatient_fees_cancel": N_("Fees cancelled, inpatient"),
    "inpatient_settle": N_("Settlement, inpatient"),
    "inpatient_settle_cancel": N_("Settlement cancelled, inpatient"),
    "admission": N_("Admission"),
    "discharge": N_("Discharge"),
    "stay_change": N_("Change of a stay"),
    "admission_cancel": N_("Admission cancelled"),
    "discharge_cancel": N_("Discharge cancelled"),
    "confirm": N_("Confirmation"),
    "reversal": N_("Reversal"),
}
"""By the catalogue's name; whatever the journal may hold is here."""

NUMBERS: Mapping[str, str] = {row.number: TRANSACTIONS[row.name] for row in ROWS if row.journaled}
"""By number."""

STATES: Mapping[State, str] = {
    State.OPEN: N_("not decided yet"),
    State.PROVISIONAL: N_("provisional"),
    State.IN_DOUBT: N_("in doubt"),
    State.FINAL: N_("final"),
    State.REFUSED: N_("refused"),
    State.PARKED: N_("parked"),
    State.AWAITED: N_("confirmation awaited"),
}

CONFIRMATIONS: Mapping[str, str] = {
    "none": N_("none needed"),
    "awaited": N_("awaited"),
    "confirmed": N_("confirmed"),
    "annulled": N_("annulled"),
    "undone": N_("taken back"),
}

PARKINGS: Mapping[str, tuple[str, str]] = {
    "parked_by_hand": (
        N_("A person parked it."),
        N_("`audit.jsonl` has who it was. Let it go when what they waited for is done."),
    ),
    "hub_fault": (
        N_("The centre failed on it again and again, and took others meanwhile."),
        N_("Call the centre, and name its msgid. Let it go when they have mended it."),
    ),
    "breaks_exchanges": (
        N_("No exchange with it came to an end, while others went through."),
        N_(
            "Look whether something on the way (a firewall, the MTU of the VPN) holds it back; else call the centre, and name its msgid. Then let it go."
        ),
    ),
}
"""By the code of why an entry was parked: what happened, and what to do."""
