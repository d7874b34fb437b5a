"""One layer: its benefits in order; what they pay of what is left, and what they leave to whom comes next.

PURE. All sums are whole coins and nothing is lost: paid + left stays the same, but for the difference that a fixed price makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from central_sync.benefits.asking import Asking, step
from central_sync.benefits.choices import Basis
from central_sync.benefits.kinds import Kind
from central_sync.benefits.pieces import Taken, anew, less, merged, selected, standing, taken
from central_sync.benefits.plans import PackageValue, Ready, Value
from central_sync.benefits.results import Left, Section, Share, TraceStep, Turn
from central_sync.benefits.stages import (
    account_room,
    banded,
    capped,
    count_paid,
    counted,
    deducted,
    owned,
    parted,
    rounding_step,
    total,
    waited,
)
from central_sync.terms.money import split

_LOOKED_AT = Kind.LOOKED_AT
"""Looking up a member of an enum costs as much as making a step."""


Answer = tuple[int, Sequence[TraceStep], Turn, int]
"""What one benefit comes to: what it pays, its trace, what is left, and what a fixed price is above what it stands for."""


def ask(asking: Asking, left: Sequence[Left]) -> tuple[Share, list[Turn], int]:
    """What the layer pays of ``left``, with its trace; what is left after each of its turns; and the difference of a fixed price."""
    plan = asking.plan
    scheme, benefits = plan.scheme, plan.benefits
    paid, difference, last = 0, 0, None
    trace: list[TraceStep] = []
    turns: list[Turn] = []
    for benefit in benefits:
        always = last is None and benefit.place == len(benefits) - 1
        answer = _benefit(asking, benefit, left, paid, always=always)
        if answer is None:
            continue
        pays, steps, turn, gained = answer
        last, left = benefit, turn.left
        paid, difference = paid + pays, difference + gained
        turns.append(turn)
        trace += steps
    if not trace:
        trace.append(TraceStep(benefits[-1].takes_rule, Kind.NOTHING, 0))
    if last and plan.rounds_claim and paid:
        more, now = _whole_claim(asking, last, paid, left)
        if more:
            paid += more
            trace.append(rounding_step(asking).of(more))
            turns.append(Turn(now))
    asking.close()
    told = merged(trace) if len(turns) > 1 or plan.by_line else tuple(trace)
    if plan.period is not None and (since := asking.since()):
        told = (told[0], step(plan.period, 0, Kind.PERIOD, (since.isoformat(),)), *told[1:])
    return Share(scheme.layer, scheme.code, scheme.payer, paid, told), turns, difference


def _benefit(asking: Asking, benefit: Ready, left: Sequence[Left], already: int, *, always: bool) -> Answer | None:
    """What one benefit pays beside what the layer pays ``already``; ``None`` if there is nothing for it and it need not answer ``always``."""
    found = taken(benefit, left, asking.number, asking.plan)
    all_, mine, places, others, fresh, amount = found
    if benefit.package and not (mine and _packaged(asking, benefit)):
        return None
    if not mine:
        if not always:
            return None
        if benefit.lines or benefit.place:
            return 0, (TraceStep(benefit.takes_rule, Kind.NOTHING, 0),), Turn(left), 0
    if benefit.package:
        return _at_fixed_price(asking, benefit, mine, others, already)
    gone = _paid_before(asking, benefit) if benefit.secondary and mine else None
    if benefit.by_line:
        return _each_line(asking, benefit, found, gone or {}, already)
    kept: list[TraceStep] = []
    if gone:
        fresh = False
        pays, trace = _unit(asking, benefit, mine, amount, kept, fresh, already, sum(gone.values()))
    else:
        pays, trace = _unit(asking, benefit, mine, amount, kept, fresh, already)
    if fresh:
        now = others
        now += anew(benefit.parts, mine, kept, pays, asking.number, asking.plan.split)
    else:
        less(all_, benefit.parts, places, pays, asking.plan.scheme, asking.number, asking.plan.split)
        now = standing(all_)
    return pays, trace, Turn(now), 0


def _paid_before(asking: Asking, benefit: Ready) -> dict[Section, int]:
    """What was on the bill, by section, in those places of a secondary benefit of which earlier layers have left nothing: it belongs to the whole."""
    found: dict[Section, int] = {}
    for place in asking.paid_before:
        part, section = place
        if part in benefit.takes and selected(benefit, section):
            found[section] = found.get(section, 0) + (asking.whole or {})[place]
    asking.paid_before = [
        place for place in asking.paid_before if place[0] not in benefit.takes or place[1] not in found
    ]
    return found


def _each_line(asking: Asking, benefit: Ready, found: Taken, gone: Mapping[Section, int], already: int) -> Answer:
    """What a benefit pays that computes each line by itself, in the order of the lines."""
    all_, _, places, others, all_fresh, _ = found
    groups: dict[int, list[int]] = {}
    for place in places:
        groups.setdefault(all_[place].section.number, []).append(place)
    all_fresh = all_fresh and not any(all_[places[0]].section in gone for places in groups.values())
    left = others if all_fresh else all_
    paid = 0
    trace: list[TraceStep] = []
    for number in sorted(groups):
        group = [all_[place] for place in groups[number]]
        kept: list[TraceStep] = []
        before = gone.get(group[0].section, 0)
        fresh = not before and not any(piece.asked for piece in group)
        own = sum(piece.step.amount for piece in group)
        pays, steps = _unit(asking, benefit, group, own, kept, fresh, already + paid, before)
        paid += pays
        trace += steps
        if all_fresh:
            left += anew(benefit.parts, group, kept, pays, asking.number, asking.plan.split)
        else:
            less(left, benefit.parts, groups[number], pays, asking.plan.scheme, asking.number, asking.plan.split)
    return paid, trace, Turn(standing(left)), 0


def _unit(
    asking: Asking,
    benefit: Ready,
    mine: Sequence[Left],
    own: int,
    kept: list[TraceStep],
    fresh: bool,
    already: int,
    gone: int = 0,
) -> tuple[int, list[TraceStep]]:
    """What the layer pays of ``mine`` (which come to ``own``), and its trace; ``kept`` gets what it leaves. ``gone`` is what earlier layers
    have paid whole.
    """
    basis = own
    if benefit.secondary and not fresh:
        whole = asking.whole or {}
        basis = gone + sum(whole.get(place, 0) for place in {(piece.part, piece.section) for piece in mine})
    looked = TraceStep(benefit.takes_rule, _LOOKED_AT, basis, None, "", asking.plan.scheme.name, benefit.looked)
    payable, bound = _stages(asking, benefit, basis, kept)
    if basis != own:
        most = max(payable - (basis - own), 0) if benefit.basis is Basis.DIFFERENCE else payable
        pays = min(most, own)
        if pays < payable:
            figures = (payable, pays)
            kept.append(TraceStep(f"{benefit.rule}.basis", Kind.PAID_EARLIER, payable - pays, figures=figures))
            payable = pays
    pays = capped(asking, benefit, payable, kept, already)
    return pays, [looked, *bound, *[one.of(-one.amount) for one in kept]]


def _stages(asking: Asking, benefit: Ready, basis: int, kept: list[TraceStep]) -> tuple[int, Sequence[TraceStep]]:
    """What the layer would pay of ``basis`` but for its caps, and the caps on the own part that bound; ``kept`` gets what the
    stages leave.
    """
    if benefit.waiting and (waiting := waited(asking, benefit, basis)):
        kept += waiting
        return 0, ()
    if benefit.counted_caps:
        basis = counted(asking, benefit, basis, kept)
    if benefit.first_part:
        basis = parted(asking, benefit.first_part, basis, kept)
    rule, bands, before = benefit.deductible, benefit.bands, len(kept)
    if rule is None:
        left = banded(asking, bands, basis, 0, kept)
    elif rule.off_payment:
        left = banded(asking, bands, basis, 0, kept)
        left += deducted(asking, rule, basis - left, kept)
    else:
        left = deducted(asking, rule, basis, kept)
        left += banded(asking, bands, basis, left, kept)
    if not benefit.own_caps and not benefit.least:
        return basis - left, ()
    own, bound = owned(asking, benefit, basis, kept[before:])
    kept[before:] = own
    return basis - total(own), bound


def _packaged(asking: Asking, benefit: Ready) -> bool:
    """Whether the case is one that the fixed price is for."""
    package, main = benefit.package, next(iter(asking.facts.diagnoses), "")
    if package is None or _fixed_price(asking, package) is None:
        return False
    if package.items and not any(item in asking.items for item in package.items):
        return False
    return not package.diagnoses or main.startswith(package.diagnoses)


def _fixed_price(asking: Asking, package: PackageValue) -> Value[int] | None:
    """The price that holds for this bill: the package's only one, or the highest of those of its items."""
    found = [one for item, one in package.prices.items() if item in asking.items and one.value]
    return max(found, key=lambda one: one.value, default=package.price)


