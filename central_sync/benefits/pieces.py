"""The pieces of a bill that nobody has paid yet: what a benefit takes of them, and what is left when it has paid.

PURE. A piece is of one part of the bill (:data:`~central_sync.benefits.parameters.PARTS`) and one section of its lines, and says
why it is left. All sums are whole coins and nothing is lost: paid + left stays the same.

Rules
    * Lines that no benefit in force tells apart are one section, so that the work grows with what differs, not with the lines.
    * What is paid goes off part by part in the order in which the benefit takes them; within a part off its sections in proportion to what
      they have there. Coins that this leaves over go to the largest remainders, then to the earlier section.
    * A share of a part is rounded once and cut of its pieces in proportion, in the same way.
    * The first benefit that looks at a piece gives the reasons why something of it is left, each spread likewise over what is left of the
      sections; a later one takes from them, within a section from the last reason to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from central_sync.benefits.facts import BillLine
from central_sync.benefits.kinds import STAGE, Kind
from central_sync.benefits.parameters import Lines, Region, Scheme
from central_sync.benefits.plans import Plan, Ready
from central_sync.benefits.results import WHOLE, Left, PricedLine, Section, TraceStep
from central_sync.terms.money import split

Split = Callable[[int, Sequence[int]], list[int]]

_PAID_LATER = Kind.PAID_LATER
"""Looking up a member of an enum costs as much as making a step."""


Taken = tuple[list[Left], list[Left], list[int], list[Left], bool, int]
"""What a benefit takes of what is left: all pieces (those that are cut, cut), its own, their places in the first list, the pieces that are none of
its, whether no layer has looked at any of its own before, and what those come to. Making a named tuple would take half as long
as finding all of that.
"""


def sections(
    region: Region,
    choices: Sequence[Lines],
    lines: Sequence[BillLine],
    priced: Sequence[PricedLine],
    *,
    by_line: bool,
) -> list[tuple[Section, Sequence[PricedLine]]]:
    """The lines of a bill by section: what ``choices`` do not tell apart; or each line by itself, in the order of the serials."""
    if not choices and not by_line:
        return [(WHOLE, priced)]
    found: dict[tuple[object, ...], tuple[Section, list[PricedLine]]] = {}
    for line, one in sorted(zip(lines, priced, strict=True), key=lambda pair: pair[0].serial):
        kind = region.items[line.item].kind
        alike = tuple(chosen.hold(line.item, kind, one.catalogue_class) for chosen in choices)
        key = (alike, line.serial, len(found)) if by_line else alike
        known = found.get(key)
        if known is None:
            known = found[key] = (Section(len(found), line.item, kind, one.catalogue_class), [])
        known[1].append(one)
    return list(found.values())


def selected(benefit: Ready, section: Section) -> bool:
    """Whether ``benefit`` may take lines of ``section``."""
    told = section[1:]
    if benefit.lines and not benefit.lines.hold(*told):
        return False
    return not (benefit.refuses and benefit.refuses.hold(*told))


def taken(benefit: Ready, left: Sequence[Left], cover: int, plan: Plan) -> Taken:
    """What ``benefit`` takes of ``left``; pieces of which it takes a share are cut in two. What a benefit of the ``cover`` has looked at, no
    other of it looks at.
    """
    if benefit.shares:
        left = _cut(benefit, left, cover, plan)
    wanted, choosy = benefit.takes, benefit.choosy
    mine: list[Left] = []
    places: list[int] = []
    others: list[Left] = []
    fresh, amount, place = True, 0, 0
    for piece in left:
        here, place = place, place + 1
        take = wanted.get(piece.part)
        if (
            take is None
            or piece.cover == cover
            or (take.left_by and STAGE[piece.step.kind] not in take.left_by)
            or (choosy and not selected(benefit, piece.section))
        ):
            others.append(piece)
            continue
        if piece.asked:
            fresh = False
        amount += piece.step.amount
        mine.append(piece)
        places.append(here)
    return list(left), mine, places, others, fresh, amount


def _cut(benefit: Ready, left: Sequence[Left], cover: int, plan: Plan) -> list[Left]:
    """``left`` in which the pieces of which ``benefit`` takes a share are cut in two: the share, and the rest, which no other benefit of the
    cover takes.

    The share of a part is rounded once, and spread over its pieces in proportion; coins over go to the largest remainders, then to the
    earlier section, then to the earlier piece.
    """
    found: dict[str, list[int]] = {}
    for place, piece in enumerate(left):
        take = benefit.takes.get(piece.part)
        if take is None or not take.shared or piece.cover == cover:
            continue
        if (not take.left_by or STAGE[piece.step.kind] in take.left_by) and selected(benefit, piece.section):
            found.setdefault(piece.part, []).append(place)
    shares: dict[int, int] = {}
    for part, places in found.items():
        places.sort(key=lambda place: (left[place].section, place))
        amounts, ratio = [left[place].step.amount for place in places], benefit.takes[part].ratio
        whole = sum(amounts)
        much = plan.nearest(whole * ratio.numerator, ratio.denominator) if ratio is not None else 0
        shares.update(zip(places, plan.split(much, amounts), strict=True))
    result: list[Left] = []
    for place, piece in enumerate(left):
        amount = piece.step.amount
        coins = shares.get(place, amount)
        if coins == amount:
            result.append(piece)
            continue
        if coins:
            result.append(Left(piece.part, piece.step.cut(0, coins, amount), piece.asked, piece.section))
        result.append(Left(piece.part, piece.step.cut(coins, amount, amount), piece.asked, piece.section, cover))
    return result


def anew(
    parts: Sequence[str], mine: Sequence[Left], kept: Sequence[TraceStep], paid: int, cover: int, spread: Split = split
) -> list[Left]:
    """What is left of pieces that no layer had looked at before, with the layer's own reasons.

    What is paid goes off the parts in order; the reasons lie on what is left of them in order. Within a part both are spread over its
    sections.
    """
    sums: dict[int, int] = {}
    first, alone = mine[0].section if mine else WHOLE, True
    for piece in mine:
        part = parts.index(piece.part)
        sums[part] = sums.get(part, 0) + piece.step.amount
        if piece.section is not first:
            alone = False
    result: list[Left] = []
    reasons = [reason for reason in reversed(kept) if reason.amount]
    rest = reasons[-1].amount if reasons else 0
    for part, amount in sorted(sums.items()):
        gone, name = min(paid, amount), parts[part]
        paid, open_ = paid - gone, amount - gone
        if not alone:
            have = _have(piece for piece in mine if piece.part == name)
            _spread(gone, have, spread)
        while open_:
            much, step = min(open_, rest), reasons[-1]
            if alone:
                result.append(Left(name, step if much == step.amount else step.of(much), True, first, cover))
            else:
                upto = 0
                for section, coins in _spread(much, have, spread).items():
                    result.append(Left(name, step.cut(upto, upto + coins, much), True, section, cover))
                    upto += coins
            open_, rest = open_ - much, rest - much
            if not rest:
                reasons.pop()
                rest = reasons[-1].amount if reasons else 0
    assert not paid
    assert not reasons
    return result


def _have(pieces: Iterable[Left]) -> dict[Section, int]:
    """What each section has of ``pieces``."""
    have: dict[Section, int] = {}
    for piece in pieces:
        have[piece.section] = have.get(piece.section, 0) + piece.step.amount
    return have


def _spread(amount: int, have: dict[Section, int], spread: Split) -> dict[Section, int]:
    """``amount`` over the sections, in their order, in proportion to what they ``have``, which is taken off there; those that get nothing are
    left out.
    """
    order = sorted(have)
    found = {}
    for section, coins in zip(order, spread(amount, [have[section] for section in order]), strict=True):
        if coins:
            have[section] -= coins
            found[section] = coins
    return found


def less(
    left: list[Left],
    parts: Iterable[str],
    places: Sequence[int],
    paid: int,
    payer: Scheme,
    cover: int,
    spread: Split = split,
) -> None:
    """Take what ``payer``, by its ``cover``, has paid off those pieces of ``left`` that stand at ``places``, part by part; within a part off its
    sections in proportion to what they have there, and within a section from the last reason to the first. What comes to nothing stays, as
    a piece of 0.
    """
    first = left[places[0]].section if places else WHOLE
    alone = True
    for place in places:
        if left[place].section is not first:
            alone = False
    rest = paid
    for part in parts:
        due: dict[Section, int] | None = None
        if not alone:
            have = _have(left[place] for place in places if left[place].part == part)
            due = _spread(min(rest, sum(have.values())), have, spread) if have else {}
        for place in reversed(places):
            piece = left[place]
            if piece.part != part:
                continue
            step = piece.step
            gone = min(rest if due is None else due.get(piece.section, 0), step.amount)
            if gone:
                step = step.lessened(TraceStep(payer.code, _PAID_LATER, gone, None, "", payer.name))
                rest -= gone
                if due is not None:
                    due[piece.section] -= gone
            left[place] = Left(part, step, True, piece.section, cover)
    assert rest == 0


def standing(left: Iterable[Left]) -> list[Left]:
    """The pieces that did not come to nothing."""
    return [piece for piece in left if piece.step.amount]


def told(left: Iterable[Left]) -> tuple[TraceStep, ...]:
    """The reasons of what is left, each once; without figures, which are those of the layers' traces."""
    return tuple([step.left(step.amount) if step.figures else step for step in merged([one.step for one in left])])


