"""One layer: its benefits in order; what they pay of what is left, and what they leave to whom comes next.

PURE. All sums are whole coins and nothing is lost: paid + left stays the same, but for the difference that a fixed price makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from central_sync.benefits.asking import Asking, step
from central_sync.benefits.choices import Basis, Each, Of, Off, RoundedAt
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import Parameter, Take
from central_sync.benefits.pieces import Kept, Left, Taker, anew, less, merged, taken
from central_sync.benefits.results import Share, TraceStep
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
from central_sync.terms.money import rounded_to, share

_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a layer, or one benefit of it, comes to. ``difference`` is what a fixed price is above what it stands for."""

    paid: int
    trace: tuple[TraceStep, ...]
    left: list[Left]
    difference: int = 0


def ask(askings: Sequence[Asking], left: Sequence[Left]) -> tuple[Share, list[Left], int]:
    """What the layer pays of ``left`` (one asking for each of its benefits), with its trace; what is left then; and the
    difference of a fixed price.
    """
    scheme = askings[0].scheme
    paid, difference, now = 0, 0, list(left)
    trace: list[TraceStep] = []
    last: Asking | None = None
    for number, one in enumerate(askings):
        asking = replace(one, paid=paid) if one.benefit.approved else one
        answer = _benefit(asking, now, always=number == len(askings) - 1 and last is None)
        if answer is None:
            continue
        last, now = asking, answer.left
        paid, difference = paid + answer.paid, difference + answer.difference
        trace += answer.trace
    if not trace:
        trace.append(TraceStep(_rule(askings[-1], "takes"), Kind.NOTHING, 0))
    if last and scheme.rounding.at is RoundedAt.CLAIM:
        more, now = _whole_claim(last, paid, now)
        if more:
            paid += more
            trace.append(rounding_step(last).of(more))
    return Share(scheme.layer, scheme.code, scheme.payer, paid, merged(trace)), now, difference


def _benefit(asking: Asking, left: Sequence[Left], *, always: bool) -> Answer | None:
    """What one benefit pays; ``None`` if there is nothing for it and it need not answer ``always``."""
    taker = Taker(asking.cover, asking.place)
    marked = taken(asking.benefit, left, taker, lambda take, amount: _share(asking, take, amount))
    mine = [piece for piece in marked if piece.taker == taker]
    package = asking.benefit.package
    if package and not (mine and _packaged(asking)):
        return None
    if not mine and not always:
        return None
    if not mine and (asking.benefit.lines or asking.place):
        return Answer(0, (TraceStep(_rule(asking, "takes"), Kind.NOTHING, 0),), list(left))
    others = [piece for piece in marked if piece.taker != taker]
    if package:
        return _at_fixed_price(asking, mine, others, taker)
    parts = [take.part for take in asking.benefit.takes]
    by_line = asking.benefit.each is Each.LINE
    fresh = not any(piece.asked for piece in mine)
    paid, trace, anew_left = 0, [], []
    for group in _by_line(mine) if by_line else [mine]:
        one = replace(asking, paid=asking.paid + paid) if asking.benefit.approved and paid else asking
        basis, kept, steps = _unit(one, group)
        pays = basis - total(kept)
        paid += pays
        trace += [*steps, *(reason.step.of(-reason.step.amount) for reason in kept)]
        if fresh:
            anew_left += anew(parts, group, kept, pays, taker)
        else:
            marked = less(parts, marked, taker, pays, asking.scheme.name, group[0].section if by_line else None)
    return Answer(paid, tuple(trace), [*others, *anew_left] if fresh else marked)


def _share(asking: Asking, take: Take, amount: int) -> int:
    ratio = asking.value(take.share)
    return share(amount, ratio, asking.scheme.rounding.mode) if ratio is not None else 0


def _by_line(mine: list[Left]) -> Iterable[list[Left]]:
    """What is taken of each line, in the order of the lines."""
    found: dict[int, list[Left]] = {}
    for piece in mine:
        found.setdefault(piece.section.number, []).append(piece)
    return [found[number] for number in sorted(found)]


def _unit(asking: Asking, mine: Sequence[Left]) -> tuple[int, list[Kept], list[TraceStep]]:
    """Basis, what is kept of it, and the steps that the trace begins with. The layer pays the rest."""
    scheme, benefit = asking.scheme, asking.benefit
    own = sum(piece.step.amount for piece in mine)
    names = ", ".join(take.part for take in benefit.takes)
    basis = own
    if benefit.basis is not Basis.LEFT and any(piece.asked for piece in mine):
        # A fixed price may be above the bill: then what is left of it is the whole.
        basis = max(own, sum(asking.whole.get(place, 0) for place in {(piece.part, piece.section) for piece in mine}))
    looked = TraceStep(_rule(asking, "takes"), Kind.LOOKED_AT, basis, wording=scheme.name, values=(names,))
    kept, bound = _stages(asking, basis)
    steps = [looked, *bound]
    payable = basis - total(kept)
    if basis != own:
        most = max(payable - (basis - own), 0) if benefit.basis is Basis.DIFFERENCE else payable
        pays = min(most, own)
        if pays < payable:
            earlier = TraceStep(_rule(asking, "basis"), Kind.PAID_EARLIER, payable - pays, figures=(payable, pays))
            kept.append(Kept("bands", earlier))
            payable = pays
    kept += capped(asking, payable)
    return basis, kept, steps