def _at_fixed_price(asking: Asking, benefit: Ready, mine: Sequence[Left], others: list[Left], already: int) -> Answer:
    """The price in the place of what is taken."""
    value = _fixed_price(asking, benefit.package) if benefit.package else None
    assert value
    price, itemised = value.value, sum(piece.step.amount for piece in mine)
    looked = step(value, price, Kind.PACKAGE, figures=(itemised,))
    kept: list[TraceStep] = []
    payable, bound = _stages(asking, benefit, price, kept)
    paid = capped(asking, benefit, payable, kept, already)
    priced = _priced(asking, benefit, mine, looked)
    left = anew(benefit.parts, priced, kept, paid, asking.number)
    trace = [looked, *bound, *(one.of(-one.amount) for one in kept)]
    return paid, trace, Turn(others + left, mine, priced), price - itemised


def _priced(asking: Asking, benefit: Ready, mine: Sequence[Left], looked: TraceStep) -> list[Left]:
    """The fixed price as pieces: of the part that the benefit names first, over the sections of what it stands for, in proportion to what they
    have there. To later layers it is the whole bill in that place.
    """
    have: dict[Section, int] = {}
    for piece in mine:
        have[piece.section] = have.get(piece.section, 0) + piece.step.amount
    order, part = sorted(have), benefit.parts[0]
    coins = split(looked.amount, [have[section] for section in order])
    priced = [Left(part, looked.of(much), section=section) for section, much in zip(order, coins, strict=True) if much]
    whole = asking.whole
    if whole is not None:
        for piece in mine:
            whole[piece.part, piece.section] -= piece.step.amount
        for piece in priced:
            whole[part, piece.section] = whole.get((part, piece.section), 0) + piece.step.amount
        mine_now = {(part, piece.section) for piece in priced}
        asking.paid_before = [place for place in asking.paid_before if place not in mine_now]
    return priced


