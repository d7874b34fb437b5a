"""Settled cases as the engine was told of them, in the order of their settlement, with nobody's name: for ``rulebook simulate``.

Rules
    * Only settlements in force: what was annulled, cancelled or reversed never happened.
    * A stay that was settled in parts is one case, the whole of it, named by its last settlement, where its first one stands: its turn
      among the bills of the year is that one's. What others have used of a cap between its parts they use after it here.
    * Members, families and contracts are named by a keyed hash whose key nobody keeps: the same within one file, and another in
      the next. A birthday becomes the first of January of the year that gives the same age. A case is named by its settlement's id.
    * ``used`` is what was counted before the first case of an accumulator; later cases follow from the earlier ones.
    * Covers, groups and approvals are the member's present ones: the hub does not keep old ones.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import msgspec

from central_sync.benefits.eligibility import begun, placed
from central_sync.benefits.facts import AccumulatorKey, CaseFacts
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.periods import PERIOD, Family, day_of
from central_sync.benefits.settlement import accumulator_keys
from central_sync.desk.bill import facts_of
from central_sync.desk.charges import besides
from central_sync.desk.work import Work
from central_sync.payers import Payers
from central_sync.rulebook.settled import SettledCase, SettledCover, SettledLine, SettledPeriod
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Case, FeeLine, Institution, Settlement
from central_sync.store.settlements import unpack_deltas
from central_sync.wire.catalogue import BY_NUMBER

PAGE_ROWS = 500
_KEY_BYTES, _NAME_BYTES = 32, 9


def export(store: Store, rulebook: Rulebook, first: date, last: date, key: bytes = b"") -> Iterator[bytes]:
    """The settled cases whose day lies between ``first`` and ``last``, both included: a line of JSON each, without its end."""
    names = _Names(key or secrets.token_bytes(_KEY_BYTES))
    with store.read() as uow:
        told = _Told(uow, rulebook, names)
        for settlement in _in_order(uow):
            if settlement.after:
                continue  # told with the stay's first part
            case = told.case_of(settlement)
            parts = told.parts_of(settlement, case)
            one = msgspec.structs.replace(told.told(parts[0], case), settled=settlement.settled_at)
            if first <= one.day <= last:
                yield msgspec.json.encode(one)
            told.count(parts, written=first <= one.day <= last)


def _in_order(uow: UnitOfWork) -> Iterator[Settlement]:
    after: Settlement | None = None
    while page := uow.settlements.in_order(after, PAGE_ROWS):
        yield from page
        after = page[-1]


@dataclass(frozen=True, slots=True)
class _Names:
    """Words in the place of keys that lead to a person."""

    key: bytes

    def of(self, kind: str, name: str) -> str:
        """The word for ``name``; none for none."""
        if not name:
            return ""
        digest = hashlib.blake2b(f"{kind}\0{name}".encode(), key=self.key, digest_size=_NAME_BYTES)
        return f"{kind[0]}{digest.hexdigest()}"


@dataclass(slots=True)
class _Told:
    """Goes through the settlements in order and keeps what the accumulators stood at."""

    uow: UnitOfWork
    rulebook: Rulebook
    names: _Names
    counted: Counter[AccumulatorKey] = field(default_factory=Counter)
    given: set[AccumulatorKey] = field(default_factory=set)
    keys: tuple[AccumulatorKey, ...] = ()
    institutions: dict[str, Institution] = field(default_factory=dict)

    def case_of(self, settlement: Settlement) -> Case:
        """The case of a settlement, which is always known."""
        case = self.uow.cases.get(settlement.institution, settlement.hid)
        assert case is not None, "a settlement without its case"
        return case

    def parts_of(self, first: Settlement, case: Case) -> list[Settlement]:
        """All settlements of the case, the last one first; ``first`` is the first of them."""
        found, key = [], case.settlement_id or case.interim_id
        while key != first.id:
            part = self.uow.settlements.get(case.member, key)
            assert part is not None, "a case without its settlement"
            found.append(part)
            key = part.after
        return [*found, first]

    def told(self, settlement: Settlement, case: Case) -> SettledCase:
        """The case as the engine was told of it, up to this last settlement of it."""
        facts = facts_of(self._work(settlement), case, settlement.until)
        families = [one.family for one in begun(self.rulebook, facts)]
        facts = placed(self.rulebook, facts, self.counted)
        self.keys = accumulator_keys(self.rulebook, facts)
        periods = self._periods(families)
        mine = [k for k in self.keys if "." not in k.name and k not in self.given]
        used = {f"{k.scheme}.{k.name}": self.counted[k] for k in mine if self.counted[k]}
        until = settlement.until
        lines = [one for one in self.uow.fees.standing(case) if until is None or one.settled_by]
        return msgspec.structs.replace(_settled(settlement, facts, lines, used, self.names), periods=periods)

    def _periods(self, families: list[Family]) -> dict[str, list[SettledPeriod]]:
        """The periods that the reader needs to know of, and cannot know from earlier cases of the file."""
        found: dict[str, list[SettledPeriod]] = {}
        for family in families:
            if family.name != PERIOD:
                continue
            for key, bills in self.counted.items():
                number = family.number_in(key)
                if number and bills > 0 and key not in self.given:
                    one = SettledPeriod(began=day_of(number), last=day_of(key.year))
                    found.setdefault(family.scheme, []).append(one)
        return found

    def count(self, settlements: list[Settlement], *, written: bool) -> None:
        """Go on behind a case; ``written``: the reader knows now of its accumulators."""
        for one in settlements:
            self.counted.update(unpack_deltas(one.deltas))
        if written:
            self.given.update(self.keys)

    def _work(self, settlement: Settlement) -> Work:
        code = settlement.institution
        if code not in self.institutions:
            found = self.uow.institutions.get(code)
            assert found is not None, "a settlement without its hospital"
            self.institutions[code] = found
        when = settlement.settled_at
        return Work(
            uow=self.uow,
            institution=self.institutions[code],
            rulebook=self.rulebook,
            payers=Payers(),
            row=BY_NUMBER[settlement.number],
            msgid=settlement.msgid,
            hid=settlement.hid,
            business_day=settlement.business_day,
            recorded_at=when,
            operator="",
            workstation="",
            now=when,
        )


def _settled(
    settlement: Settlement, facts: CaseFacts, lines: list[FeeLine], used: dict[str, int], names: _Names
) -> SettledCase:
    return SettledCase(
        case=settlement.id,
        member=names.of("member", facts.member),
        region=facts.region,
        tier=facts.tier,
        care=facts.care,
        day=facts.day,
        born=date(facts.day.year - facts.age, 1, 1),
        covers=[
            SettledCover(
                layer=c.layer,
                scheme=c.scheme,
                contract=names.of("contract", c.contract),
                group=c.group,
                since=c.from_day,
                to=c.to_day,
                family=names.of("family", c.family),
                deposited=c.deposited,
                approved=c.approved,
            )
            for c in facts.covers
        ],
        bill=[
            SettledLine(
                item=one.item,
                quantity=one.quantity,
                amount=one.amount,
                on=one.service_date,
                modifiers=besides(one).modifiers,
            )
            for one in lines
        ],
        settled=settlement.settled_at,
        admitted=facts.admitted,
        marks=list(facts.marks),
        diagnoses=list(facts.diagnoses),
        used=used,
    )