def _rule(asking: Asking, what: str) -> str:
    """The rule of a step that is no parameter's."""
    several = len(asking.scheme.benefits[asking.facts.care]) > 1
    return f"{asking.scheme.code}.{asking.benefit.name if several else asking.facts.care}.{what}"


def _stages(asking: Asking, basis: int) -> tuple[list[Kept], list[TraceStep]]:
    """What the stages before the payer's own caps leave of ``basis``, and the caps on the own part that bound."""
    if kept := waited(asking, basis):
        return kept, []
    kept = counted(asking, basis)
    kept += parted(asking, basis - total(kept))
    basis -= total(kept)
    rule = asking.benefit.deductible
    if rule and rule.off is Off.PAYMENT:
        own = banded(asking, basis, 0)
        own += deducted(asking, basis - total(own))
    else:
        own = deducted(asking, basis)
        own += banded(asking, basis, total(own))
    own, bound = owned(asking, basis, own)
    return [*kept, *own], bound


def _packaged(asking: Asking) -> bool:
    """Whether the case is one that the fixed price is for."""
    package, main = asking.benefit.package, next(iter(asking.facts.diagnoses), "")
    if package is None or _fixed_price(asking) is None:
        return False
    if package.items and not any(item in asking.items for item in package.items):
        return False
    return not package.diagnoses or main.startswith(package.diagnoses)


def _fixed_price(asking: Asking) -> Parameter[int] | None:
    """The parameter whose price holds for this bill: the package's only one, or the highest of those of its items."""
    package = asking.benefit.package
    if package is None or not package.prices:
        return package.price if package and asking.value(package.price) is not None else None
    found = [
        (value, one) for item, one in package.prices.items() if item in asking.items and (value := asking.value(one))
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _at_fixed_price(asking: Asking, mine: Sequence[Left], others: list[Left], taker: Taker) -> Answer:
    """The price in the place of what is taken."""
    parameter = _fixed_price(asking)
    row = asking.row(parameter) if parameter else None
    assert parameter
    assert row
    assert row.value is not None
    price, itemised = row.value, sum(piece.step.amount for piece in mine)
    looked = step(parameter, row, price, Kind.PACKAGE, figures=(itemised,))
    kept, bound = _stages(asking, price)
    kept += capped(asking, price - total(kept))
    priced = [Left(mine[0].part, looked, section=mine[0].section)]
    paid = price - total(kept)
    left = anew([mine[0].part], priced, kept, paid, taker)
    trace = (looked, *bound, *(one.step.of(-one.step.amount) for one in kept))
    return Answer(paid, trace, [*others, *left], price - itemised)


def _whole_claim(asking: Asking, paid: int, left: list[Left]) -> tuple[int, list[Left]]:
    """The patient's part of the whole claim made a multiple of the scheme's unit: what the layer pays more (or less), and
    what is left. Nothing is rounded where a cap or an empty share forbids it.
    """
    coin, patient = asking.scheme.rounding, sum(piece.step.amount for piece in left)
    more = patient - rounded_to(patient * _ONE, coin.mode, coin.to)
    if more > _room(asking, paid) or paid + more < 0 or not more:
        return 0, left
    count_paid(asking, more)
    reason = rounding_step(asking)
    if more < 0:
        # No layer takes a part of this name: what was rounded up to the patient stays there.
        return more, [*left, Left("rounding", reason.of(-more), asked=True, why="rounding")]
    taker = Taker(asking.cover, -1)
    mine = [replace(piece, taker=taker) for piece in left]
    return more, less([piece.part for piece in left], mine, taker, more, asking.scheme.name)


def _room(asking: Asking, paid: int) -> int:
    """What the layer, which pays ``paid``, may pay more under its own caps."""
    rooms = [found[1] for cap in asking.benefit.caps if cap.of is Of.PAID and (found := asking.room(cap))]
    balance = account_room(asking)
    if balance is not None:
        rooms.append(balance)
    if asking.benefit.approved and asking.cover.approved is not None:
        rooms.append(max(asking.cover.approved - paid, 0))
    return min(rooms, default=sum(asking.whole.values()))