def _whole_claim(asking: Asking, benefit: Ready, paid: int, left: Sequence[Left]) -> tuple[int, Sequence[Left]]:
    """The patient's part of the whole claim made a multiple of the scheme's unit: what the layer pays more (or less), and
    what is left. Nothing is rounded where a cap forbids it or the share would be below nothing.
    """
    scheme, patient = asking.plan.scheme, sum(piece.step.amount for piece in left)
    coin = scheme.rounding
    more = patient - asking.plan.nearest(patient, coin.to) * coin.to
    if more > _room(asking, benefit, paid) or paid + more < 0 or not more:
        return 0, left
    count_paid(asking, benefit, more)
    reason = rounding_step(asking)
    if more < 0:
        # No layer takes a part of this name: what was rounded up to the patient stays there.
        return more, [*left, Left("rounding", reason.of(-more), asked=True)]
    now = list(left)
    less(now, dict.fromkeys(piece.part for piece in left), range(len(now)), more, scheme, asking.number)
    return more, standing(now)


def _room(asking: Asking, benefit: Ready, paid: int) -> int:
    """What the layer, which pays ``paid``, may pay more under its own caps."""
    rooms = [asking.room(cap) for cap in benefit.paid_caps if cap.amount]
    if benefit.account >= 0:
        rooms.append(account_room(asking, benefit))
    if benefit.approved and asking.cover.approved is not None:
        rooms.append(max(asking.cover.approved - paid, 0))
    return min(rooms, default=asking.total)
