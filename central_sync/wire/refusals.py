"""Every refusal, once: its code, whose fault it is, whether the same request may be tried again, and two sentences.

A refusal is definite: nothing happened and nothing will (return code -2). The desk sentence says what the clerk should do;
the technician's says what was wrong. Neither ever holds a person's data: ``detail`` (a field's path, a code, a limit)
is the only variable part, and those who raise a refusal keep identifiers out of it.
"""

from __future__ import annotations

from central_sync.wire.reader_refusals import READER_REFUSALS
from central_sync.wire.sentences import Fault, Sentences
from central_sync.wire.settlement_refusals import SETTLEMENT_REFUSALS

__all__ = ["REFUSALS", "Fault", "Refused", "Sentences"]


REFUSALS: dict[str, Sentences] = {
    **READER_REFUSALS,
    # the request itself
    "number_unknown": Sentences(
        Fault.HIS, False, "This function is not available here.", "The number is not in the transaction catalogue."
    ),
    "packet_missing": Sentences(
        Fault.HIS, False, "The request was incomplete. Call your IT desk.", "The call carries no packet."
    ),
    "packet_invalid": Sentences(
        Fault.HIS,
        False,
        "Something on the form is missing or mistyped.",
        "The packet does not fit the transaction's schema.",
    ),
    "packet_too_large": Sentences(
        Fault.HIS,
        False,
        "The bill is too long for one request. Send it in parts.",
        "The packet is larger than the limit.",
    ),
    "packet_too_deep": Sentences(
        Fault.HIS, False, "The request was damaged. Call your IT desk.", "The packet nests deeper than the limit."
    ),
    "packet_not_utf8": Sentences(
        Fault.HIS, False, "The request was damaged. Call your IT desk.", "The body is not UTF-8 encoded JSON."
    ),
    "msgid_invalid": Sentences(
        Fault.HIS,
        False,
        "The request had no valid number. Call your IT desk.",
        "The msgid is empty, too long or has characters outside printable ASCII.",
    ),
    "msgid_reused": Sentences(
        Fault.HIS,
        False,
        "This request number was already used for something else.",
        "The msgid is known with another digest: a resend must repeat the packet, a new transaction needs a new msgid.",
    ),
    "deadline_invalid": Sentences(
        Fault.HIS, False, "The request was incomplete. Call your IT desk.", "deadline_ms lies outside the limits."
    ),
    "token_invalid": Sentences(
        Fault.HIS, True, "Please sign in again.", "The token is missing, unknown or of another workstation: call init."
    ),
    "cycle_closed": Sentences(
        Fault.HIS,
        True,
        "The business day has changed. Please sign in again.",
        "The token's business cycle has ended: call init.",
    ),
    "workstation_refused": Sentences(
        Fault.DESK,
        False,
        "This computer may not use the gateway. Call your IT desk.",
        "The workstation or its key is unknown or withdrawn: pishkhan-edge workstation add.",
    ),
    "institution_wrong": Sentences(
        Fault.HIS,
        False,
        "This computer is set up for another hospital. Call your IT desk.",
        "The institution in the call is not the one this edge was enrolled for.",
    ),
    # money and facts
    "amounts_do_not_add_up": Sentences(
        Fault.HIS,
        False,
        "The amounts on the bill do not add up.",
        "quantity x unit price differs from the amount, or the lines differ from the total.",
    ),
    "currency_wrong": Sentences(
        Fault.HIS, False, "The bill is in another currency.", "The packet's currency is not the institution's."
    ),
    "identifier_invalid": Sentences(
        Fault.DESK,
        True,
        "The identity number is mistyped, or of a kind not insured here. Check the card.",
        "The identifier fails the check of its kind, or (person.kind) is not of the kind that the hub's region insures by.",
    ),
    "diagnosis_unknown": Sentences(
        Fault.DESK,
        True,
        "This diagnosis code does not exist. Choose it from the list.",
        "The code is not in the diagnosis list of the institution's region.",
    ),
    "mark_unknown": Sentences(
        Fault.HIS,
        False,
        "The insurer does not know this kind of case.",
        "No scheme of the rulebook in this currency has such a mark: see the rulebook's schemes.",
    ),
    "mark_not_hospitals": Sentences(
        Fault.HIS,
        False,
        "This must be approved by the insurer; the hospital cannot say it.",
        "The insurer vouches for this mark, by an approval in the member's record or by where the member is insured: leave it out.",
    ),
    "item_unknown": Sentences(
        Fault.HIS,
        True,
        "An item on the bill is not in the catalogue.",
        "The item code is not in the catalogue of the institution's region on that day.",
    ),
    "modifier_unknown": Sentences(
        Fault.HIS,
        True,
        "A modifier on the bill does not exist.",
        "A line names a modifier that the rulebook's region does not have.",
    ),
    "date_out_of_range": Sentences(
        Fault.DESK,
        True,
        "A date is not possible. Check the dates.",
        "A civil day lies in the future or outside its case.",
    ),
    # persons and cases
    "person_unknown": Sentences(
        Fault.DESK, True, "This person is not known to the insurer.", "No member has this identifier."
    ),
    "not_covered": Sentences(
        Fault.DESK, True, "This person has no valid cover today.", "No layer of cover is in force on the service date."
    ),
    "no_rules_in_force": Sentences(
        Fault.DESK,
        False,
        "The insurer has no rules for this day. The patient pays.",
        "A cover is in force, but no scheme of it has a ratio on that day: the day is outside every version of the rulebook.",
    ),
    "hid_invalid": Sentences(Fault.HIS, False, "The case number is mistyped.", "The HID fails its check digits."),
    "hid_not_leased": Sentences(
        Fault.EDGE,
        False,
        "The case number is not valid. Call your IT desk.",
        "The HID is not from a block leased to this institution, or was used before.",
    ),
    "hids_exhausted": Sentences(
        Fault.EDGE,
        True,
        "No case numbers are left until the line is back.",
        "All leased HIDs are used; the hub leases more as soon as the line is up.",
    ),
    "case_unknown": Sentences(
        Fault.HIS, False, "This case does not exist.", "The hub has no such case of this institution."
    ),
    "case_wrong_kind": Sentences(
        Fault.HIS,
        False,
        "This is not possible for this kind of visit.",
        "An inpatient number was used for an outpatient case, or the other way round.",
    ),
    "case_closed": Sentences(
        Fault.HIS,
        False,
        "This case is closed.",
        "The case is settled, cancelled or discharged and takes no such change.",
    ),
    "case_not_discharged": Sentences(
        Fault.DESK, True, "Discharge the patient first.", "An inpatient case is settled after its discharge."
    ),
    "case_has_fees": Sentences(
        Fault.DESK,
        True,
        "Cancel the fees of this case first.",
        "A registration or admission with uncancelled fees cannot be cancelled.",
    ),
    "fee_serial_reused": Sentences(
        Fault.HIS, False, "A line of the bill was sent twice.", "The serial of a fee line is already used in this case."
    ),
    "fee_unknown": Sentences(
        Fault.HIS,
        False,
        "The line to cancel is not on the bill.",
        "No uncancelled fee line of the case has this serial.",
    ),
    "no_fees": Sentences(Fault.DESK, True, "There is nothing on the bill yet.", "The case has no fee lines to settle."),
    # settlement and what undoes it
    **SETTLEMENT_REFUSALS,
    # the way there
    "line_down": Sentences(
        Fault.LINE,
        True,
        "No connection to the insurer. Nothing was charged; try again.",
        "The hub could not be reached before the deadline; the request certainly did not leave, or it changes nothing.",
    ),
    "clock_wrong": Sentences(
        Fault.EDGE,
        True,
        "The gateway's clock is wrong. Call your IT desk.",
        "The clocks of edge and hub differ by more than the limit: mend time synchronisation.",
    ),
    "certificate_refused": Sentences(
        Fault.EDGE,
        False,
        "The gateway is not admitted by the insurer. Call your IT desk.",
        "The hub refused the edge's certificate: enrol again.",
    ),
    "certificate_ended": Sentences(
        Fault.EDGE,
        True,
        "The gateway's pass has run out; it asks for a new one by itself.",
        "The edge's certificate has ended: the edge renews it at the enrol port; if that fails for long, enrol again.",
    ),
    "receipt_invalid": Sentences(
        Fault.HUB,
        True,
        "The insurer's answer could not be checked. It is asked for again.",
        "The hub's signature over its answers is missing or does not hold: nothing of them was recorded; see docs/operating.md.",
    ),
    "life_over": Sentences(
        Fault.EDGE,
        True,
        "The gateway has come back from an older state. It goes on in a moment.",
        "The hub has seen a later state of this journal: it was put back in time or copied; the edge begins a new life.",
    ),
    "root_differs": Sentences(
        Fault.EDGE,
        False,
        "The gateway's records of a day differ. Call your IT desk.",
        "Another root of this life and day was signed before: compare the journal with its backups.",
    ),
    "root_invalid": Sentences(
        Fault.EDGE,
        False,
        "The gateway's records could not be checked. Call your IT desk.",
        "The day root is malformed, of a day not over, or not signed by a key that the hub knows of this hospital.",
    ),
    "forecast_unavailable": Sentences(
        Fault.EDGE,
        True,
        "The forecast could not be made. The bill can be sent without it.",
        "The audit rules cannot be read, know no region with the institution's currency, or did not answer before the deadline.",
    ),
    "journal_unavailable": Sentences(
        Fault.EDGE,
        True,
        "The gateway cannot save. Call your IT desk.",
        "The journal cannot be written: disk full, read-only or damaged. Nothing was accepted.",
    ),
    "journal_full": Sentences(
        Fault.EDGE,
        True,
        "The gateway's disk is nearly full and takes nothing new. Call your IT desk.",
        "The reserve of the journal's disk is reached: make room. What is open goes on and ends by itself; nothing was accepted now.",
    ),
    "maintenance": Sentences(
        Fault.EDGE,
        True,
        "The gateway is being maintained. Nothing new is taken until that is over.",
        "Maintenance was announced on this gateway; its end is in detail. What is open can be confirmed, asked about and taken back.",
    ),
    "shutting_down": Sentences(
        Fault.EDGE,
        True,
        "The gateway is restarting. Try again in a moment.",
        "The edge is stopping and takes no new work.",
    ),
    "version_unsupported": Sentences(
        Fault.EDGE, False, "The gateway is out of date. Call your IT desk.", "The hub does not read this wire version."
    ),
    "dictionary_unknown": Sentences(
        Fault.EDGE,
        False,
        "The gateway is out of date. Call your IT desk.",
        "The body is compressed with a dictionary that this end does not have: update the older end.",
    ),
    "compare_inconsistent": Sentences(
        Fault.HUB,
        True,
        "The comparison could not be finished. Try it again.",
        "The hub's answers contradict each other: its data changed meanwhile, or they are not those of a hub.",
    ),
    "hub_fault": Sentences(
        Fault.HUB,
        True,
        "The insurer's system has a fault. Try again later.",
        "The hub failed inside; it has logged the fault and undone the work.",
    ),
    # the edge's faces and readers
    "endpoint_unknown": Sentences(
        Fault.HIS,
        False,
        "This function is not available here.",
        "No such address: see the OpenAPI document of the face.",
    ),
    "method_wrong": Sentences(
        Fault.HIS, False, "This function is not available here.", "The address exists, but not with this HTTP method."
    ),
    "context_missing": Sentences(
        Fault.HIS,
        False,
        "The request was incomplete. Call your IT desk.",
        "The call names no institution, operator and workstation in its context.",
    ),
    "origin_refused": Sentences(
        Fault.HIS,
        False,
        "This page may not use the gateway. Call your IT desk.",
        "The Host or Origin header is not in the face's list: add it to names or origins in edge.toml.",
    ),
    "edge_fault": Sentences(
        Fault.EDGE,
        True,
        "The gateway has a fault. Ask for the result before you try again.",
        "The edge failed inside; it has logged the class and the place of the fault.",
    ),
    "too_busy": Sentences(
        Fault.EDGE, True, "The gateway is busy. Try again in a moment.", "A limit of simultaneous work was reached."
    ),
    "case_held": Sentences(
        Fault.EDGE,
        True,
        "An earlier entry of this case waits for the technician. Call your IT desk.",
        "An earlier entry of the case is parked, and what follows it keeps its order: see pishkhan-edge journal show, park and release.",
    ),
    "hub_busy": Sentences(
        Fault.HUB,
        True,
        "The insurer's system is busy. Try again in a moment.",
        "The hub could not get to it now; nothing was done, and the edge sends it again by itself.",
    ),
    "enrolment_refused": Sentences(
        Fault.EDGE, False, "The gateway could not be enrolled.", "The enrolment code is unknown, used or expired."
    ),
}


class Refused(Exception):
    """Raised where a request is found impossible; carries a row of :data:`REFUSALS` and a ``detail`` without personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        assert code in REFUSALS, code
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
