"""PURE: what the codes of the hub's tables are called on a page. Each is a message; a code without one is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for a message that is translated later
    """Mark a message for the catalogues."""
    return message


TRANSACTIONS: Mapping[str, str] = {
    "sign_in": N_("begin of a business cycle"),
    "sign_out": N_("end of a business cycle"),
    "person": N_("person"),
    "benefit_check": N_("benefit check"),
    "registration": N_("registration"),
    "registration_cancel": N_("registration taken back"),
    "visit": N_("visit"),
    "outpatient_fees": N_("outpatient charges"),
    "outpatient_fees_cancel": N_("outpatient charges taken back"),
    "outpatient_pre_settle": N_("outpatient pre-settlement"),
    "outpatient_settle": N_("outpatient settlement"),
    "outpatient_settle_cancel": N_("outpatient settlement taken back"),
    "inpatient_fees": N_("inpatient charges"),
    "inpatient_fees_cancel": N_("inpatient charges taken back"),
    "inpatient_pre_settle": N_("inpatient pre-settlement"),
    "inpatient_settle": N_("inpatient settlement"),
    "inpatient_settle_cancel": N_("inpatient settlement taken back"),
    "admission": N_("admission"),
    "discharge": N_("discharge"),
    "stay_change": N_("change of a stay"),
    "admission_cancel": N_("admission taken back"),
    "discharge_cancel": N_("discharge taken back"),
    "confirm": N_("confirmation"),
    "query": N_("query"),
    "uncertain": N_("list of what is uncertain"),
    "reversal": N_("reversal"),
    "audit_forecast": N_("audit forecast"),
    "reconcile_totals": N_("reconciliation of totals"),
    "reconcile_details": N_("reconciliation one by one"),
}
"""By the name of a row of the catalogue."""
UNKNOWN = N_("unknown transaction")
"""What was refused for its number."""
VERDICTS: Mapping[str, str] = {"final": N_("final"), "refused": N_("refused"), "tombstone": N_("will never be applied")}
CONFIRMATIONS: Mapping[str, str] = {
    "awaited": N_("confirmation awaited"),
    "confirmed": N_("confirmed"),
    "annulled": N_("annulled"),
    "undone": N_("taken back"),
    "replaced": N_("replaced"),
}
CASES: Mapping[str, str] = {
    "open": N_("open"),
    "discharged": N_("discharged"),
    "settled": N_("settled"),
    "cancelled": N_("cancelled"),
}
CARES: Mapping[str, str] = {"outpatient": N_("outpatient"), "inpatient": N_("inpatient")}
SHARES: Mapping[str, str] = {
    "asking": N_("the payer is being asked"),
    "accepted": N_("accepted"),
    "declined": N_("declined"),
    "taking_back": N_("the payer is to hear that it was taken back"),
    "taken_back": N_("taken back"),
}
REASONS: Mapping[str, str] = {
    "payer_unavailable": N_("a payer cannot be reached"),
    "payer_declined": N_("a payer declined"),
    "finding": N_("a finding of the audit"),
    "member_record": N_("a member's record is missing"),
    "missing_tariff": N_("a tariff is missing"),
    "not_audited": N_("not audited yet"),
}
ENTRIES: Mapping[str, str] = {
    "waiting": N_("waiting"),
    "rerunning": N_("being looked at again"),
    "needs_person": N_("needs a person"),
    "resolved": N_("resolved"),
    "decided": N_("decided"),
}
EDGES: Mapping[str, str] = {
    "never enrolled": N_("never enrolled"),
    "enrolled": N_("enrolled"),
    "revoked": N_("revoked"),
    "expired": N_("its certificate has ended"),
}


def word(codes: Mapping[str, str], code: str) -> str:
    """The message for ``code``, or the code itself."""
    return codes.get(code, code)
