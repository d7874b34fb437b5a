"""The packets of the native dialect: one request and one answer type for each transaction.

Field names are plain English in the field's terms. Amounts are integers in smallest coins of ``currency``; dates are civil
days in the institution's zone; quantities and unit prices are exact decimals in text. Unknown fields are refused in
requests (a typing error must not pass in silence) and ignored in answers (a newer hub may say more).

Optional fields have defaults and are left out when they hold them, so that a later version may add one without
changing the digest of what is already known.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from central_sync.terms.money import AMOUNT_MAX
from central_sync.wire.limits import DETAIL_ROWS_MAX, DIAGNOSES_MAX, LINES_PER_FEES_MAX, MSGID_CHARACTERS_MAX

Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Text = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=50, pattern=r"^[!-~]+$")]
Msgid = Annotated[str, Meta(min_length=1, max_length=MSGID_CHARACTERS_MAX, pattern=r"^[!-~]+$")]
Hid = Annotated[str, Meta(pattern=r"^[0-9]{16}$")]
Quantity = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,4})?$")]
UnitPrice = Annotated[str, Meta(pattern=r"^[0-9]{1,13}(\.[0-9]{1,6})?$")]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class Request(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of what a HIS sends."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """Base of what the hub decides."""


class PersonRef(Request, frozen=True, kw_only=True):
    """A person by a national identifier; ``kind`` is a key of :data:`central_sync.terms.identifiers.KINDS`."""

    kind: Code
    number: Annotated[str, Meta(min_length=1, max_length=64)]


class Diagnosis(Request, frozen=True, kw_only=True):
    """A coded diagnosis of the region's list; exactly one of a list is ``main``."""

    code: Code
    main: bool = False
    name: Text = ""


Diagnoses = Annotated[list[Diagnosis], Meta(min_length=1, max_length=DIAGNOSES_MAX)]


class FeeLine(Request, frozen=True, kw_only=True):
    """One line of a bill. ``serial`` is unique within the case; ``amount`` is quantity x unit price, rounded to coins."""

    serial: Annotated[str, Meta(min_length=1, max_length=30, pattern=r"^[!-~]+$")]
    item: Code
    quantity: Quantity
    unit_price: UnitPrice
    amount: Amount
    service_date: date
    name: Text = ""


# -- business cycle -----------------------------------------------------------------------------------------------


class SignIn(Request, frozen=True, kw_only=True):
    """9001. Opens the business cycle of one workstation and operator for one business day."""

    business_day: date


class SignInAnswer(Answer, frozen=True, kw_only=True):
    """9001. ``sign_in_number`` names the cycle at the hub."""

    sign_in_number: str
    business_day: date


class SignOut(Request, frozen=True, kw_only=True):
    """9002. Closes the business cycle."""

    business_day: date


class SignOutAnswer(Answer, frozen=True, kw_only=True):
    """9002. ``settlements`` is how many the institution made on that business day so far."""

    settlements: int


# -- person and cover ---------------------------------------------------------------------------------------------


class PersonRequest(Request, frozen=True, kw_only=True):
    """1101."""

    person: PersonRef


class Cover(Answer, frozen=True, kw_only=True):
    """One layer of cover: which scheme and contract, from when to when (both days included), and whether in force."""

    layer: str
    scheme: str
    contract: str
    from_day: date
    to_day: date | None
    in_force: bool


class PersonAnswer(Answer, frozen=True, kw_only=True):
    """1101. ``as_of`` is when the insurer last vouched for this record."""

    member: str
    name: str
    birth_date: date
    sex: str
    covers: list[Cover]
    as_of: datetime


class BenefitCheck(Request, frozen=True, kw_only=True):
    """2001. ``care`` is ``outpatient`` or ``inpatient``."""

    person: PersonRef
    care: Annotated[str, Meta(pattern="^(outpatient|inpatient)$")]
    service_date: date


class Balance(Answer, frozen=True, kw_only=True):
    """What a layer has paid this year under a cap, and what is left (``None``: no cap)."""

    layer: str
    name: str
    used: int
    cap: int | None


class BenefitAnswer(Answer, frozen=True, kw_only=True):
    """2001. ``reason`` is a refusal code when not entitled."""

    entitled: bool
    covers: list[Cover]
    balances: list[Balance]
    currency: str
    as_of: datetime
    reason: str = ""


# -- cases --------------------------------------------------------------------------------------------------------


