"""Makes a claim of the few words in which a case describes it: what is not said is right.

tests/rulebook_cases/audit/README.md says which words there are.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from central_sync.benefits.audit.auditor import Auditor
from central_sync.benefits.audit.bundle import AuditBundle, unpacked
from central_sync.benefits.audit.claim import Claim, Cover, Diagnosis, Earlier, GroupTotal, Line, Member
from central_sync.rulebook.audit_rules import build
from central_sync.terms.money import CURRENCIES

DAY = date(2025, 6, 10)
LINE = {"item": "T0003"}
DIAGNOSIS = {"code": "J06.9", "main": True}


@cache
def shipped() -> AuditBundle:
    return unpacked(build())


@cache
def auditor() -> Auditor:
    return Auditor(shipped())


def coins(region, text):
    return int(Decimal(text) * 10 ** CURRENCIES[shipped().places[region].currency].decimals)


def claim_of(told):
    said = told.get("claim", {})
    region, care = said.get("region", "ir"), said.get("care", "outpatient")
    tier = said.get("tier", "public" if region == "ir" else "tier_3")
    first = _day(said.get("from_day")) or DAY
    last = _day(said.get("to_day")) or (first + timedelta(days=2) if care == "inpatient" else None)
    birth, sex = _day(said.get("birth_date")) or date(1980, 1, 1), said.get("sex", "female")
    lines = told.get("lines", [LINE] if region == "ir" else [{"item": "ZL0004"}])
    return Claim(
        region=region,
        care=care,
        tier=tier,
        on=_day(said.get("on")) or max(first, last or first) + timedelta(days=10),
        from_day=first,
        to_day=last,
        sex=sex,
        birth_date=birth,
        identifier_right=said.get("identifier_right", True),
        validity_seen=said.get("validity_seen", True),
        insured_at=said.get("insured_at", region),
        filing=said.get("filing", ""),
        diagnoses=tuple(Diagnosis(**d) for d in told.get("diagnoses", [DIAGNOSIS])),
        total=coins(region, said["total"]) if "total" in said else None,
        line_count=int(said["line_count"]) if "line_count" in said else None,
        groups=tuple(GroupTotal(name=n, amount=coins(region, a)) for n, a in said.get("groups", {}).items()),
        lines=tuple(_line(region, tier, first, number + 1, line) for number, line in enumerate(lines)),
        member=_member(told.get("member", {}), sex, birth),
        earlier=tuple(_earlier(care) for care in told.get("earlier", [])),
    )


def _line(region, tier, first, number, said):
    known = shipped().places[region].items.get(said["item"])
    day, quantity = _day(said.get("on")) or first, Decimal(said.get("quantity", "1"))
    tariff = known.tariff(day) if known else None
    price = Decimal(said["price"]) if "price" in said else _tariff(region, tier, tariff)
    if "price" not in said:
        price = price * int(said.get("percent", "100")) / 100
    amount = said.get("amount", str((quantity * price).quantize(Decimal("0.01"))))
    begun, ended = _times(said, known, day)
    return Line(
        serial=str(number),
        item=said["item"],
        quantity=quantity,
        unit_price=price,
        amount=coins(region, amount),
        service_date=day,
        national_code=said.get("national_code", known.national_code if known else ""),
        relative_value_code=said.get("relative_value_code", "R1" if known and known.relative else ""),
        modifiers=tuple(said.get("modifiers", ())),
        percent=int(said["percent"]) if "percent" in said else None,
        doctor=said.get("doctor", "Dr 1"),
        started_at=begun,
        ended_at=ended,
        daily_dose=Decimal(said["daily_dose"]) if "daily_dose" in said else None,
        days=int(said["days"]) if "days" in said else None,
        approval=said.get("approval", "A-1" if known and known.approval else ""),
        refund_of=said.get("refund_of", ""),
        group=said.get("group", ""),
    )


def _tariff(region, tier, tariff):
    ceilings = tariff.ceilings if tariff else {}
    exact = ceilings.get(tier) or ceilings.get("") or Decimal(10_000)
    return exact / 10 ** CURRENCIES[shipped().places[region].currency].decimals


def _times(said, known, day):
    told = said.get("times", "08:00-09:00" if known and known.kind == "surgery" else "")
    if not told:
        return None, None
    on = said.get("operated_on", day.isoformat())
    return tuple(datetime.fromisoformat(f"{on}T{time}") for time in told.split("-"))


def _member(said, sex, birth):
    covers = said.get("covers", [{"from_day": "2020-01-01"}])
    return Member(
        sex=said.get("sex", sex),
        birth_date=_day(said.get("birth_date")) or birth,
        died_on=_day(said.get("died_on")),
        in_family=said.get("in_family", True),
        covers=tuple(Cover(from_day=_day(c["from_day"]), to_day=_day(c.get("to_day"))) for c in covers),
        used={kind: int(count) for kind, count in said.get("used", {}).items()},
        most={kind: int(count) for kind, count in said.get("most", {}).items()},
    )


def _earlier(said):
    return Earlier(
        care=said["care"],
        from_day=_day(said["from_day"]),
        to_day=_day(said.get("to_day")),
        here=said.get("here", True),
        main_diagnosis=said.get("main_diagnosis", ""),
        items=tuple(said.get("items", ())),
    )


def _day(text):
    return date.fromisoformat(text) if text else None
