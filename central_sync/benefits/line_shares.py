"""How each line of a bill ends up: what each layer pays of it, and what the patient does. Made from a computation when somebody asks.

PURE. Rules
    * A layer pays parts of sections of a bill; what it pays of one is spread over the section's lines by what is still open of them there. Coins
      that this leaves over go to the largest remainders, then to the earlier line: the same computation always gives the same.
    * Nothing is lost and nothing negative: a line's shares and the patient's part are its amount and its ``difference``; over the lines each layer's are
      its share, the patient's the patient's part, the differences the package's.
    * A fixed price is spread over the lines in whose place it stands by their amounts; by what a line's part of it is above (or, negative,
      below) them is its ``difference``. What rounding gives back to the patient comes off the layer's lines by what it pays of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from central_sync.benefits.parameters import PARTS
from central_sync.benefits.results import Computation, Left, Section, Turn
from central_sync.terms.money import split

Place = tuple[str, Section]
Coins = dict[int, int]
"""Coins by the number of the line."""


class LineShares(msgspec.Struct, frozen=True):
    """One line: ``amount`` + ``difference`` = sum of ``shares`` (in the order of the computation's) + ``patient``."""

    serial: str
    amount: int
    shares: tuple[int, ...]
    patient: int
    difference: int = 0


def line_shares(done: Computation) -> tuple[LineShares, ...]:
    """Each line of ``done``, in the order of its lines."""
    open_ = _parts(done)
    before = {place: sum(coins.values()) for place, coins in open_.items()}
    shares: list[Coins] = [{} for _ in done.shares]
    differences: Coins = {}
    for number, turn in done.turns:
        if turn.priced:
            _price(turn, open_, before, differences)
        after = _sums(turn.left)
        paid = {place: before.get(place, 0) - after.get(place, 0) for place in before.keys() | after.keys()}
        for place in sorted(paid):
            if paid[place] > 0:
                _move(paid[place], open_[place], shares[number])
        for place in sorted(paid):
            if paid[place] < 0:
                _move(-paid[place], shares[number], open_.setdefault(place, {}))
        before = after
    patient: Coins = {}
    for coins in open_.values():
        for line, amount in coins.items():
            patient[line] = patient.get(line, 0) + amount
    return tuple(
        LineShares(
            line.serial,
            line.amount,
            tuple(coins.get(number, 0) for coins in shares),
            patient.get(number, 0),
            differences.get(number, 0),
        )
        for number, line in enumerate(done.lines)
    )


def _parts(done: Computation) -> dict[Place, Coins]:
    """The parts of each line by part and section, as they are before any layer pays."""
    numbers = {id(line): number for number, line in enumerate(done.lines)}
    found: dict[Place, Coins] = {}
    for section, lines in done.sections:
        for part in PARTS:
            coins = {numbers[id(line)]: amount for line in lines if (amount := getattr(line, part))}
            if coins:
                found[part, section] = coins
    return found


def _sums(left: Iterable[Left]) -> dict[Place, int]:
    sums: dict[Place, int] = {}
    for piece in left:
        place = (piece.part, piece.section)
        sums[place] = sums.get(place, 0) + piece.step.amount
    return sums


def _move(amount: int, source: Coins, target: Coins) -> None:
    """``amount`` from the lines of ``source``, by what they have, to the same lines of ``target``."""
    lines = sorted(source)
    for line, coins in zip(lines, split(amount, [source[line] for line in lines]), strict=True):
        source[line] -= coins
        target[line] = target.get(line, 0) + coins


def _price(turn: Turn, open_: dict[Place, Coins], before: dict[Place, int], differences: Coins) -> None:
    """The fixed price in the place of what it stands for, section by section."""
    itemised: dict[Section, Coins] = {}
    for place, amount in sorted(_sums(turn.priced).items()):
        _move(amount, open_[place], itemised.setdefault(place[1], {}))
        before[place] -= amount
    price = {piece.section: piece for piece in turn.price}
    for section, standing in itemised.items():
        lines: Sequence[int] = sorted(standing)
        piece = price.get(section)
        much = piece.step.amount if piece else 0
        if piece:
            before[piece.part, section] = before.get((piece.part, section), 0) + much
        target = open_.setdefault((piece.part, section), {}) if piece else {}
        for line, coins in zip(lines, split(much, [standing[line] for line in lines]), strict=True):
            if coins:
                target[line] = target.get(line, 0) + coins
            differences[line] = differences.get(line, 0) + coins - standing[line]
