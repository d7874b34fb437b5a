"""The facts of a whole case: who, when, which diagnoses, whether the levels agree, and what earlier care says.

PURE. Nothing is judged here: a fact is counted, the tables decide. What is not known stays absent.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from central_sync.benefits.audit.claim import Claim, Cover, Line, Member
from central_sync.benefits.audit.reference import Item, Place
from central_sync.benefits.audit.vocabulary import OfCase

KEEPING = frozenset({"bed", "nursing", "visit"})
"""Kinds that are charged of a patient who only lies there."""
EXAMINING = frozenset({"imaging", "laboratory"})
ANTENATAL = ("Z34", "Z35")
"""ICD-10: supervision of a normal, of a high-risk pregnancy. A visit with one of them is an antenatal visit."""
_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9Xx][0-9A-Za-z]{0,7})?[*+]?([A-Z][0-9.]{2,7}\*)?", re.IGNORECASE)
_INJURY, _CAUSE = "ST", "VWXY"
_CATEGORY_CHARACTERS = 3

Items = Sequence[Item | None]
"""The catalogue's item of each line, ``None`` where there is none."""


def case_facts(place: Place, claim: Claim, items: Items) -> OfCase:
    """What the tables over cases see."""
    last = claim.to_day or claim.from_day
    age = years_between(claim.birth_date, claim.from_day) if claim.birth_date else None
    facts = OfCase(
        care=claim.care,
        tier=claim.tier or None,
        sex=claim.sex or None,
        age_years=age,
        identifier_wrong=True if claim.identifier_right is False else None,
        born_after_care=True if age is not None and age < 0 else None,
        validity_unseen=True if claim.validity_seen is False else None,
        filing_missing=True if claim.insured_at and claim.insured_at != claim.region and not claim.filing else None,
        lines=len(claim.lines),
        days_ahead=(last - claim.on).days if last > claim.on else None,
        days_late=(claim.on - last).days if last < claim.on else None,
        stay_days=(claim.to_day - claim.from_day).days if claim.to_day and claim.care == "inpatient" else None,
    )
    _diagnoses(facts, place, claim, age)
    _levels(facts, claim)
    _bill(facts, claim, items)
    if claim.member is not None:
        _member(facts, claim, claim.member, items)
    if claim.earlier is not None:
        _earlier(facts, claim, last)
    return facts


def years_between(birth: date, day: date) -> int:
    """Full years from ``birth`` to ``day``; negative when it is the other way round."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def in_force(covers: Sequence[Cover], day: date) -> bool:
    """Whether any cover holds on ``day``."""
    return any(cover.from_day <= day and (cover.to_day is None or day <= cover.to_day) for cover in covers)


def _diagnoses(facts: OfCase, place: Place, claim: Claim, age: int | None) -> None:
    facts.diagnoses = len(claim.diagnoses)
    facts.main_diagnoses = sum(diagnosis.main for diagnosis in claim.diagnoses)
    codes = [diagnosis.code.upper() for diagnosis in claim.diagnoses]
    facts.diagnoses_malformed = sum(_CODE.fullmatch(code) is None for code in codes) or None
    sexes = ages = 0
    for code in codes:
        other_sex = other_age = False
        for limit in place.diagnoses.get(code[:1], ()):
            if limit.covers(code):
                other_sex |= bool(claim.sex and limit.sex and limit.sex != claim.sex)
                other_age |= age is not None and bool(age < limit.age_from or (limit.age_to and age > limit.age_to))
        sexes += other_sex
        ages += other_age
    facts.diagnoses_of_other_sex, facts.diagnoses_of_other_age = sexes or None, ages or None
    main = next((d.code.upper() for d in claim.diagnoses if d.main), "")
    if main[:1] and main[0] in _INJURY and not any(code[:1] and code[0] in _CAUSE for code in codes):
        facts.injury_without_cause = True


def _levels(facts: OfCase, claim: Claim) -> None:
    """Level 1 against 2 against 3; refund lines count against what they refund."""
    if claim.total is not None:
        facts.total_off = (claim.total - sum(map(_signed, claim.lines))) or None
    if claim.line_count is not None:
        facts.line_count_off = (claim.line_count - len(claim.lines)) or None
    if claim.groups:
        sums: dict[str, int] = defaultdict(int)
        for line in claim.lines:
            sums[line.group] += _signed(line)
        said = {group.name: group.amount for group in claim.groups}
        facts.group_sums_off = sum(said.get(name, 0) != sums.get(name, 0) for name in said.keys() | sums.keys()) or None
        if claim.total is not None:
            facts.groups_off = (claim.total - sum(said.values())) or None


def open_quantities(claim: Claim) -> dict[str, Decimal]:
    """By serial, what refunds have left of a line's quantity; of lines that none refunds nothing is said."""
    refunded: dict[str, Decimal] = defaultdict(Decimal)
    for line in claim.lines:
        if line.refund_of:
            refunded[line.refund_of] += line.quantity
    if not refunded:
        return {}
    return {
        one.serial: one.quantity - refunded[one.serial]
        for one in claim.lines
        if one.serial in refunded and not one.refund_of
    }


