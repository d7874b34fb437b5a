"""A bigger bill never lowers what the patient pays, where the law is so.

It is so for a scheme with one benefit for the care, on what is left (``basis: left``), computed for the bill as a whole, whose bands hold for slices, which has no
fixed price, and which rounds each layer to the coin, not to the even one; and for several such schemes one after the other if all take the same
parts wholly, of all lines. The member has one cover of each. It is not so, and need not be, where a bill may
    * reach a band that holds for all of it, or a fixed price;
    * round the patient's part down to a multiple of more than one coin, or make the even coin of a half;
    * push another benefit, or another cover, of the scheme into a band that pays more (they share a counter);
    * with each line computed by itself, use up on one line, whose own part has a cap, what another line would have to bear;
    * move what is left from a part that nobody else takes to one that a later layer pays wholly.
"""

from __future__ import annotations

from dataclasses import replace

from central_sync.benefits.choices import Basis, Each, Hold, RoundedAt
from central_sync.benefits.parameters import PARTS, Take
from central_sync.benefits.settlement import settle
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.dice import COINS, Dice, situation

SITUATIONS = 800


def tamed(book, *, alone: bool):
    """The rulebook with what makes a bigger bill cheaper taken out; ``alone``: of one scheme, of whatever lines and parts."""
    schemes = {}
    for code, scheme in list(book.schemes.items())[: 1 if alone else None]:
        coin = replace(scheme.rounding, to=1, at=RoundedAt.LAYER)
        if coin.mode is Rounding.HALF_EVEN:
            coin = replace(coin, mode=Rounding.HALF_UP)
        benefits = {care: (_tamed(several[0], alone=alone),) for care, several in scheme.benefits.items()}
        schemes[code] = replace(scheme, rounding=coin, benefits=benefits)
    return replace(book, schemes=schemes)


def _tamed(benefit, *, alone: bool):
    bands = replace(benefit.bands, hold=Hold.SLICE)
    found = replace(benefit, basis=Basis.LEFT, package=None, bands=bands, when=(), each=Each.BILL)
    if alone:
        return found
    takes = tuple(Take(part) for part in PARTS)
    return replace(found, takes=takes, lines=None, refuses=None)


def bigger(dice: Dice, lines):
    """The bill with more on one line, or with a line more of what is on it."""
    place = dice.randrange(len(lines))
    more = dice.choice([1, 2, 5, dice.randint(1, COINS)])
    if dice.often():
        return tuple(
            replace(one, amount=one.amount + more) if number == place else one for number, one in enumerate(lines)
        )
    return (*lines, replace(lines[place], serial="9", amount=more))


def never_cheaper(*, alone: bool) -> int:
    """In how many situations the bigger bill was dearer for the patient."""
    dearer = 0
    for seed in range(SITUATIONS):
        book, facts, lines, before = situation(seed)
        if not lines:
            continue
        book = tamed(book, alone=alone)
        facts = replace(facts, covers=tuple({cover.scheme: cover for cover in facts.covers}.values()))
        small = settle(book, facts, lines, before)
        large = settle(book, facts, bigger(Dice(seed), lines), before)
        assert large.patient >= small.patient, f"situation {seed}"
        dearer += large.patient > small.patient
    return dearer


def test_a_bigger_bill_never_lowers_what_the_patient_pays_under_one_scheme():
    assert never_cheaper(alone=True) > SITUATIONS // 4


def test_a_bigger_bill_never_lowers_what_the_patient_pays_under_several_that_take_the_same():
    assert never_cheaper(alone=False) > SITUATIONS // 10
