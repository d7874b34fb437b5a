"""A hospital of the tests: it forms transactions as an edge would and hands them to the hub's intake, without a line between."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec
from stdnum.iso7064 import mod_11_2

from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.rulebook.load import load
from central_sync.store import Store
from central_sync.store.records import Institution
from central_sync.store.settlements import unpack_deltas
from central_sync.terms import hid as hids
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Ask, Batch, BatchAnswer, Item, ItemAnswer, Transaction, Verdict

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
DAY = date(2025, 6, 2)
RULEBOOK = load()
CN_TIER, IR_TIER = "tier_3", "public"


def cn_number(body: str) -> str:
    """``body`` (17 digits) with its check character."""
    return body + mod_11_2.calc_check_digit(body)


MASTER = "cn_resident_number", "11010519491231002X"
"""An insured person with two layers."""
BARE = "cn_resident_number", cn_number("11010519900307691")
"""A known person without cover."""
IRANIAN = "ir_national_code", "0013542419"


def member_line(kind, number, group, region, covers=(), **more) -> bytes:
    person = {"kind": kind, "number": number, "name": "Planted Name", "birth_date": "1949-12-31", "sex": "female"}
    listed = [
        {"layer": layer, "scheme": scheme, "contract": "K1", "from_day": "2025-01-01", "to_day": None}
        for layer, scheme in covers
    ]
    return json.dumps({**person, "group": group, "region": region, "covers": listed, **more}).encode()


CN_COVERS = (("base", "cn_employee"), ("critical_illness", "cn_critical_illness"))
IR_COVERS = (("base", "ir_social_security"), ("supplementary", "ir_supplementary"))


def populate(store: Store) -> None:
    """Three hospitals and three persons."""
    rows = [("H1", "cn", CN_TIER), ("H2", "cn", CN_TIER), ("H3", "ir", IR_TIER)]
    with store.write() as uow:
        for code, region, tier in rows:
            law = RULEBOOK.regions[region]
            uow.institutions.add(Institution(code, code, region, tier, law.zone, law.currency, str(law.calendar), NOW))
    lines = [
        member_line(*MASTER, "employee", "cn", CN_COVERS),
        member_line(*BARE, "employee", "cn"),
        member_line(*IRANIAN, "insured", "ir", IR_COVERS),
    ]
    import_members(store, RULEBOOK, lines, NOW)


@dataclass
class Hospital:
    """One institution's edge, as far as the hub can see it."""

    store: Store
    intake: Intake
    code: str = "H1"
    now: datetime = NOW
    hids_left: list[str] = field(default_factory=list)
    counter: itertools.count = field(default_factory=lambda: itertools.count(1))

    @property
    def chinese(self) -> bool:
        return self.code != "H3"

    @property
    def money(self) -> str:
        return "CNY" if self.chinese else "IRR"

    def hid(self) -> str:
        """A leased HID that was not used yet."""
        if not self.hids_left:
            with self.store.write() as uow:
                block = uow.leases.grant(self.code, 50, self.now)
            self.hids_left = [hids.from_serial(n) for n in range(block.first, block.last + 1)]
        return self.hids_left.pop(0)

    def msgid(self) -> str:
        return f"{self.code}-{next(self.counter)}"

    def transaction(self, number: str, request: p.Request, **more) -> Transaction:
        hid = more.pop("hid", getattr(request, "hid", ""))
        base = {
            "msgid": self.msgid(),
            "number": number,
            "packet": msgspec.msgpack.encode(request),
            "lane": hid or "cycle",
            "recorded_at": self.now,
            "business_day": DAY,
            "hid": hid,
            "operator": "op",
            "workstation": "ws",
        }
        return Transaction(**{**base, **{k: v for k, v in more.items() if v is not None}})

    def take(self, *items: Item, **more) -> BatchAnswer:
        base = {"version": WIRE_VERSION, "institution": self.code, "sent_at": self.now, "items": list(items)}
        return self.intake.take(self.code, Batch(**{**base, **more}), self.now)

    def send(self, number: str, request: p.Request, **more) -> ItemAnswer:
        """One transaction in a batch of its own."""
        batch = self.take(self.transaction(number, request, **more))
        assert batch.code == "", batch
        return batch.answers[0]

    def done(self, number: str, request: p.Request, **more):
        """The answer of a transaction that must be carried out."""
        answer = self.send(number, request, **more)
        assert answer.verdict is Verdict.FINAL, answer
        return msgspec.msgpack.decode(answer.packet, type=BY_NUMBER[number].answer)

    def refused(self, number: str, request: p.Request, **more) -> str:
        """The code of a transaction that must be refused."""
        answer = self.send(number, request, **more)
        assert answer.verdict is Verdict.REFUSED, answer
        assert answer.packet == b""
        return answer.code

    def ask(self, msgid: str, number: str, request: p.Request) -> ItemAnswer:
        ask = Ask(msgid=msgid, number=number, lane="x", digest=codec.digest(number, request))
        return self.take(ask).answers[0]

    # -- the way up to a settlement ---------------------------------------------------------------------------------

    @property
    def person(self) -> p.PersonRef:
        kind, number = MASTER if self.chinese else IRANIAN
        return p.PersonRef(kind=kind, number=number)

    def line(self, serial: str, amount: int, item: str = "", **more) -> p.FeeLine:
        """A line of ``amount`` coins: quantity 1 of a class A item."""
        price = f"{amount // 100}.{amount % 100:02d}" if self.chinese else str(amount)
        base = {
            "serial": serial,
            "item": item or ("YP0001" if self.chinese else "B0001"),
            "quantity": "1",
            "unit_price": price,
            "amount": amount,
            "service_date": DAY,
        }
        return p.FeeLine(**{**base, **more})

    def register(self, person: p.PersonRef | None = None, day: date = DAY, **more) -> str:
        hid = more.pop("hid", None) or self.hid()
        request = p.Registration(person=person or self.person, service_date=day, department="internal")
        return self.done("2201", request, hid=hid, **more).hid

    def admit(self, day: date = DAY, **more) -> str:
        request = p.Admission(
            person=self.person, admitted_on=day, department="surgery", diagnoses=[self.diagnosis()], **more
        )
        return self.done("2401", request, hid=self.hid()).hid

    def diagnosis(self, code: str = "") -> p.Diagnosis:
        return p.Diagnosis(code=code or ("J18.900" if self.chinese else "J18.9"), main=True)

    def fees(self, hid: str, *lines: p.FeeLine) -> p.Fees:
        return p.Fees(hid=hid, currency=self.money, lines=list(lines))

    def settle_request(self, hid: str, total: int) -> p.Settle:
        return p.Settle(hid=hid, currency=self.money, total=total)

    def charged(self, *amounts: int) -> str:
        """An outpatient case with a line for each amount."""
        hid = self.register()
        self.done("2204", self.fees(hid, *(self.line(str(n), amount) for n, amount in enumerate(amounts))))
        return hid

    def settled(self, amount: int = 100_00, **more) -> p.Settlement:
        """An outpatient case settled for ``amount``."""
        return self.done("2207", self.settle_request(self.charged(amount), amount), **more)

    def accumulators(self) -> dict:
        with self.store.read() as uow:
            return uow.accumulators.all()


def books_agree(store: Store) -> None:
    """The invariants of money: each settlement adds up, and the accumulators are what the settlements in force added."""
    with store.read() as uow:
        sums: Counter = Counter()
        for row in uow.settlements.all_in_force():
            stored = msgspec.msgpack.decode(row.answer, type=p.Settlement)
            assert row.funds + row.patient == row.total + stored.package_difference
            assert sum(share.amount for share in stored.shares) == row.funds
            assert sum(step.amount for step in stored.patient_trace) == row.patient
            sums.update(unpack_deltas(row.deltas))
        assert {key: amount for key, amount in sums.items() if amount} == uow.accumulators.all()