class Registration(Request, frozen=True, kw_only=True):
    """2201. Opens an outpatient case. The edge gives it a leased HID."""

    person: PersonRef
    service_date: date
    department: Name
    doctor: Text = ""
    visit_number: Text = ""


class Admission(Request, frozen=True, kw_only=True):
    """2401. Opens an inpatient case. The edge gives it a leased HID."""

    person: PersonRef
    admitted_on: date
    department: Name
    diagnoses: Diagnoses
    bed: Text = ""
    doctor: Text = ""
    stay_number: Text = ""


class CaseOpened(Answer, frozen=True, kw_only=True):
    """2201, 2401. ``covered`` is false when no cover is in force: the case stands, the patient pays."""

    hid: str
    covered: bool = True


class CaseRef(Request, frozen=True, kw_only=True):
    """2202, 2404, 2405, and the pre-settlements' smallest form: a case by its HID."""

    hid: Hid


class Done(Answer, frozen=True, kw_only=True):
    """The answer where there is nothing to tell but that it is done."""

    hid: str


class Visit(Request, frozen=True, kw_only=True):
    """2203. What was found at an outpatient visit; replaces what an earlier 2203 of the case said."""

    hid: Hid
    diagnoses: Diagnoses
    doctor: Text = ""
    complaint: Annotated[str, Meta(max_length=1000)] = ""


class StayChange(Request, frozen=True, kw_only=True):
    """2403. Changes department, bed, doctor or diagnoses of an inpatient case; what is empty stays."""

    hid: Hid
    department: Text = ""
    bed: Text = ""
    doctor: Text = ""
    diagnoses: Annotated[list[Diagnosis], Meta(max_length=DIAGNOSES_MAX)] = []


class Discharge(Request, frozen=True, kw_only=True):
    """2402. ``way`` is ``recovered``, ``transferred``, ``against_advice`` or ``died``."""

    hid: Hid
    discharged_on: date
    way: Annotated[str, Meta(pattern="^(recovered|transferred|against_advice|died)$")]
    diagnoses: Diagnoses


# -- fees ---------------------------------------------------------------------------------------------------------


class Fees(Request, frozen=True, kw_only=True):
    """2204, 2301. Adds lines to the case's bill."""

    hid: Hid
    currency: CurrencyCode
    lines: Annotated[list[FeeLine], Meta(min_length=1, max_length=LINES_PER_FEES_MAX)]


class PricedLine(Answer, frozen=True, kw_only=True):
    """How one line was classified: ``amount`` = own_pay + over_ceiling + first_self_pay + in_scope."""

    serial: str
    amount: int
    catalogue_class: str
    own_pay: int
    over_ceiling: int
    first_self_pay: int
    in_scope: int


class FeesAnswer(Answer, frozen=True, kw_only=True):
    """2204, 2301."""

    hid: str
    lines: list[PricedLine]


class FeesCancel(Request, frozen=True, kw_only=True):
    """2205, 2302. Takes lines off the bill; without serials, all that are not settled."""

    hid: Hid
    serials: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=30)]], Meta(max_length=LINES_PER_FEES_MAX)
    ] = []


class FeesCancelled(Answer, frozen=True, kw_only=True):
    """2205, 2302."""

    hid: str
    cancelled: int


# -- settlement ---------------------------------------------------------------------------------------------------


class PreSettle(Request, frozen=True, kw_only=True):
    """2206, 2303. What a settlement would be now; changes nothing. ``total`` must be the sum of the case's lines."""

    hid: Hid
    currency: CurrencyCode
    total: Amount


class Settle(Request, frozen=True, kw_only=True):
    """2207, 2304. Settles the whole bill of the case."""

    hid: Hid
    currency: CurrencyCode
    total: Amount
    invoice: Text = ""


class TraceStep(Answer, frozen=True, kw_only=True):
    """One reason for one share: which rule, from which date and source, what it took and what it gave."""

    rule: str
    text: str
    amount: int
    from_day: date | None = None
    reference: str = ""


class Share(Answer, frozen=True, kw_only=True):
    """What one layer pays, and why. ``deferred``: this payer decides later."""

    layer: str
    scheme: str
    payer: str
    amount: int
    trace: list[TraceStep]
    deferred: bool = False


class Settlement(Answer, frozen=True, kw_only=True):
    """2206, 2207, 2303, 2304 (and 5203). total = sum of shares + patient; the patient's parts add up to ``patient``.

    ``settlement_id`` is empty in a pre-settlement. ``confirmation``: none, awaited, confirmed, annulled, undone.
    """

    hid: str
    currency: str
    total: int
    patient: int
    shares: list[Share]
    patient_trace: list[TraceStep]
    lines: list[PricedLine]
    rulebook: str
    settled_on: date
    settlement_id: str = ""
    confirmation: str = "none"