def merged(steps: Sequence[TraceStep]) -> tuple[TraceStep, ...]:
    """``steps`` with those of the same reason added up, each where it stood first."""
    if len({(step.rule, step.values) for step in steps}) == len(steps):
        return tuple(steps)  # no two are alike, as in most bills
    found: dict[tuple[object, ...], TraceStep] = {}
    for step in steps:
        less = tuple([_reason(one) for one in step.less]) if step.less else ()
        key = (step.rule, step.kind, step.values, step.from_day, step.reference, step.wording, len(step.figures), less)
        known = found.get(key)
        found[key] = _added(known, step) if known else step
    return tuple(found.values())


def _reason(less: TraceStep) -> tuple[object, ...]:
    """What two steps that were taken off others must have in common to be one."""
    return less.rule, less.kind, less.values, less.from_day, less.reference, less.wording


def _added(one: TraceStep, other: TraceStep) -> TraceStep:
    return TraceStep(
        one.rule,
        one.kind,
        one.amount + other.amount,
        one.from_day,
        one.reference,
        one.wording,
        one.values,
        tuple(map(sum, zip(one.figures, other.figures, strict=True))),
        tuple(_added(*pair) for pair in zip(one.less, other.less, strict=True)),
        one.times + other.times if one.figures else 1,
    )
