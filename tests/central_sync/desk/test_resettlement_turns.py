"""Settling again where a family and a contract are counted too: what nobody has corrected moves no money; on both databases."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from central_sync.benefits.bundle import versioned
from central_sync.benefits.choices import Hold, Of, Owner, Per
from central_sync.benefits.parameters import Band, Bands, Cap, Parameter, Row
from central_sync.desk.resettlement import Resettlement, resettle
from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.store import Store
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import BASE, ILLNESS, LAW, Provincial, member, provinces, told
from tests.central_sync.hospital import NOW, books_agree, cn_number

SINCE = date(2024, 1, 1)
PEOPLE = [("cn_resident_number", cn_number(f"110105198002{day:02d}001")) for day in range(1, 5)]
"""Two families of two, in one contract."""


def amount(*rows: tuple[str, int]) -> Parameter[int]:
    return Parameter("east.x", "x", "CNY", tuple(Row(SINCE, coins, "invented", True, group=g) for g, coins in rows))


def banded(owner: Owner, counter: str, hold: Hold = Hold.SLICE) -> Bands:
    """Half, then all but a tenth; of what is counted for all of ``owner`` together."""
    value = tuple(Band(over, Fraction(ratio)) for over, ratio in ((0, "1/2"), (15_000_00, "9/10"), (40_000_00, "7/10")))
    ratios = Parameter(f"east.{counter}", counter, "ratio", (Row(SINCE, value, "invented", True),))
    return Bands(Per.YEAR, ratios, counter, owner=owner, hold=hold)


def shared_law():
    """The east, where bands, counters and caps are those of families and of the contract; a retiree's caps are others."""
    base, illness = LAW.schemes["east_base"], LAW.schemes["east_illness"]
    (stay,), (visit,) = base.benefits["inpatient"], base.benefits["outpatient"]
    caps = (
        Cap("pool", Owner.CONTRACT, amount(("employee", 60_000_00), ("retiree", 90_000_00))),
        Cap("own", Owner.FAMILY, amount(("employee", 30_000_00), ("retiree", 20_000_00)), Of.PATIENT),
    )
    stays = replace(stay, bands=banded(Owner.FAMILY, "of_family"), caps=caps)
    visits = replace(visit, bands=banded(Owner.CONTRACT, "of_contract", Hold.ALL), caps=caps)
    (again,) = illness.benefits["inpatient"]
    rest = replace(
        again, bands=banded(Owner.CONTRACT, "of_contract"), deductible=replace(again.deductible, owner=Owner.FAMILY)
    )
    schemes = {
        "east_base": replace(base, benefits={"inpatient": (stays,), "outpatient": (visits,)}),
        "east_illness": replace(illness, benefits={"inpatient": (rest,)}),
    }
    return versioned(replace(LAW, schemes={**LAW.schemes, **schemes}))


SHARED = shared_law()


def line(place: int, group: str = "", family: str = "") -> bytes:
    """One of the people: the first of each family is employed, the other retired."""
    base = {**BASE, "family": family or f"F{place // 2}", "group": group or ("employee", "retiree")[place % 2]}
    return member(PEOPLE[place], [base, {**ILLNESS, "family": base["family"], "group": base["group"]}])


@dataclass
class Town:
    """Both hospitals, each with a hub of its own and a clock of its own, and the people."""

    store: Store
    hospitals: tuple[Provincial, Provincial]

    def case(self, rng: random.Random) -> tuple[Provincial, str, int, str]:
        """Somebody's open case: where, its HID, its total and the number that settles it."""
        where = rng.choice(self.hospitals)
        person, total = rng.choice(PEOPLE), rng.randrange(1_00, 12_000_00)
        here = replace(where, patient=person)
        marks = ["referred"] if rng.random() < 0.3 else []
        if rng.random() < 0.3:
            return here, here.visit(total, *marks), total, "2207"
        hid = here.stay(marks=marks)
        here.charge(hid, "1", total)
        here.discharge(hid)
        return here, hid, total, "2304"

    def again(self, key: str) -> Resettlement:
        with self.store.write() as uow:
            return resettle(uow, SHARED, Payers(), key, actor="officer", reason="looked at", now=NOW)

    def nothing_differs(self, keys: list[str]) -> None:
        """Nobody has corrected anything: whatever is settled again, in whatever order, comes to the same."""
        before = self.hospitals[0].accumulators()
        for key in keys:
            done = self.again(key)
            assert (done.differs, done.replaced_by) == (False, ""), done
        assert self.hospitals[0].accumulators() == before
        books_agree(self.store)


