"""The facts that a rule may ask for: names, kinds, meaning, and what must be known for each.

PURE, and a declaration: this is the officer's dictionary. A flag is ``True`` or absent; a number is absent when it is not known. What the
tables see is this struct in JSON without its absent fields, so that an absent fact fires no rule. docs/audit-rules.md is made from here.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct


class Needs(StrEnum):
    """What must be known besides the bill."""

    MEMBER = "member"
    EARLIER = "earlier"


class Kind(StrEnum):
    """What a condition on a fact looks like."""

    FLAG = "flag"
    NUMBER = "number"
    WORD = "word"


def _fact(text: str, needs: Needs | None = None) -> Meta:
    return Meta(description=text, extra={"needs": needs})


_M, _E = Needs.MEMBER, Needs.EARLIER
Flag = bool | None
Count = int | None
Word = str | None
Amount = int | Decimal | None


class OfCase(Struct, omit_defaults=True, kw_only=True, gc=False):
    """Facts of the whole case; what its rules find, they find of no single line."""

    care: Annotated[Word, _fact("outpatient or inpatient")] = None
    tier: Annotated[Word, _fact("kind of hospital, as the region names it")] = None
    sex: Annotated[Word, _fact("male or female, as on the bill")] = None
    age_years: Annotated[Count, _fact("age on the first day, in full years")] = None
    identifier_wrong: Annotated[Flag, _fact("the person's number fails its check digits")] = None
    born_after_care: Annotated[Flag, _fact("the birth date lies after the first day")] = None
    sex_differs: Annotated[Flag, _fact("the bill and the insurer's record name different sexes", _M)] = None
    birth_differs: Annotated[Flag, _fact("the bill and the insurer's record name different birth dates", _M)] = None
    days_after_death: Annotated[Count, _fact("days of care after the recorded death", _M)] = None
    outside_family: Annotated[Flag, _fact("the person belongs to no insured family", _M)] = None
    uncovered: Annotated[Flag, _fact("no cover is in force on the first day", _M)] = None
    cover_ends: Annotated[Flag, _fact("the cover ends before the last day", _M)] = None
    validity_unseen: Annotated[Flag, _fact("nobody looked at the end of validity of card or booklet")] = None
    filing_missing: Annotated[Flag, _fact("insured in another region, and no filing or referral")] = None
    admissions_over: Annotated[Count, _fact("admissions of the year above what the scheme pays", _M)] = None
    visits_over: Annotated[Count, _fact("visits of the year above what the scheme pays", _M)] = None
    consultations_over: Annotated[Count, _fact("consultations of the year above what the scheme pays", _M)] = None
    surgeries_over: Annotated[Count, _fact("operations of the year above what the scheme pays", _M)] = None
    deliveries_over: Annotated[Count, _fact("deliveries of the year above what the scheme pays", _M)] = None
    antenatal_over: Annotated[Count, _fact("antenatal visits of the year above what the scheme pays", _M)] = None
    lines: Annotated[Count, _fact("lines on the bill")] = None
    days_ahead: Annotated[Count, _fact("days by which the care lies in the future")] = None
    days_late: Annotated[Count, _fact("days from the last day of care to the day of sending")] = None
    stay_days: Annotated[Count, _fact("days from admission to discharge; negative when they are swapped")] = None
    diagnoses: Annotated[Count, _fact("diagnoses on the bill")] = None
    main_diagnoses: Annotated[Count, _fact("diagnoses marked as main")] = None
    diagnoses_malformed: Annotated[Count, _fact("codes that do not have the form of an ICD-10 code")] = None
    diagnoses_of_other_sex: Annotated[Count, _fact("diagnoses that this sex cannot have")] = None
    diagnoses_of_other_age: Annotated[Count, _fact("diagnoses that this age cannot have")] = None
    injury_without_cause: Annotated[Flag, _fact("an injury is the main diagnosis, and no cause is coded")] = None
    total_off: Annotated[Count, _fact("level 1 less level 3, in coins")] = None
    groups_off: Annotated[Count, _fact("level 1 less the sum of level 2, in coins")] = None
    group_sums_off: Annotated[Count, _fact("groups of level 2 whose lines add up to something else")] = None
    line_count_off: Annotated[Count, _fact("lines that level 1 counts, less those that are there")] = None
    bed_days_over: Annotated[Amount, _fact("bed days charged above the days of the stay")] = None
    idle_days: Annotated[Count, _fact("days of a stay without anything but bed, nursing and visit")] = None
    idle_percent: Annotated[Count, _fact("idle days in per cent of the stay")] = None
    only_examined: Annotated[Flag, _fact("a stay with nothing but examinations, bed and nursing")] = None
    drugs_percent: Annotated[Count, _fact("drugs in per cent of the bill")] = None
    surgeries: Annotated[Count, _fact("operations on the bill")] = None
    readmitted_days: Annotated[
        Count, _fact("days since the discharge from a stay with the same main diagnosis category", _E)
    ] = None
    days_in_two_places: Annotated[Count, _fact("days on which the member lies in another hospital too", _E)] = None
    days_inpatient: Annotated[Count, _fact("outpatient care on a day of a stay, counted in days", _E)] = None


class OfLine(Struct, omit_defaults=True, kw_only=True, gc=False):
    """Facts of one line, with those of its case that rules of lines often ask for."""

    care: Annotated[Word, _fact("outpatient or inpatient")] = None
    kind: Annotated[Word, _fact("kind of item in the catalogue: drug, surgery, bed …")] = None
    catalogue_class: Annotated[Word, _fact("A, B or C on the day of service")] = None
    antibiotic: Annotated[
        Word, _fact("of a drug: its grade as an antibiotic (plain, restricted, special), or none")
    ] = None
    quantity: Annotated[Amount, _fact("quantity")] = None
    item_unknown: Annotated[Flag, _fact("the catalogue has no such item")] = None
    tariff_missing: Annotated[Flag, _fact("the item has no tariff on that day")] = None
    national_code_missing: Annotated[Flag, _fact("the item has a national code, the line has none")] = None
    national_code_differs: Annotated[Flag, _fact("the line's national code is not the item's")] = None
    relative_value_missing: Annotated[Flag, _fact("the item has relative units, the line no relative-value code")] = (
        None
    )
    over_tariff: Annotated[Count, _fact("coins above quantity × tariff")] = None
    amount_off: Annotated[Count, _fact("coins by which the amount differs from quantity × unit price")] = None
    days_outside: Annotated[Count, _fact("days before the first or after the last day of the case")] = None
    days_ahead: Annotated[Count, _fact("days by which the service lies in the future")] = None
    uncovered: Annotated[Flag, _fact("no cover is in force on the day of service", _M)] = None
    waiting_days: Annotated[Count, _fact("days that the item's waiting period still has", _M)] = None
    other_sex: Annotated[Flag, _fact("the item is not for this sex")] = None
    other_age: Annotated[Flag, _fact("the item is not for this age")] = None
    other_care: Annotated[Flag, _fact("the item is not for this kind of care")] = None
    other_tier: Annotated[Flag, _fact("the item is not for this kind of hospital")] = None
    unindicated: Annotated[Flag, _fact("no diagnosis of the case is an indication of the item")] = None
    unapproved: Annotated[Flag, _fact("the item needs an approval, and none is named")] = None
    quantity_over: Annotated[Amount, _fact("units of the item in the case above its limit, at this line")] = None
    day_quantity_over: Annotated[Amount, _fact("units of the item that day above its limit, at this line")] = None
    dose_over: Annotated[Amount, _fact("daily dose above the item's limit, in units")] = None
    supply_over: Annotated[Count, _fact("days of supply above the item's limit")] = None
    too_soon: Annotated[Count, _fact("days by which the item comes too early after the last time", _E)] = None
    same_agent: Annotated[
        Count, _fact("other items of the same agent or group of agents that day, before this line")
    ] = None
    copies: Annotated[Count, _fact("the same charge (item, day, amount, doctor, time) before this line")] = None
    included: Annotated[Flag, _fact("another item of that day contains this one")] = None
    packaged: Annotated[Flag, _fact("a package with a fixed price on the bill contains this one")] = None
    beds_before: Annotated[Count, _fact("bed charges of that day before this line")] = None
    hours_over: Annotated[Amount, _fact("hours of hourly care that day above 24, at this line")] = None
    refund_orphan: Annotated[Flag, _fact("a refund of a line that is not there, or comes later")] = None
    refund_over: Annotated[Amount, _fact("units refunded above what was charged")] = None
    times_missing: Annotated[Flag, _fact("an operation without its begin or its end")] = None
    times_reversed: Annotated[Flag, _fact("an operation that ends before it begins")] = None
    times_elsewhere: Annotated[Flag, _fact("an operation that begins on another day than it is charged")] = None
    surgeon_busy: Annotated[Flag, _fact("the surgeon has another operation of the case at that time")] = None
    session_over: Annotated[Count, _fact("coins above what the n-th operation of a session is paid")] = None
    anaesthesia_alone: Annotated[Flag, _fact("anaesthesia on a day without an operation")] = None
    modifiers_unknown: Annotated[Count, _fact("modifiers that do not exist")] = None
    modifier_misplaced: Annotated[Flag, _fact("a modifier that does not go with this kind of item")] = None
    modifiers_clash: Annotated[Flag, _fact("modifiers that exclude each other")] = None
    modifier_other_tier: Annotated[Flag, _fact("a modifier that this kind of hospital may not use")] = None
    visits_before: Annotated[Count, _fact("visits of that doctor on that day before this line")] = None
    led_to_surgery: Annotated[Flag, _fact("a visit of the surgeon on the day of the operation")] = None
    doctor_missing: Annotated[Flag, _fact("an operation, anaesthesia or visit without a doctor")] = None


class Fact(NamedTuple):
    """One word of the dictionary."""

    name: str
    kind: Kind
    text: str
    needs: Needs | None


def facts_of(kind: type[Struct]) -> dict[str, Fact]:
    """The dictionary of :class:`OfCase` or :class:`OfLine`, by name."""
    return {name: _read(name, hint) for name, hint in get_type_hints(kind, include_extras=True).items()}


def _read(name: str, hint: Any) -> Fact:
    assert get_origin(hint) is Annotated
    value, meta = get_args(hint)
    kinds = {Flag: Kind.FLAG, Word: Kind.WORD}
    return Fact(name, kinds.get(value, Kind.NUMBER), meta.description, meta.extra["needs"])


OVERS: dict[str, type[Struct]] = {"case": OfCase, "line": OfLine}
"""What a table may be about."""
