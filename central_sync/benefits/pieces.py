"""The pieces of a bill that nobody has paid yet: what a benefit takes of them, and what is left when it has paid.

PURE. A piece is of one part of the bill (:data:`~central_sync.benefits.parameters.PARTS`) and one section of its lines, and says
why it is left. All sums are whole coins and nothing is lost: paid + left stays the same.

Rules
    * Lines that no benefit in force tells apart are one section, so that the work grows with what differs, not with the lines.
    * The first benefit that looks at a piece gives the reasons why something of it is left; a later one takes from them, from the
      last reason to the first, part by part in the order in which it takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from central_sync.benefits.choices import Each
from central_sync.benefits.facts import BillLine, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import (
    Benefit,
    Region,
    Take,
)
from central_sync.benefits.results import PricedLine, TraceStep


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of a bill that every benefit in force treats alike, by one of them."""

    number: int
    item: str = ""
    kind: str = ""
    catalogue_class: str = ""


WHOLE = Section(0)
"""The section of a bill whose lines no benefit tells apart."""


class Taker(NamedTuple):
    """Which benefit of a cover looked at a piece; ``place`` -1: the cover looked at it and left that share alone."""

    cover: CoverFacts
    place: int


@dataclass(frozen=True, slots=True)
class Left:
    """A piece of the bill that is not paid: of which part, and why. ``asked``: a layer has looked at it and left it;
    ``why`` is the stage that left it; ``taker`` is who has looked at it last.
    """

    part: str
    step: TraceStep
    asked: bool = False
    section: Section = WHOLE
    why: str = "catalogue"
    taker: Taker | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a stage of a layer leaves, and for which reason."""

    why: str
    step: TraceStep


def sections(
    region: Region, benefits: Sequence[Benefit], lines: Sequence[BillLine], priced: Sequence[PricedLine]
) -> list[tuple[Section, list[PricedLine]]]:
    """The lines of a bill by section; each line by itself, in the order of the serials, where a benefit asks for it."""
    choices = [chosen for benefit in benefits for chosen in (benefit.lines, benefit.refuses) if chosen]
    each_line = any(benefit.each is Each.LINE for benefit in benefits)
    if not choices and not each_line:
        return [(WHOLE, list(priced))]
    found: dict[tuple[object, ...], tuple[Section, list[PricedLine]]] = {}
    for line, one in sorted(zip(lines, priced, strict=True), key=lambda pair: pair[0].serial):
        kind = region.items[line.item].kind
        alike = tuple(chosen.hold(line.item, kind, one.catalogue_class) for chosen in choices)
        key = (alike, line.serial, len(found)) if each_line else alike
        section = Section(len(found), line.item, kind, one.catalogue_class)
        found.setdefault(key, (section, []))[1].append(one)
    return list(found.values())


def selected(benefit: Benefit, section: Section) -> bool:
    """Whether ``benefit`` may take lines of ``section``."""
    told = (section.item, section.kind, section.catalogue_class)
    if benefit.lines and not benefit.lines.hold(*told):
        return False
    return not (benefit.refuses and benefit.refuses.hold(*told))


def taken(benefit: Benefit, left: Iterable[Left], taker: Taker, share_of: Callable[[Take, int], int]) -> list[Left]:
    """``left`` with the pieces that ``benefit`` takes marked with ``taker``; those of which it takes a share are cut in two."""
    wanted = {take.part: take for take in benefit.takes}
    result: list[Left] = []
    for piece in left:
        take = wanted.get(piece.part)
        if (
            take is None
            or (piece.taker is not None and piece.taker.cover == taker.cover)
            or (take.left_by and piece.why not in take.left_by)
            or not selected(benefit, piece.section)
        ):
            result.append(piece)
        elif take.share is None:
            result.append(replace(piece, taker=taker))
        else:
            much = share_of(take, piece.step.amount)
            for amount, who in ((much, taker), (piece.step.amount - much, Taker(taker.cover, -1))):
                if amount:
                    result.append(replace(piece, step=piece.step.of(amount), taker=who))
    return result


def anew(parts: Sequence[str], mine: Sequence[Left], kept: Sequence[Kept], paid: int, taker: Taker) -> list[Left]:
    """What is left of pieces that no layer had looked at before, with the layer's own reasons.

    What is paid goes off the parts in order; the reasons lie on what is left of them in order.
    """
    sums: dict[tuple[int, Section], int] = {}
    for piece in mine:
        place = (parts.index(piece.part), piece.section)
        sums[place] = sums.get(place, 0) + piece.step.amount
    result: list[Left] = []
    reasons = [reason for reason in reversed(kept) if reason.step.amount]
    rest = reasons[-1].step.amount if reasons else 0
    for (part, section), amount in sorted(sums.items(), key=lambda item: (item[0][0], item[0][1].number)):
        gone = min(paid, amount)
        paid, open_ = paid - gone, amount - gone
        while open_:
            much = min(open_, rest)
            step = reasons[-1].step.left(much)
            result.append(Left(parts[part], step, asked=True, section=section, why=reasons[-1].why, taker=taker))
            open_, rest = open_ - much, rest - much
            if not rest:
                reasons.pop()
                rest = reasons[-1].step.amount if reasons else 0
    assert not paid
    assert not reasons
    return result


def less(
    parts: Sequence[str], left: Sequence[Left], taker: Taker, paid: int, payer: str, section: Section | None = None
) -> list[Left]:
    """``left`` when ``paid`` has gone off the pieces that ``taker`` took (of one section, if it is named), from the last
    reason to the first.
    """
    rest, result = paid, list(left)
    for part in parts:
        for place in reversed(range(len(result))):
            piece = result[place]
            if piece.part != part or piece.taker != taker or (section and piece.section != section):
                continue
            gone = min(rest, piece.step.amount)
            step = piece.step
            if gone:
                step = step.lessened(TraceStep(taker.cover.scheme, Kind.PAID_LATER, gone, wording=payer))
                rest -= gone
            result[place] = replace(piece, step=step, asked=True)
    assert rest == 0
    return [piece for piece in result if piece.step.amount]


def told(left: Iterable[Left]) -> tuple[TraceStep, ...]:
    """The reasons of what is left, each once."""
    return merged(piece.step for piece in left)


def merged(steps: Iterable[TraceStep]) -> tuple[TraceStep, ...]:
    """``steps`` with those of the same reason added up, each where it stood first."""
    found: dict[tuple[object, ...], TraceStep] = {}
    for step in steps:
        key = _reason(step)
        known = found.get(key)
        found[key] = _added(known, step) if known else step
    return tuple(found.values())


def _reason(step: TraceStep) -> tuple[object, ...]:
    """What steps must have in common to be one reason."""
    less = tuple(_reason(one) for one in step.less)
    return step.rule, step.kind, step.wording, step.from_day, step.reference, step.values, len(step.figures), less


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