@pytest.fixture
def town(store):
    first, second = provinces(store, SHARED)
    told(store, *(line(place) for place in range(len(PEOPLE))), law=SHARED)
    return Town(store, (first, second))


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_was_corrected_no_money_moves(town, seed):
    """Also where one was cancelled before anybody came after it."""
    rng, made = random.Random(seed), []
    for _ in range(14):
        where, hid, total, number = town.case(rng)
        answer = where.done(number, where.settle_request(hid, total))
        if rng.random() < 0.15:
            where.done(
                "2208" if number == "2207" else "2305", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id)
            )
        else:
            made.append(answer)
    assert len({tuple(share.amount for share in answer.shares) for answer in made}) > 5
    rng.shuffle(made)
    town.nothing_differs([answer.settlement_id for answer in made])


def test_whose_turn_it_was_is_known_from_the_locks_and_not_from_the_clocks(town):
    """Many at once, at hubs whose clocks are minutes apart: the order that counts is that in which they had their accumulators."""
    rng = random.Random(7)
    cases = [town.case(rng) for _ in range(16)]

    def settled(place: int) -> str:
        where, hid, total, number = cases[place]
        hub = Intake(town.store, SHARED)
        here = replace(where, intake=hub, now=NOW + timedelta(seconds=rng.choice([-90, 0, 60])), counter=where.counter)
        return here.done(number, here.settle_request(hid, total), msgid=f"M-{place}").settlement_id

    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(settled, range(len(cases))))
    town.nothing_differs(keys)


def test_one_of_a_family_that_was_corrected_is_settled_again_alone_and_keeps_its_turn(town):
    first, second = (replace(town.hospitals[0], patient=PEOPLE[place]) for place in (0, 1))
    answers = [(first, second)[n % 2].stayed(9_000_00) for n in range(5)]
    told(town.store, member(PEOPLE[0], [{**BASE, "family": "F0"}]), law=SHARED)
    done = town.again(answers[2].settlement_id)
    assert [change.scheme for change in done.payers if change.now != change.before] == ["east_illness"]
    town.nothing_differs([done.replaced_by, answers[1].settlement_id, answers[3].settlement_id])


def test_a_case_that_comes_to_a_family_by_a_correction_comes_to_it_at_its_time(town):
    """The family's bands go on with those who were settled before, and not with those after."""
    east = town.hospitals[0]
    told(town.store, line(0, family="F9", group="retiree"), law=SHARED)
    alone = replace(east, patient=PEOPLE[0])
    family = replace(east, patient=PEOPLE[1])
    moment = timedelta(minutes=1)
    family.now = NOW
    first = family.stayed(10_000_00)
    alone.now = NOW + moment
    ours = alone.stayed(10_000_00)
    family.now = NOW + 2 * moment
    last = family.stayed(10_000_00)
    told(town.store, line(0, group="retiree"), law=SHARED)
    done = town.again(ours.settlement_id)
    assert (done.payers[0].before, done.payers[0].now) == (4_500_00, 3_000_00 + 2_700_00), "from 9,000 to 18,000"
    town.nothing_differs([done.replaced_by, first.settlement_id])
    after = town.again(last.settlement_id)
    assert after.payers[0].now > after.payers[0].before, "more of its family is before it now"
    town.nothing_differs([after.replaced_by, done.replaced_by, first.settlement_id])


def test_a_cap_that_is_another_ones_for_another_group_takes_nothing_from_who_came_first(town):
    """Others have a larger cap under the same name, and filled it beyond the smaller one since."""
    east = town.hospitals[0]
    first = replace(east, patient=PEOPLE[0]).stayed(100_000_00)
    replace(east, patient=PEOPLE[3]).stayed(100_000_00)
    town.nothing_differs([first.settlement_id])


def test_what_is_put_in_force_again_has_its_turn_then(town):
    east = replace(town.hospitals[0], patient=PEOPLE[0])
    answers = [east.stayed(8_000_00) for _ in range(2)]
    cancel = east.transaction("2305", p.SettleCancel(hid=answers[1].hid, settlement_id=answers[1].settlement_id))
    east.take(cancel)
    other = replace(town.hospitals[1], patient=PEOPLE[2]).stayed(3_000_00)
    back = east.done("2601", p.Reversal(original_msgid=cancel.msgid, original_number="2305"))
    assert back.effect == "reversed"
    town.nothing_differs([answer.settlement_id for answer in (*answers, other)])