def _signed(line: Line) -> int:
    return -line.amount if line.refund_of else line.amount


def _bill(facts: OfCase, claim: Claim, items: Items) -> None:
    kinds: set[str] = set()
    busy: set[date] = set()
    beds = Decimal(0)
    total = drugs = surgeries = 0
    open_of = open_quantities(claim)
    for line, item in zip(claim.lines, items, strict=True):
        quantity = open_of.get(line.serial, line.quantity)
        if line.refund_of or (line.serial in open_of and quantity <= 0):
            continue
        kind = item.kind if item else ""
        kinds.add(kind)
        total += line.amount
        if kind == "drug":
            drugs += line.amount
        elif kind == "surgery":
            surgeries += 1
        elif kind == "bed":
            beds += quantity
        if kind not in KEEPING:
            busy.add(line.service_date)
    facts.surgeries = surgeries or None
    facts.drugs_percent = drugs * 100 // total if total > 0 else None
    if claim.to_day is None or facts.stay_days is None or facts.stay_days < 0:
        return
    stay = max(facts.stay_days, 1)
    facts.bed_days_over = beds - stay if beds > stay else None
    # the day of discharge is no day on which anything need be done, but the day of admission is one
    active = sum(claim.from_day <= day and (day == claim.from_day or day < claim.to_day) for day in busy)
    facts.idle_days = stay - active
    facts.idle_percent = facts.idle_days * 100 // stay
    if kinds & EXAMINING and kinds <= KEEPING | EXAMINING:
        facts.only_examined = True


def _member(facts: OfCase, claim: Claim, member: Member, items: Items) -> None:
    last = claim.to_day or claim.from_day
    if claim.sex and member.sex and claim.sex != member.sex:
        facts.sex_differs = True
    if claim.birth_date and member.birth_date and claim.birth_date != member.birth_date:
        facts.birth_differs = True
    if member.died_on and member.died_on < last:
        facts.days_after_death = (last - member.died_on).days
    facts.outside_family = None if member.in_family else True
    if not in_force(member.covers, claim.from_day):
        facts.uncovered = True
    elif not in_force(member.covers, last):
        facts.cover_ends = True
    open_of = open_quantities(claim)
    counted = Counter(
        item.counts_as
        for line, item in zip(claim.lines, items, strict=True)
        if item and not line.refund_of and open_of.get(line.serial, 1) > 0
    )
    counted["admission"] = int(claim.care == "inpatient")
    if any(diagnosis.code.upper().startswith(ANTENATAL) for diagnosis in claim.diagnoses):
        counted["antenatal"] += counted.pop("visit", 0)
    for kind, fact in _OVERS.items():
        if counted[kind] and kind in member.most:
            over = member.used.get(kind, 0) + counted[kind] - member.most[kind]
            if over > 0:
                setattr(facts, fact, over)


_OVERS = {
    "admission": "admissions_over",
    "visit": "visits_over",
    "consultation": "consultations_over",
    "surgery": "surgeries_over",
    "delivery": "deliveries_over",
    "antenatal": "antenatal_over",
}
"""What a year counts → the fact that says by how much it is passed."""


def _earlier(facts: OfCase, claim: Claim, last: date) -> None:
    main = next((d.code[:_CATEGORY_CHARACTERS].upper() for d in claim.diagnoses if d.main), "")
    since: list[int] = []
    for care in claim.earlier or ():
        if care.care != "inpatient":
            continue
        ended = care.to_day or claim.on
        # on the day of discharge one may be admitted elsewhere
        both = (min(last, ended) - max(claim.from_day, care.from_day)).days
        if claim.care == "inpatient":
            if both > 0 and not care.here:
                facts.days_in_two_places = max(facts.days_in_two_places or 0, both)
            same = main and care.main_diagnosis[:_CATEGORY_CHARACTERS].upper() == main
            if same and care.to_day and care.to_day <= claim.from_day:
                since.append((claim.from_day - care.to_day).days)
        elif care.from_day < claim.from_day < ended:
            facts.days_inpatient = 1
    facts.readmitted_days = min(since, default=None)