class SettleCancel(Request, frozen=True, kw_only=True):
    """2208, 2305. Takes a settlement back by the hub's id."""

    hid: Hid
    settlement_id: Code
    reason: Text = ""


class SettleCancelled(Answer, frozen=True, kw_only=True):
    """2208, 2305. What went back, as negative amounts."""

    hid: str
    settlement_id: str
    total: int
    patient: int
    funds: int


# -- certainty ----------------------------------------------------------------------------------------------------


class Confirm(Request, frozen=True, kw_only=True):
    """49. ``his_result`` 0: the HIS has booked the settlement; anything else: it could not, and the hub annuls it."""

    original_msgid: Msgid
    his_result: int
    hid: Annotated[str, Meta(pattern=r"^([0-9]{16})?$")] = ""


class Confirmed(Answer, frozen=True, kw_only=True):
    """49. ``confirmation`` is ``confirmed`` or ``annulled``."""

    settlement_id: str
    confirmation: str


class Query(Request, frozen=True, kw_only=True):
    """43, 5203. What became of a transaction."""

    original_msgid: Msgid


class QueryAnswer(Answer, frozen=True, kw_only=True):
    """43, 5203. ``outcome`` is final, provisional, refused, in_doubt, or unknown (never seen). ``packet``: the original's answer."""

    original_msgid: str
    outcome: str
    number: str = ""
    code: str = ""
    confirmation: str = "none"
    packet: dict[str, object] | None = None


class Uncertain(Request, frozen=True, kw_only=True):
    """44. Lists what is open: in doubt, provisional, or a settlement that awaits its confirmation."""


class OpenTransaction(Answer, frozen=True, kw_only=True):
    """One open transaction."""

    msgid: str
    number: str
    outcome: str
    confirmation: str = "none"
    hid: str = ""
    recorded_at: datetime | None = None


class UncertainAnswer(Answer, frozen=True, kw_only=True):
    """44. ``at_edge`` is what the edge still has to bring home, ``at_hub`` what awaits confirmation there (``None``: line down)."""

    at_edge: list[OpenTransaction]
    at_hub: list[OpenTransaction] | None = None


class Reversal(Request, frozen=True, kw_only=True):
    """2601. Takes a transaction back by the sender's own msgid, whether or not it ever arrived."""

    original_msgid: Msgid
    original_number: Code
    hid: Annotated[str, Meta(pattern=r"^([0-9]{16})?$")] = ""


class Reversed(Answer, frozen=True, kw_only=True):
    """2601. ``effect``: ``reversed`` (it had been applied and was taken back) or ``never_applied`` (and never will be)."""

    original_msgid: str
    effect: str


# -- reconciliation -----------------------------------------------------------------------------------------------


class ReconcileTotals(Request, frozen=True, kw_only=True):
    """3201. The hospital's totals of confirmed settlements by business day, first and last day included."""

    from_day: date
    to_day: date
    currency: CurrencyCode
    settlements: Amount
    total: Amount
    funds: Amount
    patient: Amount


class TotalsAnswer(Answer, frozen=True, kw_only=True):
    """3201. The hub's totals of confirmed settlements; what awaits confirmation is counted apart."""

    equal: bool
    settlements: int
    total: int
    funds: int
    patient: int
    awaited: int


class DetailRow(Request, frozen=True, kw_only=True):
    """One confirmed settlement in the hospital's books."""

    settlement_id: Code
    total: Amount
    funds: Amount
    patient: Amount


class ReconcileDetails(Request, frozen=True, kw_only=True):
    """3202. The hospital's confirmed settlements one by one."""

    from_day: date
    to_day: date
    currency: CurrencyCode
    rows: Annotated[list[DetailRow], Meta(max_length=DETAIL_ROWS_MAX)]


class Difference(Answer, frozen=True, kw_only=True):
    """``kind``: missing_at_hub, missing_at_hospital, amounts_differ, or awaited (hub has it, unconfirmed)."""

    settlement_id: str
    msgid: str
    kind: str
    hub_total: int | None = None
    hospital_total: int | None = None


class DetailsAnswer(Answer, frozen=True, kw_only=True):
    """3202."""

    equal: bool
    differences: list[Difference]
